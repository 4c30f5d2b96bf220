"""How much dearer groceries have become, beside what the official index says. docs/price-index.md has the formula."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field

from gateway.access import Access
from gateway.parameters import AsOf, Category, Day
from gateway.route import Answer, Question, Routes
from readmodel.stores.reading import Row

routes = Routes("public")

Period = Literal["all-time", "1y", "6m", "3m", "1m"]
MONTHS: Final[dict[Period, int | None]] = {"all-time": None, "1y": 12, "6m": 6, "3m": 3, "1m": 1}

IndexValue = Annotated[
    float,
    Field(ge=0, description="A price level; 100 is that of the first month that has one.", examples=[104.27]),
]
Series = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        pattern=r"^[^\x00]*$",
        description="An official series; `CUUR0000SAF11` is food at home in the cities of the USA.",
    ),
]


class IndexMonth(BaseModel):
    """Both indices in one month, null where there is none."""

    month: Annotated[str, Field(pattern=r"^\d{4}-\d{2}$", examples=["2025-11"])]
    cartsnitch_index: IndexValue | None
    cpi: IndexValue | None


class Inflation(BaseModel):
    """The last values of the window, and the months that lead to them.

    Both indices are 100 in the first month shown; a category is 100 in its own first month of the window.
    """

    period: Period
    cartsnitch_index: IndexValue | None
    cpi_baseline: IndexValue | None
    categories: dict[str, IndexValue]
    series: list[IndexMonth]


class InflationWanted(AsOf):
    """How far back from which day, of which goods, and what it is compared with."""

    category: Category = None
    period: Period = "1y"
    until: Day | None = None
    series: Series = "CUUR0000SAF11"

    @property
    def last_day(self) -> date:
        """The last day of the window: today, where none is asked for."""
        return self.until or self.today


@routes.get(
    "/api/v1/public/inflation",
    answers=Inflation,
    asks=InflationWanted,
    reads=["price_index", "price_trends", "stores"],
    access=Access.ANYBODY,
)
async def inflation(question: Question[InflationWanted]) -> Answer:
    """A matched-model price index of all goods, or of a category, beside an official index of consumer prices.

    Each month is compared with the one before it, over the products and stores that have a price in both; an unknown
    category has an empty answer.
    """
    asked = question.asked
    found = await question.view.rows(
        "price_index.inflation",
        until=asked.last_day,
        months=MONTHS[asked.period],
        category=asked.category,
        series=asked.series,
    )
    # Rows are months, or the last values of categories.
    months = [{name: row[name] for name in IndexMonth.model_fields} for row in found if row["category"] is None]
    return Answer(
        {
            "period": asked.period,
            "cartsnitch_index": _last(months, "cartsnitch_index"),
            "cpi_baseline": _last(months, "cpi"),
            "categories": {row["category"]: row["cartsnitch_index"] for row in found if row["category"] is not None},
            "series": months,
        }
    )


def _last(months: Sequence[Row], index: str) -> float | None:
    return next((month[index] for month in reversed(months) if month[index] is not None), None)
