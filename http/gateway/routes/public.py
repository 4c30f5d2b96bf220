"""What anybody may ask, without an account."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from gateway.access import Access
from gateway.paging import Paged
from gateway.parameters import DISTINCT, SEPARATED, AsOf, Category, PublicWindow
from gateway.problems import ParametersInvalid
from gateway.route import Answer, Question, Routes
from gateway.routes.answers import Money, StoreId
from gateway.routes.prices import READS, Comparison, compared, in_order, texts
from gateway.routes.products import PriceHistory, price_history
from readmodel.stores.reading import Row

routes = Routes("public")


class Basket(BaseModel):
    """What the compared products cost in one store, as far as it has them."""

    store_id: StoreId
    store_name: str
    basket_total: Money
    items_compared: int


class StoreComparison(BaseModel):
    """Stores side by side."""

    products: list[Comparison]
    stores: list[Basket]


class TrendWanted(AsOf, PublicWindow):
    """Which product, and how much of its history."""

    product_id: UUID


class StoreComparisonWanted(Paged, AsOf):
    """Some products, a whole category, or those of the products that are in the category."""

    product_ids: Annotated[list[UUID], Field(min_length=1, max_length=20), SEPARATED, DISTINCT] = Field(
        default_factory=list
    )
    category: Category = None


@routes.get(
    "/api/v1/public/trends/{product_id}",
    answers=PriceHistory,
    asks=TrendWanted,
    reads=["products", "price_history", "stores"],
    access=Access.ANYBODY,
)
async def public_trend(question: Question[TrendWanted]) -> Answer:
    """What one product has cost, store by store and day by day, oldest first."""
    return Answer(await price_history(question.view, question.asked.product_id, question.asked))


@routes.get(
    "/api/v1/public/store-comparison",
    answers=StoreComparison,
    asks=StoreComparisonWanted,
    reads=READS,
    access=Access.ANYBODY,
)
async def store_comparison(question: Question[StoreComparisonWanted]) -> Answer:
    """What a basket costs in each store.

    The basket is the asked products, or a whole category, of which `products` then shows one page.
    """
    if question.asked.product_ids:
        return await _of_products(question)
    if question.asked.category:
        return await _of_category(question)
    raise ParametersInvalid({"field": "product_ids", "message": "name products or a category", "type": "missing"})


async def _of_products(question: Question[StoreComparisonWanted]) -> Answer:
    ids, category = question.asked.product_ids, question.asked.category
    known = await question.view.rows("price_trends.names", product_ids=texts(ids), category=category)
    products = await compared(question.view, in_order(known, ids))
    return Answer({"products": products, "stores": _baskets(products)})


async def _of_category(question: Question[StoreComparisonWanted]) -> Answer:
    view, category = question.view, question.asked.category
    found, total = await view.page("price_trends.category_products", question.asked.part(), category=category)
    baskets = await view.rows("price_trends.baskets", category=category)
    return Answer({"products": await compared(view, found), "stores": baskets}, total)


def _baskets(products: Sequence[Row]) -> list[Row]:
    """The same as the query `baskets`, over prices that have been read already."""
    stores: dict[tuple[str, str], list[Row]] = {}
    for price in (price for product in products for price in product["prices"]):
        stores.setdefault((price["store_name"], price["store_id"]), []).append(price)
    return [
        {
            "store_id": store_id,
            "store_name": name,
            "basket_total": sum(price["current_price"] for price in prices),
            "items_compared": len(prices),
        }
        for (name, store_id), prices in sorted(stores.items())
    ]
