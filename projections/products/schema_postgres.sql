-- products_by_upc --
-- Receipt lines often know only a bar code.
CREATE INDEX products_by_upc ON products_state USING gin (upc_variants);

-- products_by_name --
-- Catalogue pages are in order of name.
CREATE INDEX products_by_name ON products_state (canonical_name, product_id);

-- products_by_category --
-- The same within a category.
CREATE INDEX products_by_category ON products_state (category, canonical_name, product_id)
