-- alerts --
-- Which prices rose, whoever it concerns.
SELECT
    alert_id,
    product_id,
    store,
    old_price,
    new_price,
    change_percent,
    occurred_at,
    position
FROM alerts_price_increase

-- bought_products --
-- Who has ever bought what: any receipt line counts, also one that a later form of the receipt no longer has.
SELECT
    receipts.user_id,
    items.product_id,
    receipts.position
FROM receipts_ingested AS receipts
JOIN receipts_ingested_items AS items ON items.position = receipts.position
WHERE items.product_id IS NOT NULL

-- bought_upcs --
-- The same for lines that know only a bar code, which may find its product later.
SELECT
    receipts.user_id,
    items.upc,
    receipts.position
FROM receipts_ingested AS receipts
JOIN receipts_ingested_items AS items ON items.position = receipts.position
WHERE items.product_id IS NULL
  AND items.upc IS NOT NULL

-- read_alerts --
-- What a user has seen.
SELECT
    user_id,
    alert_id,
    position
FROM users_alert_read
