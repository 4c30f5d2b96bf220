-- purchases_of_user --
-- One page of a user's purchases, newest first. A short form is not shown beside the full form of the same receipt
-- (same store and receipt number), even where the two carry different ids.
WITH own AS (
    SELECT
        receipts.*,
        coalesce(refs.store_id, receipts.store) AS store_id,
        coalesce(refs.name, receipts.store) AS store_name
    FROM {purchases}.receipts AS receipts
    LEFT JOIN {stores}.store_refs AS refs ON refs.ref = receipts.store
    WHERE receipts.user_id = $user_id
)
SELECT purchase_id AS id, store_id, store_name, purchase_date AS purchased_at, total, item_count
FROM own
WHERE ($store_id::text IS NULL OR store_id = $store_id)
  AND ($from_day::date IS NULL OR purchase_date >= $from_day)
  AND ($to_day::date IS NULL OR purchase_date <= $to_day)
  AND NOT EXISTS (
      SELECT FROM own AS full_form
      WHERE full_form.is_full
        AND NOT own.is_full
        AND own.receipt_number <> ''
        AND full_form.receipt_number = own.receipt_number
        AND full_form.store_id = own.store_id
  )
ORDER BY purchase_date DESC, purchase_id;

-- purchase_by_id --
-- One purchase; another user's is not found.
SELECT
    receipts.purchase_id AS id,
    coalesce(refs.store_id, receipts.store) AS store_id,
    coalesce(refs.name, receipts.store) AS store_name,
    receipts.purchase_date AS purchased_at,
    receipts.total,
    receipts.item_count
FROM {purchases}.receipts AS receipts
LEFT JOIN {stores}.store_refs AS refs ON refs.ref = receipts.store
WHERE receipts.purchase_id = $purchase_id
  AND receipts.user_id = $user_id;

-- lines_of_purchase --
-- The lines of the form that holds. A line without a product finds it by its bar code.
SELECT
    coalesce(lines.line_id::text, lines.purchase_id || '-' || lines.line_no) AS id,
    coalesce(lines.product_id, by_upc.product_id) AS product_id,
    lines.product_name_raw AS name,
    lines.quantity,
    lines.unit_price,
    lines.extended_price AS total_price
FROM {purchases}.receipts AS receipts
JOIN {purchases}.lines AS lines USING (user_id, purchase_id, position)
LEFT JOIN LATERAL (
    SELECT product_id
    FROM {products}.products_state AS products
    WHERE lines.product_id IS NULL
      AND products.upc_variants @> ARRAY[lines.upc]
      AND products.upc_variants_at > coalesce(products.removed_at, -1)
    ORDER BY product_id
    LIMIT 1
) AS by_upc ON true
WHERE receipts.purchase_id = $purchase_id
  AND receipts.user_id = $user_id
ORDER BY lines.line_no
