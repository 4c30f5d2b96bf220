-- schema --
-- The engine's own tables. They are the same in both stores, because a projection's cursor and quarantine commit
-- in the same transaction as its rows.
CREATE SCHEMA IF NOT EXISTS readmodel;

-- cursors --
-- How far each build of a version has come in each stream. The row is also the fence: a commit names the epoch and the
-- position that it expects to find.
CREATE TABLE IF NOT EXISTS readmodel.cursors (
    projection text NOT NULL,
    version integer NOT NULL,
    build integer NOT NULL,
    stream text NOT NULL,
    position bigint NOT NULL,
    entries bigint NOT NULL,
    epoch bigint NOT NULL,
    moved_at timestamptz NOT NULL,
    PRIMARY KEY (projection, version, build, stream)
);

-- cursors_last_sha256 --
-- The digest of the last entry folded, which tells it from another at the same position after a restore of the stream.
ALTER TABLE readmodel.cursors ADD COLUMN IF NOT EXISTS last_sha256 text;

-- live --
-- The pointer: which build of a version queries see. Each process asks for the version that its code describes, so old
-- and new ones serve side by side. `previous` is the one to go back to, `kept` one that was built to be looked at.
CREATE TABLE IF NOT EXISTS readmodel.live (
    projection text NOT NULL,
    version integer NOT NULL,
    build integer NOT NULL,
    previous integer,
    kept integer,
    PRIMARY KEY (projection, version)
);

-- quarantine --
-- Events that could not be decoded or folded, with their bytes, so that nothing is lost.
CREATE TABLE IF NOT EXISTS readmodel.quarantine (
    projection text NOT NULL,
    version integer NOT NULL,
    build integer NOT NULL,
    stream text NOT NULL,
    position bigint NOT NULL,
    event_type text,
    error text NOT NULL,
    raw bytea NOT NULL,
    quarantined_at timestamptz NOT NULL,
    PRIMARY KEY (projection, version, build, stream, position)
);

-- quarantine_discarded_at --
-- What an operator has discarded is kept all the same: as evidence, and to be taken back.
ALTER TABLE readmodel.quarantine ADD COLUMN IF NOT EXISTS discarded_at timestamptz;

-- quarantine_discarded_by --
-- Who discarded it.
ALTER TABLE readmodel.quarantine ADD COLUMN IF NOT EXISTS discarded_by text;

-- quarantine_discarded_for --
-- The reason given.
ALTER TABLE readmodel.quarantine ADD COLUMN IF NOT EXISTS discarded_for text;
