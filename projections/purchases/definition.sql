-- receipts --
-- One purchase per user and public id. A full form beats a short one, whichever came later.
SELECT
    user_id,
    purchase_id,
    store,
    receipt_number,
    purchase_date,
    item_count,
    total,
    is_full,
    position
FROM receipts_ingested

-- lines --
-- The lines of every form that was sent, by number; the queries show those of the receipt that won, which stand at
-- its position.
SELECT
    receipts.user_id,
    receipts.purchase_id,
    items.line_no,
    items.line_id,
    items.product_id,
    items.upc,
    items.product_name_raw,
    items.quantity,
    items.unit_price,
    items.extended_price,
    items.category_raw,
    receipts.is_full,
    receipts.position
FROM receipts_ingested AS receipts
JOIN receipts_ingested_items AS items ON items.position = receipts.position
