-- alerts_by_product --
-- A user's alerts are found through the products bought.
CREATE INDEX alerts_by_product ON alerts (product_id)
