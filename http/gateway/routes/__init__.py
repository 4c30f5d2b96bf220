"""The routing table: every path that is answered from declarations."""

from gateway.routes import alerts, dead_letters, health, ops, prices, products, public, purchases, stores

ROUTES = (
    *health.routes,
    *stores.routes,
    *products.routes,
    *prices.routes,
    *purchases.routes,
    *alerts.routes,
    *public.routes,
    *ops.routes,
    *dead_letters.routes,
)
