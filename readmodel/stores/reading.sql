-- positions --
-- Which version of each projection is live, and how far it has come.
SELECT live.projection, live.version, cursors.stream, cursors.position, cursors.entries
FROM readmodel.live AS live
JOIN readmodel.cursors AS cursors
  ON cursors.projection = live.projection
 AND cursors.version = live.version;

-- quarantined --
-- How many events each version has put aside, those that were discarded by themselves, and the one put aside last.
SELECT projection, version, stream, position, error, quarantined, discarded
FROM (
    SELECT
        *,
        count(*) FILTER (WHERE discarded_at IS NULL) OVER (PARTITION BY projection, version) AS quarantined,
        count(*) FILTER (WHERE discarded_at IS NOT NULL) OVER (PARTITION BY projection, version) AS discarded,
        row_number() OVER (
            PARTITION BY projection, version
            ORDER BY discarded_at IS NOT NULL, quarantined_at DESC, position DESC
        ) AS nth
    FROM readmodel.quarantine
) AS newest
WHERE nth = 1;

-- versions --
-- Every version that has ever read anything, live or being built.
SELECT projection, version, stream, position, entries
FROM readmodel.cursors
