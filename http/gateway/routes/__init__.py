"""The routing table: every path that is answered from declarations."""

from gateway.routes import (
    alerts,
    coupons,
    dead_letters,
    frontend,
    health,
    inflation,
    me,
    ops,
    prices,
    products,
    public,
    purchases,
    scraping,
    shopping,
    shrinkflation,
    stores,
)

ROUTES = (
    *health.routes,
    *stores.routes,
    *products.routes,
    *prices.routes,
    *purchases.routes,
    *coupons.routes,
    *shopping.routes,
    *alerts.routes,
    *me.routes,
    *scraping.routes,
    *public.routes,
    *inflation.routes,
    *shrinkflation.routes,
    *frontend.routes,
    *ops.routes,
    *dead_letters.routes,
)
