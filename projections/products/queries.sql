-- catalogue --
-- The catalogue by name, or what of it has a text just as it is written: for texts without a word in them.
SELECT id, name, brand, category, upc, image_url
FROM {products}.catalogue
WHERE ($category::text IS NULL OR category = $category)
  AND ($text::text IS NULL OR strpos(name, $text) > 0 OR strpos(brand, $text) > 0)
ORDER BY name NULLS LAST, id;

-- product_by_id --
-- One product. Not from the view of the catalogue, which only Postgres has: as of the past DuckDB is asked.
SELECT
    product_id AS id,
    canonical_name AS name,
    brand,
    category,
    upc_variants[1] AS upc,
    image_url
FROM {products}.products
WHERE product_id = $product_id
