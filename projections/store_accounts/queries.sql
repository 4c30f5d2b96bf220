-- accounts_of_user --
-- A user's accounts, one per shop however events named it, by the shop's name or else by its slug. A shop that nobody
-- knows yet goes by what was sent. Where only a sync was heard of there must have been a connection.
WITH own AS (
    SELECT accounts.*, coalesce(refs.store_id, accounts.store) AS store_id
    FROM {store_accounts}.accounts AS accounts
    LEFT JOIN {stores}.store_refs AS refs ON refs.ref = accounts.store
    WHERE accounts.user_id = $user_id
),
merged AS (
    SELECT
        store_id,
        (array_agg(connected ORDER BY connection_position DESC NULLS LAST))[1] AS connected,
        (array_agg(sync_status ORDER BY sync_position DESC NULLS LAST))[1] AS sync_status,
        (array_agg(last_sync_at ORDER BY completed_position DESC NULLS LAST))[1] AS last_sync_at,
        (array_agg(items_synced ORDER BY completed_position DESC NULLS LAST))[1] AS items_synced
    FROM own
    GROUP BY store_id
)
SELECT
    merged.store_id AS id,
    coalesce(stores.name, merged.store_id) AS name,
    coalesce(stores.slug, merged.store_id) AS slug,
    stores.logo_url,
    stores.store_id IS NOT NULL AS supported,
    coalesce(merged.connected, true) AS connected,
    merged.last_sync_at,
    coalesce(merged.sync_status, 'never') AS sync_status,
    merged.items_synced,
    CASE WHEN $by_slug::boolean THEN coalesce(stores.slug, merged.store_id)
        ELSE coalesce(stores.name, merged.store_id) END AS rank_name
FROM merged
LEFT JOIN {stores}.stores AS stores ON stores.store_id::text = merged.store_id
ORDER BY rank_name, id
