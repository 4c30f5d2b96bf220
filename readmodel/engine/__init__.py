"""The engine: keeps projections equal to their definitions. It knows no business noun."""
