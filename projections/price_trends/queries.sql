-- trend_products --
-- One page of the products that have a price in the window, by name.
-- All queries here read the log: newest-wins is cheaper after a filter, and together with the stores resolved, than
-- in the view `points`, over everything.
SELECT product_id, canonical_name AS product_name
FROM {products}.products AS products
WHERE ($category IS NULL OR products.category = $category)
  AND product_id IN (
      SELECT product_id
      FROM {price_trends}.points_log
      WHERE ($from_day::DATE IS NULL OR day > $from_day::DATE)
        AND ($to_day::DATE IS NULL OR day <= $to_day::DATE)
  )
ORDER BY product_name NULLS LAST, product_id;

-- trend_points --
-- The prices of some products in the window, oldest first; one per store and day, however the store was named.
SELECT
    points.product_id,
    points.day AS date,
    points.regular_price AS price,
    coalesce(refs.store_id, points.store) AS store_id,
    coalesce(refs.name, points.store) AS store_name
FROM {price_trends}.points_log AS points
LEFT JOIN {stores}.store_refs AS refs ON refs.ref = points.store
WHERE points.product_id = ANY($product_ids::UUID[])
  AND ($from_day::DATE IS NULL OR points.day > $from_day::DATE)
  AND ($to_day::DATE IS NULL OR points.day <= $to_day::DATE)
QUALIFY row_number() OVER (
    PARTITION BY points.product_id, coalesce(refs.store_id, points.store), points.day
    ORDER BY points.position DESC
) = 1
ORDER BY points.product_id, points.day, store_id;

-- current_prices --
-- What some products cost today in each store: the newest day's price there.
SELECT
    points.product_id,
    coalesce(refs.store_id, points.store) AS store_id,
    coalesce(refs.name, points.store) AS store_name,
    points.regular_price AS current_price,
    points.day AS last_seen_at
FROM {price_trends}.points_log AS points
LEFT JOIN {stores}.store_refs AS refs ON refs.ref = points.store
WHERE points.product_id = ANY($product_ids::UUID[])
QUALIFY row_number() OVER (
    PARTITION BY points.product_id, coalesce(refs.store_id, points.store)
    ORDER BY points.day DESC, points.position DESC
) = 1
ORDER BY points.product_id, store_name, store_id;

-- names --
-- What some products are called; those that are not known, or not in the category, are not listed.
SELECT product_id, canonical_name AS product_name
FROM {products}.products
WHERE product_id = ANY($product_ids::UUID[])
  AND ($category IS NULL OR category = $category);

-- category_products --
-- One page of a category, by name; also products that have no price yet.
SELECT product_id, canonical_name AS product_name
FROM {products}.products
WHERE category = $category
ORDER BY product_name NULLS LAST, product_id;

-- baskets --
-- What a category costs in each store: the sum of the current prices of those of its products that the store has.
WITH current_prices AS (
    SELECT
        coalesce(refs.store_id, points.store) AS store_id,
        coalesce(refs.name, points.store) AS store_name,
        points.regular_price
    FROM {price_trends}.points_log AS points
    JOIN {products}.products AS products USING (product_id)
    LEFT JOIN {stores}.store_refs AS refs ON refs.ref = points.store
    WHERE products.category = $category
    QUALIFY row_number() OVER (
        PARTITION BY points.product_id, coalesce(refs.store_id, points.store)
        ORDER BY points.day DESC, points.position DESC
    ) = 1
)
SELECT store_id, store_name, sum(regular_price) AS basket_total, count(*) AS items_compared
FROM current_prices
GROUP BY store_id, store_name
ORDER BY store_name, store_id;

-- increases --
-- Each product and store whose newest price in the window is above that of the day before it that has one, largest
-- rise first. A day's price is the newest position's, and only series with a price in the window are worked out.
WITH resolved AS (
    SELECT
        log.product_id,
        coalesce(refs.store_id, log.store) AS store_id,
        coalesce(refs.name, log.store) AS store_name,
        log.day,
        log.regular_price,
        log.position
    FROM {price_trends}.points_log AS log
    LEFT JOIN {stores}.store_refs AS refs ON refs.ref = log.store
    WHERE $to_day::DATE IS NULL OR log.day <= $to_day::DATE
),
in_window AS (
    SELECT DISTINCT resolved.product_id, resolved.store_id
    FROM resolved
    JOIN {products}.products AS products USING (product_id)
    WHERE ($from_day::DATE IS NULL OR resolved.day > $from_day::DATE)
      AND ($category IS NULL OR products.category = $category)
),
days AS (
    SELECT
        product_id,
        store_id,
        any_value(store_name) AS store_name,
        day,
        arg_max(regular_price, position) AS price
    FROM resolved
    SEMI JOIN in_window USING (product_id, store_id)
    GROUP BY product_id, store_id, day
),
newest AS (
    SELECT
        product_id,
        store_id,
        any_value(store_name) AS store_name,
        max(day) AS day,
        arg_max(price, day, 2) AS last_two
    FROM days
    GROUP BY product_id, store_id
)
SELECT
    newest.product_id,
    products.canonical_name AS product_name,
    newest.store_name,
    newest.last_two[2] AS old_price,
    newest.last_two[1] AS new_price,
    100 * (newest.last_two[1] - newest.last_two[2]) / newest.last_two[2] AS increase_pct,
    newest.day AS detected_at,
    newest.store_id AS rank_store,
    count(*) OVER () AS total_rows
FROM newest
JOIN {products}.products AS products USING (product_id)
WHERE newest.last_two[1] > newest.last_two[2]
  AND newest.last_two[2] > 0
  AND 100 * (newest.last_two[1] - newest.last_two[2]) >= $min_pct::DECIMAL(14, 4) * newest.last_two[2]
ORDER BY increase_pct DESC, product_id, rank_store
