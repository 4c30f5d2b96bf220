-- erasures --
-- What was removed from where. The subject is a digest, so that the record is not what it says is gone. In Postgres
-- alone, because it concerns the streams and the archive as well.
CREATE TABLE IF NOT EXISTS readmodel.erasures (
    subject_sha256 text NOT NULL,
    began_at timestamptz NOT NULL,
    finished_at timestamptz,
    erased_by text NOT NULL,
    removed text NOT NULL,
    PRIMARY KEY (subject_sha256, began_at)
);

-- save --
-- After every step, so that one that was interrupted has its record too.
INSERT INTO readmodel.erasures (subject_sha256, began_at, finished_at, erased_by, removed)
VALUES ($subject_sha256, $began_at, $finished_at, $erased_by, $removed)
ON CONFLICT (subject_sha256, began_at) DO UPDATE
SET finished_at = excluded.finished_at,
    removed = excluded.removed;

-- unfinished --
-- Those that were begun, and neither finished nor begun again and finished since.
SELECT subject_sha256, began_at
FROM readmodel.erasures AS begun
WHERE finished_at IS NULL
  AND NOT EXISTS (
      SELECT 1
      FROM readmodel.erasures AS again
      WHERE again.subject_sha256 = begun.subject_sha256
        AND again.began_at > begun.began_at
        AND again.finished_at IS NOT NULL
  )
ORDER BY began_at;
