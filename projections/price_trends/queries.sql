-- trend_products --
-- One page of the products that have a price in the window, by name.
SELECT product_id, canonical_name AS product_name
FROM {products}.products AS products
WHERE ($category IS NULL OR products.category = $category)
  AND product_id IN (
      SELECT product_id
      FROM {price_trends}.points_log
      WHERE ($from_day::DATE IS NULL OR day > $from_day::DATE)
        AND ($to_day::DATE IS NULL OR day <= $to_day::DATE)
  )
ORDER BY canonical_name NULLS LAST, product_id;

-- trend_points --
-- The prices of some products in the window, oldest first; one per store and day, however the store was named.
SELECT
    points.product_id,
    points.day AS date,
    points.regular_price AS price,
    coalesce(refs.store_id, points.store) AS store_id,
    coalesce(refs.name, points.store) AS store_name
FROM {price_trends}.points AS points
LEFT JOIN {stores}.store_refs AS refs ON refs.ref = points.store
WHERE points.product_id IN (SELECT unnest($product_ids::UUID[]))
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
FROM {price_trends}.points AS points
LEFT JOIN {stores}.store_refs AS refs ON refs.ref = points.store
WHERE points.product_id IN (SELECT unnest($product_ids::UUID[]))
QUALIFY row_number() OVER (
    PARTITION BY points.product_id, coalesce(refs.store_id, points.store)
    ORDER BY points.day DESC, points.position DESC
) = 1
ORDER BY points.product_id, store_name, store_id;

-- names --
-- What some products are called; those that are not known, or not in the category, are not listed.
SELECT product_id, canonical_name AS product_name
FROM {products}.products
WHERE product_id IN (SELECT unnest($product_ids::UUID[]))
  AND ($category IS NULL OR category = $category);

-- category_products --
-- One page of a category, by name; also products that have no price yet.
SELECT product_id, canonical_name AS product_name
FROM {products}.products
WHERE category = $category
ORDER BY canonical_name NULLS LAST, product_id;

-- baskets --
-- What a category costs in each store: the sum of the current prices of those of its products that the store has.
WITH current_prices AS (
    SELECT
        coalesce(refs.store_id, points.store) AS store_id,
        coalesce(refs.name, points.store) AS store_name,
        points.regular_price
    FROM {price_trends}.points AS points
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
-- Each product and store whose newest price in the window is above the day before it that has one, largest rise
-- first. The percentage is worked out in whole ten-thousandths of decimals and only then becomes a float.
WITH resolved AS (
    SELECT
        points.product_id,
        coalesce(refs.store_id, points.store) AS store_id,
        coalesce(refs.name, points.store) AS store_name,
        points.day,
        points.regular_price,
        points.position
    FROM {price_trends}.points AS points
    LEFT JOIN {stores}.store_refs AS refs ON refs.ref = points.store
    WHERE $to_day::DATE IS NULL OR points.day <= $to_day::DATE
),
steps AS (
    SELECT
        *,
        lag(regular_price) OVER series AS old_price,
        lead(day) OVER series AS next_day
    FROM (
        FROM resolved
        QUALIFY row_number() OVER (PARTITION BY product_id, store_id, day ORDER BY position DESC) = 1
    )
    WINDOW series AS (PARTITION BY product_id, store_id ORDER BY day)
)
SELECT
    steps.product_id,
    products.canonical_name AS product_name,
    steps.store_name,
    steps.old_price,
    steps.regular_price AS new_price,
    100 * (steps.regular_price - steps.old_price) / steps.old_price AS increase_pct,
    steps.day AS detected_at
FROM steps
JOIN {products}.products AS products USING (product_id)
WHERE steps.next_day IS NULL
  AND steps.regular_price > steps.old_price
  AND steps.old_price > 0
  AND ($from_day::DATE IS NULL OR steps.day > $from_day::DATE)
  AND ($category IS NULL OR products.category = $category)
  AND 100 * (steps.regular_price - steps.old_price) >= $min_pct::DECIMAL(14, 4) * steps.old_price
ORDER BY increase_pct DESC, steps.product_id, steps.store_id
