-- positions --
-- Which build of each version is live, and how far it has come.
SELECT live.projection, live.version, live.build, cursors.stream, cursors.position, cursors.entries
FROM readmodel.live AS live
JOIN readmodel.cursors AS cursors
  ON cursors.projection = live.projection
 AND cursors.version = live.version
 AND cursors.build = live.build;

-- quarantined --
-- How many events each version has put aside, those that were discarded by themselves, and the one put aside last. A
-- version is its live build; before one is shown, its first.
SELECT projection, version, stream, position, error, quarantined, discarded
FROM (
    SELECT
        letters.*,
        count(*) FILTER (WHERE discarded_at IS NULL) OVER (PARTITION BY projection, version) AS quarantined,
        count(*) FILTER (WHERE discarded_at IS NOT NULL) OVER (PARTITION BY projection, version) AS discarded,
        row_number() OVER (
            PARTITION BY projection, version
            ORDER BY discarded_at IS NOT NULL, quarantined_at DESC, position DESC
        ) AS nth
    FROM readmodel.quarantine AS letters
    LEFT JOIN readmodel.live AS live USING (projection, version)
    WHERE letters.build = coalesce(live.build, 1)
) AS newest
WHERE nth = 1;

-- versions --
-- Every version that has ever read anything, live or being built, by its live build or, before one is shown, its first.
SELECT projection, version, cursors.build, cursors.stream, cursors.position, cursors.entries,
    cursors.last_sha256
FROM readmodel.cursors AS cursors
LEFT JOIN readmodel.live AS live USING (projection, version)
WHERE cursors.build = coalesce(live.build, 1)
