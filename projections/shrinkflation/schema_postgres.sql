-- findings_by_product --
-- A user's alerts are found through the products bought.
CREATE INDEX findings_by_product ON findings (product_id);

-- findings_by_day --
-- The public list is of a window of days, newest first.
CREATE INDEX findings_by_day ON findings (detected_date, alert_id);

-- shrunken_packs --
-- Findings as they are read: each size with its unit, and as a number where the two can be compared.
CREATE VIEW shrunken_packs AS
SELECT
    alert_id,
    product_id,
    product_name,
    detected_date,
    trim(old_size || ' ' || coalesce(old_unit, '')) AS old_size,
    trim(new_size || ' ' || coalesce(new_unit, '')) AS new_size,
    CASE WHEN is_comparable THEN old_size::numeric END AS old_amount,
    CASE WHEN is_comparable THEN new_size::numeric END AS new_amount,
    price_at_old_size AS old_price,
    price_at_new_size AS new_price,
    confidence,
    occurred_at
FROM (
    SELECT
        *,
        old_size ~ '^[0-9]+([.][0-9]+)?$'
        AND new_size ~ '^[0-9]+([.][0-9]+)?$'
        AND old_unit IS NOT DISTINCT FROM new_unit AS is_comparable
    FROM findings
) AS found
