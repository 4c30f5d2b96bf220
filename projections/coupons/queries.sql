-- active_coupons --
-- One page of the coupons that are good today, soonest to end first: whoever reads no further misses nothing urgent.
SELECT
    coupons.coupon_id AS id,
    coalesce(refs.store_id, coupons.store) AS store_id,
    coalesce(refs.name, coupons.store) AS store_name,
    coupons.title,
    coupons.description,
    coupons.discount_type,
    coupons.discount_value,
    coupons.product_id,
    coupons.requires_clip,
    coupons.coupon_code AS code,
    coupons.valid_to AS expires_at
FROM {coupons}.coupons AS coupons
LEFT JOIN {stores}.store_refs AS refs ON refs.ref = coupons.store
WHERE (coupons.valid_from IS NULL OR coupons.valid_from <= $today)
  AND (coupons.valid_to IS NULL OR coupons.valid_to >= $today)
  AND ($store_id::text IS NULL OR coalesce(refs.store_id, coupons.store) = $store_id)
ORDER BY expires_at NULLS LAST, id;

-- relevant_coupons --
-- Of these, the ones on products that a user has ever bought, then others of stores where the user shops. Who has
-- bought what is known to user_alerts, also from lines that a corrected receipt no longer has; a bar code means the
-- same one product as on a receipt, and is looked up as there.
WITH bought AS (
    SELECT product_id
    FROM {user_alerts}.bought_products
    WHERE user_id = $user_id
    UNION
    SELECT by_upc.product_id
    FROM {user_alerts}.bought_upcs AS bought_upcs
    CROSS JOIN LATERAL (
        SELECT min(product_id::text)::uuid AS product_id
        FROM {products}.products_state AS products
        WHERE products.upc_variants @> ARRAY[bought_upcs.upc COLLATE "default"]
          AND products.upc_variants_at > coalesce(products.removed_at, -1)
    ) AS by_upc
    WHERE bought_upcs.user_id = $user_id
),
shops AS (
    SELECT DISTINCT coalesce(refs.store_id, receipts.store) AS store_id
    FROM {purchases}.receipts AS receipts
    LEFT JOIN {stores}.store_refs AS refs ON refs.ref = receipts.store
    WHERE receipts.user_id = $user_id
)
SELECT
    coupons.coupon_id AS id,
    coalesce(refs.store_id, coupons.store) AS store_id,
    coalesce(refs.name, coupons.store) AS store_name,
    coupons.title,
    coupons.description,
    coupons.discount_type,
    coupons.discount_value,
    coupons.product_id,
    coupons.requires_clip,
    coupons.coupon_code AS code,
    coupons.valid_to AS expires_at,
    bought.product_id IS NOT NULL AS rank_bought,
    shops.store_id IS NOT NULL AS rank_shops_there
FROM {coupons}.coupons AS coupons
LEFT JOIN {stores}.store_refs AS refs ON refs.ref = coupons.store
LEFT JOIN bought ON bought.product_id = coupons.product_id
LEFT JOIN shops ON shops.store_id = coalesce(refs.store_id, coupons.store)
WHERE (coupons.valid_from IS NULL OR coupons.valid_from <= $today)
  AND (coupons.valid_to IS NULL OR coupons.valid_to >= $today)
  AND (bought.product_id IS NOT NULL OR shops.store_id IS NOT NULL)
ORDER BY rank_bought DESC, rank_shops_there DESC, expires_at NULLS LAST, id
