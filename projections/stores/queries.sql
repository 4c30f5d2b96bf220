-- all_stores --
-- Every shop, by name.
SELECT store_id AS id, name, slug, logo_url
FROM {stores}.stores
ORDER BY name, id;

-- locations_of_stores --
-- The branches of some shops, by city.
SELECT store_id, location_id AS id, address, city, state, zip, lat, lng
FROM {stores}.locations
WHERE store_id = ANY($store_ids::uuid[])
ORDER BY city, id
