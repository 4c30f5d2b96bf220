"""What the web frontend reads: the same answers in its own words, which frontend_views.py has."""

from gateway.paging import Paged
from gateway.route import Answer, Question, Routes
from gateway.routes.coupons import CouponsWanted, coupons
from gateway.routes.frontend_views import (
    FrontendAlert,
    FrontendCoupon,
    FrontendPrice,
    FrontendProduct,
    FrontendPurchase,
    Slugs,
    alert_view,
    coupon_view,
    price_view,
    product_view,
    purchase_view,
)
from gateway.routes.products import (
    SEARCHED,
    HistoryWanted,
    OneProduct,
    ProductSearch,
    current_prices,
    known_product,
    product_prices,
    products,
)
from gateway.routes.purchases import OnePurchase, PurchasesWanted, known_purchase, lines_of, purchases
from readmodel.engine.views import View

routes = Routes("frontend")

PURCHASES = ("purchases", "stores", "products")
PRODUCTS = (*SEARCHED, "price_history", "stores")
ALERTS = ("user_alerts", "shrinkflation", "products", "stores")


@routes.get("/api/app/purchases", answers=list[FrontendPurchase], asks=PurchasesWanted, reads=PURCHASES)
async def frontend_purchases(question: Question[PurchasesWanted]) -> Answer:
    """The user's purchases with their lines, newest first."""
    found = await purchases(question)
    ids = [row["id"] for row in found.body]
    lines = await lines_of(question.view, question.caller.id, ids)
    slugs = await _slugs(question.view)
    return Answer([purchase_view(row, lines[row["id"]], slugs) for row in found.body], found.extent)


@routes.get("/api/app/purchases/{id}", answers=FrontendPurchase, asks=OnePurchase, reads=PURCHASES)
async def frontend_purchase(question: Question[OnePurchase]) -> Answer:
    """One of the user's purchases with its lines."""
    found = await known_purchase(question.view, question.caller.id, question.asked.id)
    lines = await lines_of(question.view, question.caller.id, [question.asked.id])
    return Answer(purchase_view(found, lines[question.asked.id], await _slugs(question.view)))


@routes.get("/api/app/products", answers=list[FrontendProduct], asks=ProductSearch, reads=PRODUCTS)
async def frontend_products(question: Question[ProductSearch]) -> Answer:
    """The catalogue, or what of it matches, with prices."""
    found = await products(question)
    prices = await current_prices(question.view, [row["id"] for row in found.body])
    slugs = await _slugs(question.view)
    return Answer([product_view(row, prices[row["id"]], slugs) for row in found.body], found.extent)


@routes.get("/api/app/products/{id}", answers=FrontendProduct, asks=OneProduct, reads=PRODUCTS)
async def frontend_product(question: Question[OneProduct]) -> Answer:
    """One product with its prices."""
    found = await known_product(question.view, question.asked.id)
    prices = await current_prices(question.view, [question.asked.id])
    return Answer(product_view(found, prices[question.asked.id], await _slugs(question.view)))


@routes.get("/api/app/products/{id}/prices", answers=list[FrontendPrice], asks=HistoryWanted, reads=PRODUCTS)
async def frontend_prices(question: Question[HistoryWanted]) -> Answer:
    """What one product has cost, oldest first."""
    history = (await product_prices(question)).body
    slugs = await _slugs(question.view)
    return Answer([price_view(point, slugs) for point in history["data_points"]])


@routes.get("/api/app/coupons", answers=list[FrontendCoupon], asks=CouponsWanted, reads=["coupons", "stores"])
async def frontend_coupons(question: Question[CouponsWanted]) -> Answer:
    """The coupons that are good today, soonest to expire first."""
    found = await coupons(question)
    return Answer([coupon_view(row) for row in found.body], found.extent)


@routes.get("/api/app/alerts", answers=list[FrontendAlert], asks=Paged, reads=ALERTS)
async def frontend_alerts(question: Question[Paged]) -> Answer:
    """What became dearer of what the user buys, newest first."""
    rows, extent = await question.view.page(
        "user_alerts.alerts_of_user",
        question.asked.part(),
        user_id=question.caller.id,
        unread=None,
        alert_type="price_increase",
    )
    return Answer([alert_view(row) for row in rows], extent)


async def _slugs(view: View) -> Slugs:
    return {str(row["id"]): row["slug"] for row in await view.rows("stores.all_stores")}
