-- builds --
-- Every build that there is anything of, shown or not.
SELECT projection, version, build FROM readmodel.cursors
UNION
SELECT projection, version, build FROM readmodel.live;

-- schemas_with --
-- The schemas with a table that has a column of this name.
SELECT DISTINCT table_schema
FROM information_schema.columns
WHERE column_name = $column;

-- letters --
-- What was put aside, whichever build did it, some at a time: their bytes may be many.
SELECT DISTINCT stream, position, raw
FROM readmodel.quarantine
WHERE stream > $stream OR stream = $stream AND position > $position
ORDER BY stream, position
LIMIT $limit;

-- forget --
-- An event that is erased is not a dead letter either, of no build.
DELETE FROM readmodel.quarantine
WHERE stream = $stream
  AND position = $position
RETURNING build;
