-- positions --
-- Which version of each projection is live, and how far it has come.
SELECT live.projection, live.version, cursors.stream, cursors.position, cursors.entries
FROM readmodel.live AS live
JOIN readmodel.cursors AS cursors
  ON cursors.projection = live.projection
 AND cursors.version = live.version;

-- quarantined --
-- How many events each projection has put aside, and the newest reason.
SELECT projection, version, count(*) AS quarantined, max(error) AS error
FROM readmodel.quarantine
GROUP BY projection, version;

-- versions --
-- Every version that has ever read anything, live or being built.
SELECT projection, version, stream, position, entries
FROM readmodel.cursors
