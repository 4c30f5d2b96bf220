-- belonging --
-- From which month on, and before which, a product is in which category. Months are counted from the year 0, as
-- 12 * year + month - 1. Most products were only ever in one category; those that moved are few enough to be put in
-- order. Products that were never in any are not listed.
CREATE VIEW belonging AS
WITH categorised AS (
    SELECT
        product_id,
        min(category) AS category,
        min(category) = max(category) AND count(category) = count(*) AS is_constant
    FROM categories_log
    GROUP BY product_id
    HAVING count(category) > 0
),
moved AS (
    SELECT product_id, category, 12 * year(since) + month(since) - 1 AS from_month
    FROM categories_log
    WHERE product_id IN (SELECT product_id FROM categorised WHERE NOT is_constant)
    QUALIFY row_number() OVER (PARTITION BY product_id, since ORDER BY moment DESC, place DESC) = 1
)
SELECT product_id, category, 0 AS from_month, 12 * 10000 AS before_month
FROM categorised
WHERE is_constant
UNION ALL
SELECT
    product_id,
    category,
    from_month,
    lead(from_month, 1, 12 * 10000) OVER (PARTITION BY product_id ORDER BY from_month)
FROM moved
