"""What a user bought."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from gateway.paging import Paged
from gateway.parameters import Asked
from gateway.parameters import Day as CalendarDay
from gateway.problems import NotFound
from gateway.route import Answer, Question, Routes
from gateway.routes.answers import Day, Money, StoreId, grouped
from readmodel.engine.views import View
from readmodel.stores.reading import Row

routes = Routes("purchases")

READS = ("purchases", "stores", "products")


class Purchase(BaseModel):
    """A purchase without its lines."""

    id: UUID
    store_id: StoreId
    store_name: str
    purchased_at: Day
    total: Money
    item_count: int


class LineItem(BaseModel):
    """One line of a receipt; the product is null while nobody knows which one it is."""

    id: str
    product_id: UUID | None
    name: str
    quantity: float
    unit_price: Money
    total_price: Money


class ItemizedPurchase(Purchase):
    """A purchase with its lines, in the order printed; none where only a short form was sent."""

    line_items: list[LineItem]


class Spending(BaseModel):
    """What purchases come to. Amounts by store and by category stand largest first, those by month in order.

    The categories are those of receipt lines that have one, so they need not add up to the total.
    """

    total_spent: Money
    purchase_count: int
    by_store: Annotated[dict[str, Money], Field(examples=[{"Greenbasket": 120.5, "Foodhall": 12.3}])]
    by_category: Annotated[dict[str, Money], Field(examples=[{"Dairy": 31.2}])]
    by_period: Annotated[dict[str, Money], Field(examples=[{"2025-10": 60.4, "2025-11": 72.4}])]


class Days(Asked):
    """From which day to which, both included."""

    from_day: Annotated[CalendarDay | None, Field(alias="from")] = None
    to_day: Annotated[CalendarDay | None, Field(alias="to")] = None


class PurchasesWanted(Paged, Days):
    """In which store, and when."""

    store_id: UUID | None = None


class OnePurchase(Asked):
    """Which purchase."""

    id: UUID


@routes.get("/api/v1/purchases", answers=list[Purchase], asks=PurchasesWanted, reads=READS)
async def purchases(question: Question[PurchasesWanted]) -> Answer:
    """The user's purchases, newest first."""
    asked = question.asked
    rows, extent = await question.view.page(
        "purchases.purchases_of_user",
        asked.part(),
        user_id=question.caller.id,
        store_id=asked.store_id and str(asked.store_id),
        from_day=asked.from_day,
        to_day=asked.to_day,
    )
    return Answer(rows, extent)


# Before the path of one purchase, which would take "stats" for its id.
@routes.get("/api/v1/purchases/stats", answers=Spending, asks=Days, reads=READS)
async def spending(question: Question[Days]) -> Answer:
    """What the user's purchases come to, in all and by store, category and month."""
    asked = question.asked
    wanted = {"user_id": question.caller.id, "from_day": asked.from_day, "to_day": asked.to_day}
    listed = await question.view.rows("purchases.purchases_of_user", store_id=None, **wanted)
    categories = await question.view.rows("purchases.spending_by_category", **wanted)
    by_store = _summed((row["store_name"], row["total"]) for row in listed)
    by_month = _summed((f"{row['purchased_at']:%Y-%m}", row["total"]) for row in listed)
    return Answer(
        {
            "total_spent": sum((row["total"] for row in listed), Decimal(0)),
            "purchase_count": len(listed),
            "by_store": _largest_first(by_store),
            "by_category": _largest_first({row["category"]: row["spent"] for row in categories}),
            "by_period": dict(sorted(by_month.items())),
        }
    )


@routes.get("/api/v1/purchases/{id}", answers=ItemizedPurchase, asks=OnePurchase, reads=READS)
async def purchase(question: Question[OnePurchase]) -> Answer:
    """One of the user's purchases, with its lines."""
    view, user_id, purchase_id = question.view, question.caller.id, question.asked.id
    found = await known_purchase(view, user_id, purchase_id)
    lines = await lines_of(view, user_id, [purchase_id])
    return Answer({**found, "line_items": lines[purchase_id]})


async def known_purchase(view: View, user_id: str, purchase_id: UUID) -> Row:
    """The purchase's row; NotFound where this user has none of that id."""
    found = await view.one("purchases.purchase_by_id", purchase_id=purchase_id, user_id=user_id)
    if found is None:
        raise NotFound(what="purchase", key=purchase_id)
    return found


async def lines_of(view: View, user_id: str, purchase_ids: Sequence[UUID]) -> Mapping[UUID, list[Row]]:
    """The lines of some of a user's purchases, as `LineItem`, in the order printed."""
    rows = await view.rows("purchases.lines_of_purchases", user_id=user_id, purchase_ids=purchase_ids)
    # A quantity is no amount of money: 0.354 kg stays 0.354.
    return grouped([{**row, "quantity": float(row["quantity"])} for row in rows], "purchase_id")


def _summed(amounts: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for name, amount in amounts:
        sums[name] += amount
    return sums


def _largest_first(sums: dict[str, Decimal]) -> dict[str, Decimal]:
    return dict(sorted(sums.items(), key=lambda entry: (-entry[1], entry[0])))
