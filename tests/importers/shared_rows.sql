-- Rows as they occur: whole ones, some with all that may be null, in several scripts. All of them can be published.
INSERT INTO stores (id, name, slug, logo_url, created_at, updated_at) VALUES
    ('00000000-0000-4000-8000-0000000000a1', 'Grün & Söhne', 'gruen', 'https://gruen.example/logo.svg',
        '2024-01-01 08:00+00', '2024-02-01 10:30:00.5+02'),
    ('00000000-0000-4000-8000-0000000000a2', '食料品店', 'shokuryo', NULL, '2024-01-02 08:00+00', '2024-01-02 08:00+00');

INSERT INTO store_locations (id, store_id, address, city, state, zip, lat, lng, created_at) VALUES
    ('00000000-0000-4000-8000-0000000000b1', '00000000-0000-4000-8000-0000000000a1', 'Ring 1', 'Wien', 'W', '01010',
        48.2082, 16.3738, '2024-01-01 09:00');

INSERT INTO normalized_products (id, canonical_name, category, brand, size, size_unit, upc_variants, updated_at) VALUES
    ('00000000-0000-4000-8000-0000000000c1', 'Crème fraîche 🥛', 'Dairy', 'Ø', '200', 'g', '["4001", "", "4002", null]',
        '2024-03-01 00:00+00'),
    ('00000000-0000-4000-8000-0000000000c2', 'Milk', NULL, NULL, NULL, NULL, NULL, '2024-03-02 00:00+00'),
    ('00000000-0000-4000-8000-0000000000c3', 'Bread', NULL, NULL, NULL, NULL, '"0005001"', '2024-03-03 00:00+00'),
    ('00000000-0000-4000-8000-0000000000c4', 'Eggs', NULL, NULL, NULL, NULL, '"[6001, \"6002\"]"', '2024-03-04 00:00+00');

INSERT INTO users (id, email, hashed_password, display_name, email_inbound_token, image, created_at) VALUES
    ('auth0|Ann', 'ann@example.org', '$2b$12$hash-of-ann', 'Ann Ünal', 'inbox-ann', 'ann.png', '2024-01-05 12:00+00'),
    ('00000000-0000-4000-8000-0000000000d2', 'ben@example.org', '$2b$12$hash-of-ben', NULL, NULL, NULL,
        '2024-01-06 12:00+00');

INSERT INTO user_store_accounts (id, user_id, store_id, session_data, last_sync_at, status, created_at, updated_at)
VALUES
    ('00000000-0000-4000-8000-0000000000e1', 'auth0|Ann', '00000000-0000-4000-8000-0000000000a1', 'session-of-ann',
        '2024-02-01 06:00+00', 'active', '2024-01-07 12:00+00', '2024-02-01 06:00+00'),
    ('00000000-0000-4000-8000-0000000000e2', 'auth0|Ann', '00000000-0000-4000-8000-0000000000a2', 'session-of-ann',
        '2024-02-02 06:00+00', 'expired', '2024-01-08 12:00+00', '2024-02-03 06:00+00'),
    ('00000000-0000-4000-8000-0000000000e3', '00000000-0000-4000-8000-0000000000d2',
        '00000000-0000-4000-8000-0000000000a1', NULL, NULL, 'error', '2024-01-09 12:00+00', '2024-01-09 12:30+00');

INSERT INTO price_history (id, normalized_product_id, store_id, observed_date, regular_price, sale_price, source,
    purchase_item_id, created_at)
VALUES
    ('00000000-0000-4000-8000-0000000000f1', '00000000-0000-4000-8000-0000000000c1',
        '00000000-0000-4000-8000-0000000000a1', '2024-02-10', 2.49, 1.99, 'receipt',
        '00000000-0000-4000-8000-000000000212', '2024-02-11 07:00+00'),
    ('00000000-0000-4000-8000-0000000000f0', '00000000-0000-4000-8000-0000000000c1',
        '00000000-0000-4000-8000-0000000000a1', '2024-02-10', 2.59, NULL, 'receipt', NULL, '2024-02-12 07:00+00');

INSERT INTO purchases (id, user_id, store_id, receipt_id, purchase_date, total, subtotal, tax, savings_total, raw_data,
    ingested_at)
VALUES
    ('00000000-0000-4000-8000-000000000101', 'auth0|Ann', '00000000-0000-4000-8000-0000000000a1', 'r/1', '2024-02-10',
        5.34, 5.00, 0.34, 0.50, '{"raw": 1}', '2024-02-11 07:00+00'),
    ('00000000-0000-4000-8000-000000000102', '00000000-0000-4000-8000-0000000000d2',
        '00000000-0000-4000-8000-0000000000a2', '0002', '2024-02-12', 9.00, NULL, NULL, NULL, NULL,
        '2024-02-12 07:00+00');

INSERT INTO purchase_items (id, purchase_id, product_name_raw, upc, quantity, unit_price, extended_price,
    loyalty_discount, normalized_product_id, created_at)
VALUES
    ('00000000-0000-4000-8000-000000000212', '00000000-0000-4000-8000-000000000101', 'CREME FR', '4001', 1, 2.49, 2.49,
        0.50, '00000000-0000-4000-8000-0000000000c1', '2024-02-11 07:00:01+00'),
    ('00000000-0000-4000-8000-000000000211', '00000000-0000-4000-8000-000000000101', 'ÄPFEL', '', 0.354, 8.05, 2.85,
        NULL, NULL, '2024-02-11 07:00:02+00');

INSERT INTO coupons (id, store_id, title, discount_type, discount_value, valid_to, requires_clip, scraped_at) VALUES
    ('00000000-0000-4000-8000-000000000301', '00000000-0000-4000-8000-0000000000a1', '10 % off', 'percent', 10.00,
        '2024-12-31', true, '2024-02-20 05:00+00'),
    ('00000000-0000-4000-8000-000000000302', '00000000-0000-4000-8000-0000000000a2', 'One free', 'bogo', NULL, NULL,
        false, NULL);

INSERT INTO shrinkflation_events (id, normalized_product_id, detected_date, old_size, new_size, old_unit, new_unit,
    price_at_old_size, confidence, notes, created_at)
VALUES
    ('00000000-0000-4000-8000-000000000401', '00000000-0000-4000-8000-0000000000c1', '2024-02-21', '250', '200', 'g',
        'g', 2.49, 0.95, 'Same price, less in it.', '2024-02-21 05:00+00');
