-- shrunken_packs_found --
-- Packs found to have shrunk in a window of days, newest first, with their size's and unit price's change in percent:
-- 100 * (new - old) / old, where the unit price is price / size. Exact until the one division at the end; what is
-- missing or zero makes no percentage.
SELECT
    packs.alert_id AS id,
    packs.product_id,
    coalesce(products.canonical_name, packs.product_name) AS product_name,
    packs.old_size,
    packs.new_size,
    round(100 * (packs.new_amount - packs.old_amount) / nullif(packs.old_amount, 0), 2) AS size_change_pct,
    packs.old_price,
    packs.new_price,
    round(
        100 * (nullif(packs.new_price, 0) * nullif(packs.old_amount, 0) - packs.old_price * packs.new_amount)
        / (nullif(packs.old_price, 0) * nullif(packs.new_amount, 0)), 2
    ) AS unit_price_change_pct,
    packs.detected_date AS detected_at,
    packs.confidence
FROM {shrinkflation}.shrunken_packs AS packs
LEFT JOIN {products}.products AS products USING (product_id)
WHERE packs.detected_date > $from_day
  AND packs.detected_date <= $to_day
  AND ($category::text IS NULL OR products.category = $category)
ORDER BY detected_at DESC, id
