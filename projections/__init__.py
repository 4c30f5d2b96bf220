"""One folder per projection: a query over the event log, kept up to date batch by batch."""
