"""What a user bought."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from gateway.paging import Paged
from gateway.parameters import Asked
from gateway.parameters import Day as CalendarDay
from gateway.problems import NotFound
from gateway.route import Answer, Question, Routes
from gateway.routes.answers import Day, Money, StoreId

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


class PurchasesWanted(Paged):
    """In which store, from which day to which, both included."""

    store_id: UUID | None = None
    from_day: Annotated[CalendarDay | None, Field(alias="from")] = None
    to_day: Annotated[CalendarDay | None, Field(alias="to")] = None


class OnePurchase(Asked):
    """Which purchase."""

    id: UUID


@routes.get("/api/v1/purchases", answers=list[Purchase], asks=PurchasesWanted, reads=READS)
async def purchases(question: Question[PurchasesWanted]) -> Answer:
    """The user's purchases, newest first."""
    asked = question.asked
    rows, total = await question.view.page(
        "purchases.purchases_of_user",
        asked.part(),
        user_id=question.caller.id,
        store_id=asked.store_id and str(asked.store_id),
        from_day=asked.from_day,
        to_day=asked.to_day,
    )
    return Answer(rows, total)


@routes.get("/api/v1/purchases/{id}", answers=ItemizedPurchase, asks=OnePurchase, reads=READS)
async def purchase(question: Question[OnePurchase]) -> Answer:
    """One of the user's purchases, with its lines."""
    which = {"purchase_id": question.asked.id, "user_id": question.caller.id}
    found = await question.view.one("purchases.purchase_by_id", **which)
    if found is None:
        raise NotFound(what="purchase", key=question.asked.id)
    lines = await question.view.rows("purchases.lines_of_purchase", **which)
    # A quantity is no amount of money: 0.354 kg stays 0.354.
    return Answer({**found, "line_items": [{**line, "quantity": float(line["quantity"])} for line in lines]})
