-- cursors --
-- Where every build stands, by which owner, and whether it is the one that queries see or, before one is, the first.
SELECT projection, version, cursors.build, cursors.stream, cursors.position, cursors.last_sha256, cursors.epoch,
    cursors.build = coalesce(live.build, 1) AS is_live
FROM readmodel.cursors AS cursors
LEFT JOIN readmodel.live AS live USING (projection, version)
ORDER BY projection, version, cursors.build, cursors.stream;

-- leases --
-- Who keeps what, in Postgres alone.
SELECT projection, owner, epoch, expires_at > clock_timestamp() AS is_held
FROM readmodel.leases
ORDER BY projection;
