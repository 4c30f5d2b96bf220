"""The two stores: Postgres for rows and lookups, DuckDB for scans. Both commit rows and cursor together."""
