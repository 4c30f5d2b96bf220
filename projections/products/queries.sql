-- search_products --
-- One page of the catalogue: a text in name or brand, or a whole bar code. strpos, so that % and _ mean themselves;
-- the database's own collation, because the columns' "C" knows no lower case of Ä.
SELECT product_id AS id, canonical_name AS name, brand, category, upc_variants[1] AS upc, image_url
FROM {products}.products
WHERE ($category::text IS NULL OR category = $category)
  AND (
      $q::text IS NULL
      OR strpos(lower(canonical_name COLLATE "default"), lower($q)) > 0
      OR strpos(lower(brand COLLATE "default"), lower($q)) > 0
      OR upc_variants @> ARRAY[$q::text]
  )
ORDER BY canonical_name, product_id;

-- product_by_id --
-- One product.
SELECT product_id AS id, canonical_name AS name, brand, category, upc_variants[1] AS upc, image_url
FROM {products}.products
WHERE product_id = $product_id
