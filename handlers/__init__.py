"""The transport's edge: one FastStream subscriber per stream, each handing what it reads to the feed."""
