"""The event contracts: one module per stream, one frozen model per event type."""
