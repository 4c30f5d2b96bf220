-- findings --
-- What was found, whoever it concerns.
SELECT
    alert_id,
    product_id,
    product_name,
    detected_date,
    old_size,
    new_size,
    old_unit,
    new_unit,
    price_at_old_size,
    price_at_new_size,
    confidence,
    occurred_at,
    position
FROM alerts_shrinkflation
