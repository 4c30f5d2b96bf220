-- slugs --
-- Every slug that a store has ever had, and when it was last said to have it: older events go on naming it so.
SELECT slug, store_id, position
FROM stores_updated
