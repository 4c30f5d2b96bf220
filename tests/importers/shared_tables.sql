-- Today's shared database, as its services made it. Without foreign keys, so that tests can break them.
CREATE TYPE account_status AS ENUM ('active', 'expired', 'error');

CREATE TABLE stores (
    id uuid PRIMARY KEY,
    name varchar(100) NOT NULL,
    slug varchar(50) NOT NULL,
    logo_url varchar(500),
    website_url varchar(500),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE store_locations (
    id uuid PRIMARY KEY,
    store_id uuid NOT NULL,
    address varchar(255) NOT NULL,
    city varchar(100) NOT NULL,
    state varchar(50) NOT NULL,
    zip varchar(20) NOT NULL,
    lat double precision,
    lng double precision,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp
);

CREATE TABLE users (
    id varchar(64) PRIMARY KEY,
    email varchar(320) NOT NULL,
    hashed_password varchar(128),
    display_name varchar(1000),
    email_verified boolean NOT NULL DEFAULT false,
    image text,
    email_inbound_token varchar(64),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE user_store_accounts (
    id uuid PRIMARY KEY,
    user_id varchar(64) NOT NULL,
    store_id uuid NOT NULL,
    session_data text,
    session_expires_at timestamptz,
    last_sync_at timestamptz,
    status account_status NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE normalized_products (
    id uuid PRIMARY KEY,
    canonical_name text NOT NULL,
    category varchar(100),
    subcategory varchar(100),
    brand varchar(100),
    size varchar(50),
    size_unit varchar(20),
    upc_variants json,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE price_history (
    id uuid PRIMARY KEY,
    normalized_product_id uuid NOT NULL,
    store_id uuid NOT NULL,
    observed_date date NOT NULL,
    regular_price numeric(10, 2) NOT NULL,
    sale_price numeric(10, 2),
    loyalty_price numeric(10, 2),
    coupon_price numeric(10, 2),
    source varchar(20) NOT NULL,
    purchase_item_id uuid,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE purchases (
    id uuid PRIMARY KEY,
    user_id varchar(64) NOT NULL,
    store_id uuid NOT NULL,
    store_location_id uuid,
    receipt_id varchar(250) NOT NULL,
    purchase_date date NOT NULL,
    total numeric(10, 2) NOT NULL,
    subtotal numeric(10, 2),
    tax numeric(10, 2),
    savings_total numeric(10, 2),
    source_url text,
    raw_data json,
    ingested_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE purchase_items (
    id uuid PRIMARY KEY,
    purchase_id uuid NOT NULL,
    product_name_raw varchar(500) NOT NULL,
    upc varchar(100),
    quantity numeric(10, 3) NOT NULL,
    unit_price numeric(10, 2) NOT NULL,
    extended_price numeric(10, 2) NOT NULL,
    regular_price numeric(10, 2),
    sale_price numeric(10, 2),
    coupon_discount numeric(10, 2),
    loyalty_discount numeric(10, 2),
    category_raw varchar(100),
    normalized_product_id uuid,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE coupons (
    id uuid PRIMARY KEY,
    store_id uuid NOT NULL,
    normalized_product_id uuid,
    title varchar(200) NOT NULL,
    description text,
    discount_type varchar(20) NOT NULL,
    discount_value numeric(10, 2),
    min_purchase numeric(10, 2),
    valid_from date,
    valid_to date,
    requires_clip boolean NOT NULL,
    coupon_code varchar(50),
    source_url varchar(500),
    scraped_at timestamptz
);

CREATE TABLE shrinkflation_events (
    id uuid PRIMARY KEY,
    normalized_product_id uuid NOT NULL,
    detected_date date NOT NULL,
    old_size varchar(50) NOT NULL,
    new_size varchar(50) NOT NULL,
    old_unit varchar(20) NOT NULL,
    new_unit varchar(20) NOT NULL,
    price_at_old_size numeric(10, 2),
    price_at_new_size numeric(10, 2),
    confidence numeric(3, 2) NOT NULL,
    notes text,
    created_at timestamptz NOT NULL DEFAULT now()
);
