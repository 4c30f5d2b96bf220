"""Packs that got smaller, for anybody to see."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from gateway.access import Access
from gateway.paging import Paged
from gateway.parameters import INTEGER, Category, PublicWindow
from gateway.route import Answer, Question, Routes
from gateway.routes.answers import Day, Money, Percent
from readmodel.stores.reading import Row

routes = Routes("public")


class ShrunkenPack(BaseModel):
    """A pack that got smaller. A change is null where what it is worked out from is missing or no number."""

    id: UUID
    product_id: UUID
    product_name: str | None
    old_size: str = Field(examples=["12 oz"])
    new_size: str = Field(examples=["10.8 oz"])
    size_change_pct: Percent | None
    old_price: Money | None
    new_price: Money | None
    unit_price_change_pct: Percent | None
    detected_at: Day
    confidence: str | None = Field(description="How sure ShrinkRay is, in its own terms.", examples=["0.9"])


class ShrinkflationWanted(Paged, PublicWindow):
    """Of which products, and when it was noticed."""

    days: Annotated[int, Field(ge=1, le=365), INTEGER] | None = 365
    category: Category = None


@routes.get(
    "/api/v1/public/shrinkflation",
    answers=list[ShrunkenPack],
    asks=ShrinkflationWanted,
    reads=["shrinkflation", "products"],
    access=Access.ANYBODY,
)
async def shrinkflation(question: Question[ShrinkflationWanted]) -> Answer:
    """The packs found to have got smaller, newest first."""
    asked = question.asked
    rows, extent = await question.view.page(
        "shrinkflation.shrunken_packs_found", asked.part(), category=asked.category, **asked.bounds()
    )
    return Answer([_pack(row) for row in rows], extent)


def _pack(row: Row) -> Row:
    changes = ("size_change_pct", "unit_price_change_pct")
    return {**row, **{name: _number(row[name]) for name in changes}}


def _number(percent: Decimal | None) -> float | None:
    # No amount of money.
    return None if percent is None else float(percent)
