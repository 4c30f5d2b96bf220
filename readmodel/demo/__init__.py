"""A made-up market to try the service with: its events, seeded and repeatable."""
