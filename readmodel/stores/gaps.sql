-- gaps --
-- What an operator has accepted as lost. In Postgres alone, because it concerns the streams and not one store.
CREATE TABLE IF NOT EXISTS readmodel.gaps (
    stream text NOT NULL,
    lost_after bigint NOT NULL,
    lost_upto bigint NOT NULL,
    accepted_at timestamptz NOT NULL,
    accepted_by text NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (stream, lost_after, lost_upto)
);

-- followed --
-- Whether an entry stood right behind it when it was accepted. That entry gone, too, more is lost than was accepted.
ALTER TABLE readmodel.gaps ADD COLUMN IF NOT EXISTS followed boolean NOT NULL DEFAULT false;

-- all --
-- Every gap that was accepted.
SELECT stream, lost_after, lost_upto, followed
FROM readmodel.gaps;

-- accept --
-- The same gap may be accepted twice, by two who did not know of each other.
INSERT INTO readmodel.gaps (stream, lost_after, lost_upto, followed, accepted_at, accepted_by, reason)
VALUES ($stream, $after, $upto, $followed, now(), $by, $reason)
ON CONFLICT DO NOTHING;
