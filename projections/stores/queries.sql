-- all_stores --
-- Every shop, by name.
SELECT store_id AS id, name, slug, logo_url
FROM {stores}.stores
ORDER BY name, store_id
