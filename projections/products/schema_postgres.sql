-- products_by_upc --
-- Receipt lines often know only a bar code.
CREATE INDEX products_by_upc ON products_state USING gin (upc_variants) WITH (fastupdate = off);

-- products_by_name --
-- Catalogue pages are in order of name. Here and below an index holds what the view `products` shows, in its words.
CREATE INDEX products_by_name ON products_state (
    (CASE WHEN canonical_name_at > coalesce(removed_at, -1) THEN canonical_name END),
    product_id
)
WHERE saved_at > coalesce(removed_at, -1);

-- products_by_category --
-- The same within a category.
CREATE INDEX products_by_category ON products_state (
    (CASE WHEN category_at > coalesce(removed_at, -1) THEN category END),
    (CASE WHEN canonical_name_at > coalesce(removed_at, -1) THEN canonical_name END),
    product_id
)
WHERE saved_at > coalesce(removed_at, -1);

-- products_by_word --
-- The products that a word names. What waits in a GIN index to be sorted in is read by every search: keep it short.
CREATE INDEX products_by_word ON products_state USING gin (
    (
        CASE WHEN name_words_at > coalesce(removed_at, -1) THEN name_words END
        || CASE WHEN brand_words_at > coalesce(removed_at, -1) THEN brand_words END
    ) COLLATE "C"
)
WITH (gin_pending_list_limit = 256)
WHERE saved_at > coalesce(removed_at, -1);

-- catalogue --
-- Products as they are listed, with what finds them.
CREATE VIEW catalogue AS
SELECT
    product_id AS id,
    canonical_name AS name,
    brand,
    category,
    upc_variants[1] AS upc,
    image_url,
    upc_variants AS codes,
    (name_words || brand_words) COLLATE "C" AS words,
    name_words,
    coalesce(cardinality(name_words), 0) AS name_length
FROM products
