-- Rows that no event can be made of, some with neighbours that are good: a receipt is published whole.
INSERT INTO stores (id, name, slug) VALUES ('00000000-0000-4000-8000-000000000b01', 'No slug', '');
INSERT INTO normalized_products (id, canonical_name, upc_variants) VALUES
    ('00000000-0000-4000-8000-000000000b02', 'Object', '{"upc": "1"}'),
    ('00000000-0000-4000-8000-000000000b03', 'NUL', '["1\u0000"]');
INSERT INTO users (id, email, created_at) VALUES ('eternal', 'e@example.org', 'infinity');
INSERT INTO price_history (id, normalized_product_id, store_id, observed_date, regular_price, source,
    created_at)
VALUES
    ('00000000-0000-4000-8000-000000000b04', gen_random_uuid(), gen_random_uuid(), '2024-01-01', 'NaN',
        'receipt', '2024-01-01'),
    ('00000000-0000-4000-8000-000000000b05', gen_random_uuid(), gen_random_uuid(), '0044-03-15 BC', 1,
        'receipt', '2024-01-02');
INSERT INTO purchases (id, user_id, store_id, receipt_id, purchase_date, total, ingested_at) VALUES
    ('00000000-0000-4000-8000-000000000b06', 'u', gen_random_uuid(), 'r', '2024-01-01', -1, '2024-01-01'),
    ('00000000-0000-4000-8000-000000000b07', 'u', gen_random_uuid(), 'r', '2024-01-01', 1, '2024-01-02');
INSERT INTO purchase_items (id, purchase_id, product_name_raw, quantity, unit_price, extended_price, created_at)
VALUES
    ('00000000-0000-4000-8000-000000000b08', '00000000-0000-4000-8000-000000000b07', 'good', 1, 1, 1, '2024-01-01'),
    ('00000000-0000-4000-8000-000000000b09', '00000000-0000-4000-8000-000000000b07', 'returned', -1, 1, 1,
        '2024-01-02'),
    ('00000000-0000-4000-8000-000000000b0a', '00000000-0000-4000-8000-000000000b0b', 'whose?', 1, 1, 1, '2024-01-03');
INSERT INTO coupons (id, store_id, title, discount_type, requires_clip) VALUES
    ('00000000-0000-4000-8000-000000000b0c', gen_random_uuid(), 'Free', 'gift', false);
