-- points --
-- One price per product, store and day: of several observations of a day, whatever their source, the newest holds.
SELECT
    product_id,
    store,
    observed_date AS day,
    regular_price,
    sale_price,
    loyalty_price,
    coupon_price,
    position
FROM prices_updated
