"""The catalogue, and what its products cost and have cost."""

from uuid import UUID

from pydantic import BaseModel

from gateway.paging import Paged
from gateway.parameters import Asked, Category, Search, Window
from gateway.problems import NotFound
from gateway.route import Answer, Question, Routes
from gateway.routes.answers import CurrentPrice, PricePoint
from readmodel.engine.views import View
from readmodel.stores.reading import Row

routes = Routes("products")


class Product(BaseModel):
    """A product of the catalogue."""

    id: UUID
    name: str | None
    brand: str | None
    category: str | None
    upc: str | None
    image_url: str | None


class PricedProduct(Product):
    """A product with what it costs today."""

    prices_by_store: list[CurrentPrice]


class PriceHistory(BaseModel):
    """What a product has cost, oldest first."""

    product_id: UUID
    product_name: str | None
    data_points: list[PricePoint]


class ProductSearch(Paged):
    """A text in name, brand or bar code, and a category."""

    q: Search = None
    category: Category = None


class OneProduct(Asked):
    """Which product."""

    id: UUID


class HistoryWanted(Window):
    """Which product's history, and how much of it."""

    id: UUID
    store_id: UUID | None = None


@routes.get("/api/v1/products", answers=list[Product], asks=ProductSearch, reads=["products"])
async def products(question: Question[ProductSearch]) -> Answer:
    """The catalogue, or what of it matches."""
    asked = question.asked
    rows, total = await question.view.page("products.search_products", asked.part(), q=asked.q, category=asked.category)
    return Answer(rows, total)


@routes.get(
    "/api/v1/products/{id}",
    answers=PricedProduct,
    asks=OneProduct,
    reads=["products", "price_history", "stores"],
)
async def product(question: Question[OneProduct]) -> Answer:
    """One product, with its current price in each store."""
    found = await known_product(question.view, question.asked.id)
    prices = await question.view.rows("price_history.current_prices_of_product", product_id=question.asked.id)
    return Answer({**found, "prices_by_store": prices})


@routes.get(
    "/api/v1/products/{id}/prices",
    answers=PriceHistory,
    asks=HistoryWanted,
    reads=["products", "price_history", "stores"],
)
async def product_prices(question: Question[HistoryWanted]) -> Answer:
    """What one product has cost, store by store and day by day, oldest first."""
    asked = question.asked
    return Answer(await price_history(question.view, asked.id, asked, asked.store_id))


async def known_product(view: View, product_id: UUID) -> Row:
    """The product's row; NotFound where the catalogue has none."""
    found = await view.one("products.product_by_id", product_id=product_id)
    if found is None:
        raise NotFound(what="product", key=product_id)
    return found


async def price_history(view: View, product_id: UUID, window: Window, store_id: UUID | None = None) -> Row:
    """A product's prices in a window, as `PriceHistory`; NotFound for a product that is not known."""
    found = await known_product(view, product_id)
    points = await view.rows(
        "price_history.prices_of_product",
        product_id=product_id,
        store_id=store_id and str(store_id),
        **window.bounds(),
    )
    return {"product_id": product_id, "product_name": found["name"], "data_points": points}
