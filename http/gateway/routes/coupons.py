"""What a user can save money with."""

from datetime import UTC, date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from gateway.paging import Paged
from gateway.route import Answer, Question, Routes
from gateway.routes.answers import Day, StoreId
from readmodel.stores.reading import Row

routes = Routes("coupons")

Discount = Annotated[float, Field(ge=0, description="12.5 means 12.5 %, or an amount, as `discount_type` says.")]


class Coupon(BaseModel):
    """A coupon that is good today. It may be for one product only, and it may have no end."""

    id: UUID
    store_id: StoreId
    store_name: str
    title: str
    description: str | None
    discount_type: Literal["percent", "fixed", "bogo", "buy_x_get_y"]
    discount_value: Discount | None
    product_id: UUID | None
    requires_clip: bool
    code: str | None
    expires_at: Day | None


class CouponsWanted(Paged):
    """Of which store."""

    store_id: UUID | None = None


@routes.get("/api/v1/coupons", answers=list[Coupon], asks=CouponsWanted, reads=["coupons", "stores"])
async def coupons(question: Question[CouponsWanted]) -> Answer:
    """The coupons that are good today, soonest to expire first."""
    store_id = question.asked.store_id
    rows, extent = await question.view.page(
        "coupons.active_coupons",
        question.asked.part(),
        store_id=store_id and str(store_id),
        today=_today(),
    )
    return Answer([_coupon(row) for row in rows], extent)


@routes.get(
    "/api/v1/coupons/relevant",
    answers=list[Coupon],
    asks=Paged,
    reads=["coupons", "user_alerts", "purchases", "products", "stores"],
)
async def relevant_coupons(question: Question[Paged]) -> Answer:
    """Those for products that the user has bought, then those of stores where the user shops."""
    rows, extent = await question.view.page(
        "coupons.relevant_coupons",
        question.asked.part(),
        user_id=question.caller.id,
        today=_today(),
    )
    return Answer([_coupon(row) for row in rows], extent)


def _today() -> date:
    return datetime.now(UTC).date()


def _coupon(row: Row) -> Row:
    value = row["discount_value"]
    # It may be a percentage, which is not rounded to the cent.
    return {**row, "discount_value": None if value is None else float(value)}
