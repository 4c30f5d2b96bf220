-- take_over --
-- Fence out every owner with a lower epoch.
UPDATE readmodel.cursors
SET epoch = $epoch
WHERE projection = $projection
  AND version = $version
  AND epoch <= $epoch;

-- add_stream --
-- A stream that this version has not read yet begins before its first entry.
INSERT INTO readmodel.cursors (projection, version, stream, position, entries, epoch, moved_at)
VALUES ($projection, $version, $stream, 0, 0, $epoch, now())
ON CONFLICT (projection, version, stream) DO NOTHING;

-- cursors --
-- How far each stream has been folded, and by which epoch.
SELECT stream, position, entries, epoch
FROM readmodel.cursors
WHERE projection = $projection
  AND version = $version;

-- advance --
-- Move the cursor past a batch, if it is where this owner left it.
UPDATE readmodel.cursors
SET position = $upto,
    entries = entries + $count,
    moved_at = now()
WHERE projection = $projection
  AND version = $version
  AND stream = $stream
  AND epoch = $epoch
  AND position = $expected
RETURNING position;

-- stand --
-- The same fence for a commit that moves no cursor: the row is written as it is, so that no takeover gets in between.
UPDATE readmodel.cursors
SET epoch = epoch
WHERE projection = $projection
  AND version = $version
  AND stream = $stream
  AND epoch = $epoch
  AND position = $expected
RETURNING position;

-- quarantine --
-- Keep an event that could not be taken. One that is refused again keeps its bytes, its time and its state.
INSERT INTO readmodel.quarantine (projection, version, stream, position, event_type, error, raw, quarantined_at)
VALUES ($projection, $version, $stream, $position, $event_type, $error, $raw, now())
ON CONFLICT (projection, version, stream, position) DO UPDATE
SET event_type = excluded.event_type,
    error = excluded.error;

-- settle --
-- An event that was folded after all counts again: it leaves quarantine in the commit that folds it.
DELETE FROM readmodel.quarantine
WHERE projection = $projection
  AND version = $version
  AND stream = $stream
  AND position = $position;

-- discard --
-- An event that will not be folded stays, with who decided that, and why.
UPDATE readmodel.quarantine
SET discarded_at = now(),
    discarded_by = $by,
    discarded_for = $reason
WHERE projection = $projection
  AND version = $version
  AND stream = $stream
  AND position = $position
  AND discarded_at IS NULL;

-- first_live --
-- The first version of a projection is live from the start: there is nothing else to show.
INSERT INTO readmodel.live (projection, version)
VALUES ($projection, $version)
ON CONFLICT (projection) DO NOTHING;

-- check_epoch --
-- The pointer is flipped, and events are discarded, only by the owner.
SELECT 1
FROM readmodel.cursors
WHERE projection = $projection
  AND version = $version
  AND epoch > $epoch;

-- flip --
-- Queries see this version from the commit on. An older process that starts again does not turn them back.
UPDATE readmodel.live
SET version = $version
WHERE projection = $projection
  AND version < $version;
