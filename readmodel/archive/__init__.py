"""The archive: every stream cut into segments of Parquet files, with manifests that say what is whole."""
