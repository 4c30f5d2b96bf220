"""The catalogue, and what its products cost and have cost."""

from collections.abc import Mapping, Sequence
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from gateway.paging import Paged
from gateway.parameters import Asked, AsOf, Category, Search, Window
from gateway.problems import NotFound
from gateway.route import Answer, Question, Routes
from gateway.routes.answers import CurrentPrice, PricePoint, grouped
from readmodel.engine.paging import Extent
from readmodel.engine.views import View
from readmodel.events.words import words_of
from readmodel.stores.reading import Row

routes = Routes("products")

SEARCHED = ("products", "product_words")
"""The projections that a search reads."""


Stale = Annotated[bool, Field(description="There, and true, where an event about this could not be taken.")]


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
    stale: Stale = False


class PriceHistory(BaseModel):
    """What a product has cost, oldest first."""

    product_id: UUID
    product_name: str | None
    data_points: list[PricePoint]
    stale: Stale = False


class ProductSearch(Paged):
    """A text in name, brand or bar code, and a category."""

    q: Search = None
    category: Category = None


class OneProduct(Asked):
    """Which product."""

    id: UUID


class HistoryWanted(AsOf, Window):
    """Which product's history, and how much of it."""

    id: UUID
    store_id: UUID | None = None


@routes.get("/api/v1/products", answers=list[Product], asks=ProductSearch, reads=SEARCHED)
async def products(question: Question[ProductSearch]) -> Answer:
    """The catalogue by name, or what of it matches, best first.

    A product matches that has every word of `q` in its name or brand, or all of `q` as a bar code. Words count without
    case and accents, and umlauts in any spelling; also where they begin, end or stand within another word; and those
    that no product's word begins with also with mistakes.
    """
    return Answer(*await matching(question.view, question.asked))


@routes.get(
    "/api/v1/products/{id}",
    answers=PricedProduct,
    asks=OneProduct,
    reads=["products", "price_history", "stores"],
)
async def product(question: Question[OneProduct]) -> Answer:
    """One product, with its current price in each store."""
    found = await known_product(question.view, question.asked.id)
    prices = await current_prices(question.view, [question.asked.id])
    return Answer({**found, "prices_by_store": prices[question.asked.id]})


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


async def matching(view: View, asked: ProductSearch) -> tuple[list[Row], Extent]:
    """One part of what a search finds; the view must show the projections `SEARCHED`."""
    text = (asked.q or "").strip()
    words = sorted(words_of(text), key=len, reverse=True)
    if not words:
        return await view.page("products.catalogue", asked.part(), category=asked.category, text=text or None)
    # Elsewhere these are wild cards, so whoever types one means it.
    signs = sorted(set("%_") & set(text))
    return await view.page(
        "product_words.search", asked.part(), category=asked.category, words=words, signs=signs, code=text
    )


async def current_prices(view: View, product_ids: Sequence[UUID]) -> Mapping[UUID, list[Row]]:
    """What each of some products costs today, as `CurrentPrice`, by name of store."""
    return grouped(await view.rows("price_history.current_prices", product_ids=product_ids), "product_id")


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
