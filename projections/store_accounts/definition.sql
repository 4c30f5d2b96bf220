-- accounts --
-- What each event says of an account: of the connection, of the newest sync, or of the newest complete one.
SELECT
    user_id,
    store,
    true AS connected,
    position AS connection_position,
    CAST(NULL AS VARCHAR) AS sync_status,
    CAST(NULL AS BIGINT) AS sync_position,
    CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS last_sync_at,
    CAST(NULL AS BIGINT) AS items_synced,
    CAST(NULL AS BIGINT) AS completed_position
FROM accounts_connected
UNION ALL
SELECT user_id, store, false, position, NULL, NULL, NULL, NULL, NULL
FROM accounts_disconnected
UNION ALL
SELECT user_id, store, NULL, NULL, 'running', position, NULL, NULL, NULL
FROM accounts_sync_started
UNION ALL
SELECT user_id, store, NULL, NULL, 'completed', position, happened_at, items_synced, position
FROM accounts_sync_completed
UNION ALL
SELECT user_id, store, NULL, NULL, 'failed', position, NULL, NULL, NULL
FROM accounts_sync_failed
