-- positions --
-- Which version of each projection is live, and how far it has come.
SELECT live.projection, live.version, cursors.stream, cursors.position, cursors.entries
FROM readmodel.live AS live
JOIN readmodel.cursors AS cursors
  ON cursors.projection = live.projection
 AND cursors.version = live.version;

-- quarantined --
-- How many events each version has put aside, and the one put aside last.
SELECT projection, version, stream, position, error, quarantined
FROM (
    SELECT
        *,
        count(*) OVER (PARTITION BY projection, version) AS quarantined,
        row_number() OVER (PARTITION BY projection, version ORDER BY quarantined_at DESC, position DESC) AS nth
    FROM readmodel.quarantine
) AS newest
WHERE nth = 1;

-- versions --
-- Every version that has ever read anything, live or being built.
SELECT projection, version, stream, position, entries
FROM readmodel.cursors
