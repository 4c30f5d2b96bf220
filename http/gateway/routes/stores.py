"""The shops."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel

from gateway.access import Access
from gateway.paging import Paged
from gateway.route import Answer, Question, Routes
from readmodel.stores.reading import Row

routes = Routes("stores")


class Location(BaseModel):
    """A branch of a shop; latitude and longitude in degrees (WGS 84), null where nobody knows them."""

    id: UUID
    address: str
    city: str
    state: str
    zip: str
    lat: float | None
    lng: float | None


class Store(BaseModel):
    """A shop whose receipts can be read, with its branches by city."""

    id: UUID
    name: str
    slug: str
    logo_url: str | None
    supported: bool
    locations: list[Location]


@routes.get("/api/v1/stores", answers=list[Store], asks=Paged, reads=["stores"], access=Access.ANYBODY)
async def stores(question: Question[Paged]) -> Answer:
    """Every shop there is, by name."""
    rows, extent = await question.view.page("stores.all_stores", question.asked.part())
    ids = [str(row["id"]) for row in rows]
    by_store = _by_store(await question.view.rows("stores.locations_of_stores", store_ids=ids))
    return Answer([{**row, "supported": True, "locations": by_store[row["id"]]} for row in rows], extent)


def _by_store(locations: Iterable[Row]) -> defaultdict[UUID, list[Row]]:
    found: defaultdict[UUID, list[Row]] = defaultdict(list)
    for row in locations:
        found[row.pop("store_id")].append({**row, "lat": _degrees(row["lat"]), "lng": _degrees(row["lng"])})
    return found


def _degrees(value: Decimal | None) -> float | None:
    # On the wire a Decimal is money, and would be cut to two decimals.
    return None if value is None else float(value)
