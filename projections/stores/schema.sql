-- store_refs --
-- Events name a store by id or by slug, and are kept as sent; this is what either of them means today, once: should
-- two stores claim one slug, the one saved last has it, and a slug that is some store's id means that store.
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
        slug AS ref,
        CAST(store_id AS VARCHAR) AS store_id,
        name,
        row_number() OVER (PARTITION BY slug ORDER BY saved_at DESC) AS nth
    FROM stores_state
) AS claims
WHERE nth = 1
  AND ref NOT IN (SELECT CAST(store_id AS VARCHAR) FROM stores)
