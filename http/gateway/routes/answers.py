"""The parts that several answers are made of. The models document; rows are sent as the queries give them."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from readmodel.stores.reading import Row

Money = Annotated[float, Field(ge=0, description="An amount, to the cent.", examples=[2.49])]
Percent = Annotated[float, Field(description="12.5 means 12.5 %.", examples=[12.5])]
Day = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d{2}-\d{2}T00:00:00$",
        description="A day, as its midnight without a zone.",
        examples=["2025-11-21T00:00:00"],
    ),
]
Instant = Annotated[AwareDatetime, Field(description="A moment in UTC.", examples=["2025-11-21T10:00:00Z"])]
StoreId = Annotated[str, Field(description="A store's UUID; its slug while the store is not known yet.")]


class CurrentPrice(BaseModel):
    """What a product costs in a store: its newest day's price there."""

    store_id: StoreId
    store_name: str
    current_price: Money
    last_seen_at: Day


class PricePoint(BaseModel):
    """What a product cost in a store on a day."""

    date: Day
    price: Money
    store_id: StoreId
    store_name: str


def grouped(rows: Iterable[Row], by: str) -> defaultdict[UUID, list[Row]]:
    """Rows by an id in one of their columns, each without that column, in the order they came."""
    groups: defaultdict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row.pop(by)].append(row)
    return groups
