-- prices --
-- Prices of 200,000 products in 5 shops, a day after the other; every twentieth is a second one of its day. The columns
-- are what decoding makes of the bytes beside them, which the benchmark checks by decoding some.
SELECT
    (1700000000000 + number) << 21 AS position,
    'price-' || number AS event_id,
    TIMESTAMPTZ '2024-01-01 00:00:00Z' AS occurred_at,
    'generated' AS source,
    product_id,
    'shop-' || series % 5 AS store,
    day AS observed_date,
    CAST(price AS DECIMAL(13, 4)) AS regular_price,
    CAST(NULL AS DECIMAL(13, 4)) AS sale_price,
    CAST(NULL AS DECIMAL(13, 4)) AS loyalty_price,
    CAST(NULL AS DECIMAL(13, 4)) AS coupon_price,
    '' AS observed_by,
    encode(
        '{"type":"cartsnitch.prices.updated","id":"price-' || number
        || '","time":"2024-01-01T00:00:00Z","source":"generated","data":{"product_id":"' || product_id
        || '","store_slug":"shop-' || series % 5
        || '","observed_date":"' || day
        || '","regular_price":"' || price || '"}}'
    ) AS raw
FROM (
    SELECT
        number,
        number % 1000000 AS series,
        CAST(CAST(md5(CAST(number % 1000000 // 5 AS VARCHAR)) AS UUID) AS VARCHAR) AS product_id,
        DATE '2020-01-01' + CAST(number // 1000000 - (CASE WHEN number % 20 = 0 AND number >= 1000000 THEN 1 ELSE 0 END) AS INTEGER) AS day,
        CAST(0.5 + number * 7919 % 9973 / 100 AS DECIMAL(13, 2)) AS price
    FROM range($first::BIGINT, $last::BIGINT) AS numbers(number)
)
