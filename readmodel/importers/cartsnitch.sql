-- prepare --
-- Only for this transaction: texts in one form whatever the server's defaults; a load of an hour is no mistake; plan for
-- all rows, not for the first; and rather an error than rows that a policy hides, which would be lost silently.
SELECT
    set_config('TimeZone', 'UTC', true),
    set_config('DateStyle', 'ISO', true),
    set_config('statement_timeout', '0', true),
    set_config('idle_in_transaction_session_timeout', '0', true),
    set_config('cursor_tuple_fraction', '1', true),
    set_config('row_security', 'off', true);

-- columns --
-- What a table has, found as a query would find it: through the search path. No rows, no table.
SELECT attname::text
FROM pg_attribute
WHERE attrelid = to_regclass(quote_ident($table)) AND attnum > 0 AND NOT attisdropped;

-- count --
-- In the same snapshot as the rows, so that both must agree.
SELECT count(*) FROM {table};

-- rows --
-- One table. Everything as text, so that Postgres can hand over whatever it holds and a bad value costs one row.
SELECT {columns} FROM {table} AS stated ORDER BY {order};

-- purchases --
-- Purchases, each with its items behind it: Postgres sorts and merges, also what does not fit into its memory. FULL,
-- because a purchase without items is one too, and an item without its purchase must not go unnoticed.
SELECT {columns}, {item_columns}
FROM {table} AS stated
FULL JOIN {items} AS item ON item.purchase_id = stated.id
ORDER BY {order}, {item_order}
