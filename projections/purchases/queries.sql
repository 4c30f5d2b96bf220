-- purchases_of_user --
-- A user's purchases, newest first: what is listed, and what spending is summed over, so that the two cannot disagree.
-- A short form is not shown beside the full form of the same receipt (same store and receipt number), even where the
-- two carry different ids.
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
ORDER BY purchased_at DESC, id;

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

-- lines_of_purchases --
-- The lines of the form that holds. A line without a product finds it by its bar code; of several products that claim
-- one, the least id always. Bar codes are compared in the collation of the list, else its index cannot be used, and the
-- least is that of texts, else the planner may look for it along the primary key.
SELECT
    lines.purchase_id,
    coalesce(lines.line_id::text, lines.purchase_id || '-' || lines.line_no) AS id,
    coalesce(lines.product_id, by_upc.product_id) AS product_id,
    lines.product_name_raw AS name,
    lines.quantity,
    lines.unit_price,
    lines.extended_price AS total_price
FROM {purchases}.receipts AS receipts
JOIN {purchases}.lines AS lines USING (user_id, purchase_id, position)
CROSS JOIN LATERAL (
    SELECT min(product_id::text)::uuid AS product_id
    FROM {products}.products_state AS products
    WHERE lines.product_id IS NULL
      AND products.upc_variants @> ARRAY[lines.upc COLLATE "default"]
      AND products.upc_variants_at > coalesce(products.removed_at, -1)
) AS by_upc
WHERE receipts.purchase_id = ANY($purchase_ids::uuid[])
  AND receipts.user_id = $user_id
ORDER BY lines.purchase_id, lines.line_no;

-- spending_by_category --
-- What the lines of a user's purchases come to by category: that which the product has today, else the one printed.
-- Which purchases are listed need not be asked here: only a short form may be hidden, and a short form has no lines.
-- Summed by product first, because a user buys the same things again and again. Bar codes are looked up as above.
WITH bought AS (
    SELECT
        lines.product_id,
        CASE WHEN lines.product_id IS NULL THEN lines.upc END AS upc,
        nullif(lines.category_raw, '') AS category_raw,
        sum(lines.extended_price) AS spent
    FROM {purchases}.receipts AS receipts
    JOIN {purchases}.lines AS lines USING (user_id, purchase_id, position)
    WHERE receipts.user_id = $user_id
      AND ($from_day::date IS NULL OR receipts.purchase_date >= $from_day)
      AND ($to_day::date IS NULL OR receipts.purchase_date <= $to_day)
    GROUP BY 1, 2, 3
),
categorized AS (
    SELECT coalesce(nullif(products.category, ''), bought.category_raw) AS category, bought.spent
    FROM bought
    CROSS JOIN LATERAL (
        SELECT min(product_id::text)::uuid AS product_id
        FROM {products}.products_state AS products
        WHERE products.upc_variants @> ARRAY[bought.upc COLLATE "default"]
          AND products.upc_variants_at > coalesce(products.removed_at, -1)
    ) AS by_upc
    LEFT JOIN {products}.products AS products ON products.product_id = coalesce(bought.product_id, by_upc.product_id)
)
SELECT category, sum(spent) AS spent
FROM categorized
WHERE category IS NOT NULL
GROUP BY category
ORDER BY category
