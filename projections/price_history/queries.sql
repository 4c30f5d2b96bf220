-- prices_of_product --
-- A product's history, oldest first. A store that was named by id here and by slug there is one store, and of
-- two points on one day the newer holds.
SELECT DISTINCT ON (points.day, store_id)
    points.day AS date,
    points.regular_price AS price,
    coalesce(refs.store_id, points.store) AS store_id,
    coalesce(refs.name, points.store) AS store_name
FROM {price_history}.points AS points
LEFT JOIN {stores}.store_refs AS refs ON refs.ref = points.store
WHERE points.product_id = $product_id
  AND ($store_id::text IS NULL OR coalesce(refs.store_id, points.store) = $store_id)
  AND ($from_day::date IS NULL OR points.day > $from_day)
  AND ($to_day::date IS NULL OR points.day <= $to_day)
ORDER BY points.day, store_id, points.position DESC;

-- current_prices --
-- What some products cost today in each store: the newest day's price there.
SELECT DISTINCT ON (points.product_id, store_name, store_id)
    points.product_id,
    coalesce(refs.store_id, points.store) AS store_id,
    coalesce(refs.name, points.store) AS store_name,
    points.regular_price AS current_price,
    points.day AS last_seen_at
FROM {price_history}.points AS points
LEFT JOIN {stores}.store_refs AS refs ON refs.ref = points.store
WHERE points.product_id = ANY($product_ids::uuid[])
ORDER BY points.product_id, store_name, store_id, points.day DESC, points.position DESC
