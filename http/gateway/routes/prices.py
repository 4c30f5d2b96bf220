"""Prices of many products at once."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from gateway.paging import Paged
from gateway.parameters import DECIMAL, DISTINCT, SEPARATED, AsOf, Category, Window
from gateway.route import Answer, Question, Routes
from gateway.routes.answers import CurrentPrice, Day, Money, Percent, grouped
from gateway.routes.products import PriceHistory
from readmodel.engine.views import View
from readmodel.stores.reading import Row

routes = Routes("prices")

READS = ("price_trends", "products", "stores")
_HUNDREDTH = Decimal("0.01")


class Increase(BaseModel):
    """A newest price above the one before it, in one store."""

    product_id: UUID
    product_name: str | None
    store_name: str
    old_price: Money
    new_price: Money
    increase_pct: Percent
    detected_at: Day


class Comparison(BaseModel):
    """What one product costs in each store that has it."""

    product_id: UUID
    product_name: str | None
    prices: list[CurrentPrice]


class TrendsWanted(Paged, AsOf, Window):
    """Which products, and how much of their history."""

    category: Category = None


class IncreasesWanted(Paged, AsOf, Window):
    """How large a rise is wanted, of which products, and when."""

    min_pct: Annotated[Decimal, Field(ge=0, le=1_000_000), DECIMAL] = Decimal(0)
    category: Category = None


class ComparisonWanted(AsOf):
    """Which products."""

    product_ids: Annotated[list[UUID], Field(min_length=1, max_length=100), SEPARATED, DISTINCT]


@routes.get("/api/v1/prices/trends", answers=list[PriceHistory], asks=TrendsWanted, reads=READS)
async def price_trends(question: Question[TrendsWanted]) -> Answer:
    """The price histories of the products that have a price in the window, by name of product."""
    asked, bounds = question.asked, question.asked.bounds()
    found, total = await question.view.page(
        "price_trends.trend_products", asked.part(), category=asked.category, **bounds
    )
    points = await question.view.rows("price_trends.trend_points", product_ids=_ids(found), **bounds)
    by_product = grouped(points, "product_id")
    return Answer([{**row, "data_points": by_product[row["product_id"]]} for row in found], total)


@routes.get("/api/v1/prices/increases", answers=list[Increase], asks=IncreasesWanted, reads=READS)
async def price_increases(question: Question[IncreasesWanted]) -> Answer:
    """The newest price of each product and store that is above the one before it, largest rise first."""
    asked = question.asked
    rows, total = await question.view.page(
        "price_trends.increases",
        asked.part(),
        min_pct=asked.min_pct,
        category=asked.category,
        **asked.bounds(),
    )
    return Answer([{**row, "increase_pct": _rise(row["old_price"], row["new_price"])} for row in rows], total)


@routes.get("/api/v1/prices/comparison", answers=list[Comparison], asks=ComparisonWanted, reads=READS)
async def price_comparison(question: Question[ComparisonWanted]) -> Answer:
    """What the asked products cost in each store, in the order asked; unknown ones are left out."""
    ids = question.asked.product_ids
    known = await question.view.rows("price_trends.names", product_ids=texts(ids), category=None)
    return Answer(await compared(question.view, in_order(known, ids)))


async def compared(view: View, products: Sequence[Row]) -> list[Row]:
    """Rows of `product_id` and `product_name` with their current prices, as `Comparison`."""
    prices = grouped(await view.rows("price_trends.current_prices", product_ids=_ids(products)), "product_id")
    return [{**row, "prices": prices[row["product_id"]]} for row in products]


def in_order(products: Iterable[Row], ids: Sequence[UUID]) -> list[Row]:
    """The rows that there are, in the order of their ids."""
    by_id = {row["product_id"]: row for row in products}
    return [by_id[product_id] for product_id in ids if product_id in by_id]


def texts(ids: Iterable[UUID]) -> list[str]:
    """Ids as DuckDB takes a list of them."""
    return [str(each) for each in ids]


def _ids(rows: Iterable[Row]) -> list[str]:
    return texts(row["product_id"] for row in rows)


def _rise(old: Decimal, new: Decimal) -> float:
    return float((100 * (new - old) / old).quantize(_HUNDREDTH, ROUND_HALF_UP))
