-- alerts_by_product --
-- A user's alerts are found through the products bought.
CREATE INDEX alerts_by_product ON alerts (product_id);

-- default_settings --
-- What a user wants who never said so, or took it back.
CREATE VIEW default_settings AS
SELECT
    5 AS price_increase_threshold_pct,
    true AS shrinkflation_enabled,
    false AS email_notifications
