-- categories --
-- Since the first of which month a product is in which category: by the last word on it in that month. Before it was
-- first spoken of, that is since the year 1, the first word holds: the same event with its order turned round.
SELECT
    product_id,
    CAST(date_trunc('month', occurred_at AT TIME ZONE 'UTC') AS DATE) AS since,
    category,
    epoch_us(occurred_at) AS moment,
    position AS place
FROM products_normalized
WHERE has_category
UNION ALL
SELECT
    product_id,
    DATE '0001-01-01',
    category,
    -epoch_us(occurred_at),
    -position
FROM products_normalized
WHERE has_category

-- category_names --
-- Which categories were ever spoken of.
SELECT
    category,
    position
FROM products_normalized
WHERE category IS NOT NULL

-- cpi --
-- What an official index was in a month, as last published.
SELECT
    series,
    period,
    value,
    position
FROM indices_published
