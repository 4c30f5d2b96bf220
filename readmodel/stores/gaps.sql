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

-- all --
-- Every gap that was accepted.
SELECT stream, lost_after, lost_upto
FROM readmodel.gaps;

-- accept --
-- The same gap may be accepted twice, by two who did not know of each other.
INSERT INTO readmodel.gaps (stream, lost_after, lost_upto, accepted_at, accepted_by, reason)
VALUES ($stream, $after, $upto, now(), $by, $reason)
ON CONFLICT DO NOTHING;
