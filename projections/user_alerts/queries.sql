-- alerts_of_user --
-- The alerts on products that a user has bought, newest first, less those the user does not want to see. A rise
-- from nothing has no percentage and is above every threshold. A bar code means the same product as on a receipt.
WITH bought AS (
    SELECT product_id
    FROM {user_alerts}.bought_products
    WHERE user_id = $user_id
    UNION
    SELECT by_upc.product_id
    FROM {user_alerts}.bought_upcs AS bought_upcs
    CROSS JOIN LATERAL (
        SELECT min(product_id::text)::uuid AS product_id
        FROM {products}.products_state AS products
        WHERE products.upc_variants @> ARRAY[bought_upcs.upc COLLATE "default"]
          AND products.upc_variants_at > coalesce(products.removed_at, -1)
    ) AS by_upc
    WHERE bought_upcs.user_id = $user_id
),
wanted AS (
    SELECT
        coalesce(own.price_increase_threshold_pct, defaults.price_increase_threshold_pct) AS threshold,
        coalesce(own.shrinkflation_enabled, defaults.shrinkflation_enabled) AS shrinkflation
    FROM {user_alerts}.default_settings AS defaults
    LEFT JOIN {user_alerts}.settings AS own ON own.user_id = $user_id
),
alerts AS (
    SELECT
        alerts.alert_id,
        'price_increase' AS alert_type,
        alerts.product_id,
        NULL AS product_name,
        alerts.store,
        alerts.old_price,
        alerts.new_price,
        alerts.change_percent,
        NULL AS old_size,
        NULL AS new_size,
        alerts.occurred_at
    FROM bought
    CROSS JOIN wanted
    JOIN {user_alerts}.alerts AS alerts USING (product_id)
    WHERE coalesce(alerts.change_percent >= wanted.threshold, true)
    UNION ALL
    SELECT
        packs.alert_id,
        'shrinkflation',
        packs.product_id,
        packs.product_name,
        NULL,
        packs.old_price,
        packs.new_price,
        NULL,
        packs.old_size,
        packs.new_size,
        packs.occurred_at
    FROM bought
    CROSS JOIN wanted
    JOIN {shrinkflation}.shrunken_packs AS packs USING (product_id)
    WHERE wanted.shrinkflation
)
SELECT
    alerts.alert_id AS id,
    alerts.alert_type,
    alerts.product_id,
    coalesce(products.canonical_name, alerts.product_name) AS product_name,
    coalesce(refs.name, alerts.store) AS store_name,
    alerts.old_price,
    alerts.new_price,
    alerts.change_percent,
    alerts.old_size,
    alerts.new_size,
    alerts.occurred_at AS triggered_at,
    read_alerts.alert_id IS NOT NULL AS read
FROM alerts
LEFT JOIN {products}.products AS products ON products.product_id = alerts.product_id
LEFT JOIN {stores}.store_refs AS refs ON refs.ref = alerts.store
LEFT JOIN {user_alerts}.read_alerts AS read_alerts
  ON read_alerts.user_id = $user_id
 AND read_alerts.alert_id = alerts.alert_id
WHERE ($alert_type::text IS NULL OR alerts.alert_type = $alert_type)
  AND ($unread::boolean IS NULL OR (read_alerts.alert_id IS NULL) = $unread)
ORDER BY triggered_at DESC, id, alert_type;

-- settings_of_user --
-- What a user wants to hear of, and how; always one row.
SELECT
    coalesce(own.price_increase_threshold_pct, defaults.price_increase_threshold_pct) AS price_increase_threshold_pct,
    coalesce(own.shrinkflation_enabled, defaults.shrinkflation_enabled) AS shrinkflation_enabled,
    coalesce(own.email_notifications, defaults.email_notifications) AS email_notifications
FROM {user_alerts}.default_settings AS defaults
LEFT JOIN {user_alerts}.settings AS own ON own.user_id = $user_id
