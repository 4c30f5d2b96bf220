-- alerts_of_user --
-- The alerts on products that a user has bought, newest first, less those the user does not want to see. A rise
-- from nothing has no percentage and is above every threshold. The default threshold is 5 %.
WITH bought AS (
    SELECT product_id
    FROM {user_alerts}.bought_products
    WHERE user_id = $user_id
    UNION
    SELECT products.product_id
    FROM {user_alerts}.bought_upcs AS bought_upcs
    JOIN {products}.products_state AS products
      ON products.upc_variants @> ARRAY[bought_upcs.upc]
     AND products.upc_variants_at > coalesce(products.removed_at, -1)
    WHERE bought_upcs.user_id = $user_id
),
wanted AS (
    SELECT
        coalesce(max(price_increase_threshold_pct), 5) AS threshold,
        coalesce(bool_and(shrinkflation_enabled), true) AS shrinkflation
    FROM {user_alerts}.settings
    WHERE user_id = $user_id
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
FROM bought
JOIN {user_alerts}.alerts AS alerts USING (product_id)
CROSS JOIN wanted
LEFT JOIN {products}.products AS products ON products.product_id = alerts.product_id
LEFT JOIN {stores}.store_refs AS refs ON refs.ref = alerts.store
LEFT JOIN {user_alerts}.read_alerts AS read_alerts
  ON read_alerts.user_id = $user_id
 AND read_alerts.alert_id = alerts.alert_id
WHERE CASE alerts.alert_type
    WHEN 'price_increase' THEN coalesce(alerts.change_percent >= wanted.threshold, true)
    ELSE wanted.shrinkflation
END
  AND ($alert_type::text IS NULL OR alerts.alert_type = $alert_type)
  AND ($unread::boolean IS NULL OR (read_alerts.alert_id IS NULL) = $unread)
ORDER BY alerts.occurred_at DESC, alerts.alert_id
