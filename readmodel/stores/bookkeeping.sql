-- take_over --
-- Fence out every owner with a lower epoch.
UPDATE readmodel.cursors
SET epoch = $epoch
WHERE projection = $projection
  AND version = $version
  AND build = $build
  AND epoch <= $epoch;

-- add_stream --
-- A stream that this version has not read yet begins before its first entry.
INSERT INTO readmodel.cursors (projection, version, build, stream, position, entries, epoch, moved_at)
VALUES ($projection, $version, $build, $stream, 0, 0, $epoch, now())
ON CONFLICT (projection, version, build, stream) DO NOTHING;

-- cursors --
-- How far each stream has been folded, and by which epoch.
SELECT stream, position, entries, last_sha256, epoch
FROM readmodel.cursors
WHERE projection = $projection
  AND version = $version
  AND build = $build;

-- advance --
-- Move the cursor past a batch, if it is where this owner left it.
UPDATE readmodel.cursors
SET position = $upto,
    entries = entries + $count,
    last_sha256 = $last_sha256,
    moved_at = now()
WHERE projection = $projection
  AND version = $version
  AND build = $build
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
  AND build = $build
  AND stream = $stream
  AND epoch = $epoch
  AND position = $expected
RETURNING position;

-- quarantine --
-- Keep an event that could not be taken. One that is refused again keeps its bytes, its time and its state.
INSERT INTO readmodel.quarantine (projection, version, build, stream, position, event_type, error, raw, quarantined_at)
VALUES ($projection, $version, $build, $stream, $position, $event_type, $error, $raw, now())
ON CONFLICT (projection, version, build, stream, position) DO UPDATE
SET event_type = excluded.event_type,
    error = excluded.error;

-- settle --
-- An event that was folded after all counts again: it leaves quarantine in the commit that folds it.
DELETE FROM readmodel.quarantine
WHERE projection = $projection
  AND version = $version
  AND build = $build
  AND stream = $stream
  AND position = $position;

-- left_out --
-- The events that are not part of a build's history: put aside, and neither folded since nor to be folded.
SELECT stream, position
FROM readmodel.quarantine
WHERE projection = $projection
  AND version = $version
  AND build = $build;

-- letters --
-- The same events whole, some at a time: their bytes may be many.
SELECT stream, position, event_type, error, raw, discarded_at IS NOT NULL AS is_discarded
FROM readmodel.quarantine
WHERE projection = $projection
  AND version = $version
  AND build = $build
  AND (stream > $stream OR stream = $stream AND position > $position)
ORDER BY stream, position
LIMIT $limit;

-- discard --
-- An event that will not be folded stays, with who decided that, and why.
UPDATE readmodel.quarantine
SET discarded_at = now(),
    discarded_by = $by,
    discarded_for = $reason
WHERE projection = $projection
  AND version = $version
  AND build = $build
  AND stream = $stream
  AND position = $position
  AND discarded_at IS NULL;

-- live --
-- The pointer of a version: which of its builds is shown, and which was before.
SELECT build, previous, kept
FROM readmodel.live
WHERE projection = $projection
  AND version = $version;

-- first_live --
-- The first version of a projection is live from the start: there is nothing else to show.
INSERT INTO readmodel.live (projection, version, build)
SELECT $projection, $version, $build
WHERE NOT EXISTS (SELECT 1 FROM readmodel.live WHERE projection = $projection)
ON CONFLICT (projection, version) DO NOTHING;

-- check_epoch --
-- The pointer is flipped, and events are discarded, only by the owner.
SELECT 1
FROM readmodel.cursors
WHERE projection = $projection
  AND version = $version
  AND epoch > $epoch;

-- flip --
-- Queries see this build from the commit on. The one before stays, to go back to.
INSERT INTO readmodel.live (projection, version, build)
VALUES ($projection, $version, $build)
ON CONFLICT (projection, version) DO UPDATE
SET previous = CASE WHEN live.build = excluded.build THEN live.previous ELSE live.build END,
    kept = CASE WHEN live.kept = excluded.build THEN NULL ELSE live.kept END,
    build = excluded.build;

-- keep --
-- A build that was made to be looked at, until it is shown or another is made.
UPDATE readmodel.live
SET kept = $kept
WHERE projection = $projection
  AND version = $version;

-- begin_at --
-- A build that was made at once begins where its rows end.
INSERT INTO readmodel.cursors (projection, version, build, stream, position, entries, last_sha256, epoch, moved_at)
VALUES ($projection, $version, $build, $stream, $position, $entries, $last_sha256, $epoch, now());

-- take_letters --
-- What another build has put aside is no part of this one's history either.
INSERT INTO readmodel.quarantine (
    projection, version, build, stream, position, event_type, error, raw,
    quarantined_at, discarded_at, discarded_by, discarded_for
)
SELECT
    projection, version, $build, stream, position, event_type, error, raw,
    quarantined_at, discarded_at, discarded_by, discarded_for
FROM readmodel.quarantine
WHERE projection = $projection
  AND version = $version
  AND build = $put_aside
  AND stream = $stream
  AND position <= $position;

-- forget_cursors --
-- A build that is dropped has been nowhere.
DELETE FROM readmodel.cursors
WHERE projection = $projection
  AND version = $version
  AND build = $build;

-- forget_letters --
-- Its dead letters are those of the build it was made from, which has them still.
DELETE FROM readmodel.quarantine
WHERE projection = $projection
  AND version = $version
  AND build = $build;

-- forget_build --
-- Nothing points to it any more.
UPDATE readmodel.live
SET previous = CASE WHEN previous <> $build THEN previous END,
    kept = CASE WHEN kept <> $build THEN kept END
WHERE projection = $projection
  AND version = $version;

-- put_aside_alone --
-- What another build has folded since it was put aside here.
SELECT mine.stream, mine.position, mine.event_type, mine.error, mine.raw
FROM readmodel.quarantine AS mine
LEFT JOIN readmodel.quarantine AS theirs
  ON theirs.projection = mine.projection
 AND theirs.version = mine.version
 AND theirs.build = $other
 AND theirs.stream = mine.stream
 AND theirs.position = mine.position
WHERE mine.projection = $projection
  AND mine.version = $version
  AND mine.build = $build
  AND theirs.position IS NULL
ORDER BY mine.stream, mine.position;
