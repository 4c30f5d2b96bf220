-- leases --
-- Who folds which projection. A row rather than an advisory lock, because a lock outlives a stopped process.
CREATE TABLE IF NOT EXISTS readmodel.leases (
    projection text PRIMARY KEY,
    owner text NOT NULL,
    epoch bigint NOT NULL,
    expires_at timestamptz NOT NULL
);

-- acquire --
-- Take a free or expired lease. The epoch rises with each owner, so that the one before can no longer commit.
INSERT INTO readmodel.leases AS held (projection, owner, epoch, expires_at)
VALUES ($projection, $owner, 1, clock_timestamp() + $ttl)
ON CONFLICT (projection) DO UPDATE
SET owner = excluded.owner,
    epoch = held.epoch + 1,
    expires_at = excluded.expires_at
WHERE held.expires_at < clock_timestamp()
RETURNING epoch;

-- renew --
-- Keep what is still ours; a lease that comes back from here unnamed is lost.
UPDATE readmodel.leases
SET expires_at = clock_timestamp() + $ttl
WHERE owner = $owner
  AND projection = ANY($projections)
RETURNING projection, epoch;

-- release --
-- Let the next owner in at once.
UPDATE readmodel.leases
SET expires_at = clock_timestamp() - interval '1 second'
WHERE owner = $owner
  AND projection = ANY($projections);
