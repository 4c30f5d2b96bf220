-- letters --
-- Events of one stream that a version has put aside, in order, and how many there are. Bytes only where they are wanted.
SELECT
    projection,
    version,
    stream,
    position,
    event_type,
    error,
    quarantined_at,
    discarded_at,
    discarded_by,
    discarded_for,
    octet_length(raw) AS size,
    CASE WHEN $with_raw::boolean THEN raw END AS raw,
    count(*) OVER () AS total
FROM readmodel.quarantine
WHERE projection = $projection
  AND version = $version
  AND stream = $stream
  AND position > $after
  AND ($position::bigint IS NULL OR position = $position)
  AND ($event_type::text IS NULL OR event_type = $event_type)
  AND ($error::text IS NULL OR strpos(lower(error), lower($error)) > 0)
  AND ($state::text IS NULL OR ($state = 'discarded') = (discarded_at IS NOT NULL))
ORDER BY position
LIMIT $limit;

-- left_out --
-- The events that are not part of a version's history: put aside, and neither folded since nor to be folded.
SELECT stream, position
FROM readmodel.quarantine
WHERE projection = $projection
  AND version = $version;
