-- is_at_work --
-- Whether a session does something of its own, be it waiting for a lock, and is not waiting for its client.
SELECT state = 'active' AND wait_event_type IS DISTINCT FROM 'Client'
FROM pg_stat_activity
WHERE pid = $pid;

-- name_session --
-- A session that folds says so, for which epoch and version, so that the next owner finds it.
SELECT set_config('application_name', 'readmodel epoch ' || $epoch::bigint || ': ' || $work, false);

-- end_sessions --
-- A stopped or cut off owner holds row locks for as long as its transaction is open, and would hold up the next one. One
-- that has none open is left alone: its next commit is refused by the fence, which tells it more.
SELECT pg_terminate_backend(pid)
FROM pg_stat_activity
WHERE datname = current_database()
  AND usename = current_user
  AND pid <> pg_backend_pid()
  AND state <> 'idle'
  AND split_part(application_name, ': ', 2) = $work
  AND substring(application_name FROM '^readmodel epoch ([0-9]+): ')::bigint <= $epoch;

-- wait_briefly --
-- For one that opened a transaction just after that: trying again ends it.
SET LOCAL lock_timeout = '2s';
