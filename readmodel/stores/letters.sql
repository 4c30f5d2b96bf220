-- letters --
-- Events of one stream that the live build of a version has put aside, in order, and how many there are. Bytes only where they are wanted.
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
  AND build = coalesce(
      (SELECT live.build FROM readmodel.live AS live WHERE live.projection = $projection AND live.version = $version), 1
  )
  AND stream = $stream
  AND position > $after
  AND ($position::bigint IS NULL OR position = $position)
  AND ($event_type::text IS NULL OR event_type = $event_type)
  AND ($error::text IS NULL OR strpos(lower(error), lower($error)) > 0)
  AND ($state::text IS NULL OR ($state = 'discarded') = (discarded_at IS NOT NULL))
ORDER BY position
LIMIT $limit;

-- left_out --
-- The events that are not part of the live build's history: put aside, and neither folded since nor to be folded.
SELECT stream, position
FROM readmodel.quarantine
WHERE projection = $projection
  AND version = $version
  AND build = coalesce(
      (SELECT live.build FROM readmodel.live AS live WHERE live.projection = $projection AND live.version = $version), 1
  );
