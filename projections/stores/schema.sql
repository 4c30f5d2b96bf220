-- store_refs --
-- Events name a store by id or by slug, and are kept as sent; this is what either of them means today, once. A slug
-- means the store that has it; once nobody has it any more, the one that had it. Should several claim one slug, the
-- one that did so last has it, and a slug that is some store's id means that store.
CREATE VIEW store_refs AS
SELECT
    CAST(store_id AS VARCHAR) AS ref,
    CAST(store_id AS VARCHAR) AS store_id,
    name
FROM stores
UNION ALL
SELECT ref, store_id, name
FROM (
    SELECT
        slugs.slug AS ref,
        CAST(slugs.store_id AS VARCHAR) AS store_id,
        stores.name,
        row_number() OVER (
            PARTITION BY slugs.slug
            ORDER BY slugs.slug = stores.slug DESC, slugs.position DESC
        ) AS nth
    FROM slugs
    JOIN stores ON stores.store_id = slugs.store_id
) AS claims
WHERE nth = 1
  AND ref NOT IN (SELECT CAST(store_id AS VARCHAR) FROM stores)
