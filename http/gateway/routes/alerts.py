"""What became dearer or smaller of what a user buys."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from gateway.paging import Paged
from gateway.parameters import Flag
from gateway.route import Answer, Nothing, Question, Routes
from gateway.routes.answers import Instant, Percent
from readmodel.stores.reading import Row

routes = Routes("alerts")

READS = ("user_alerts", "shrinkflation", "products", "stores")

AlertType = Literal["price_increase", "shrinkflation"]

_TENTH, _CENT = Decimal("0.1"), Decimal("0.01")


class Alert(BaseModel):
    """Something a user may want to know of a product bought before."""

    id: UUID
    alert_type: AlertType
    product_id: UUID
    product_name: str | None
    message: str = Field(examples=["Butter 250 g at Greenbasket rose 12.5 % from 2.49 to 2.80"])
    triggered_at: Instant
    read: bool


class AlertSettings(BaseModel):
    """Which alerts a user wants."""

    price_increase_threshold_pct: Annotated[Percent, Field(ge=0, description="Smaller rises are not shown.")]
    shrinkflation_enabled: bool
    email_notifications: bool


class AlertsWanted(Paged):
    """Only those not read yet (or only those that are), only those of one type."""

    unread: Flag | None = None
    type: AlertType | None = None


@routes.get("/api/v1/alerts", answers=list[Alert], asks=AlertsWanted, reads=READS)
async def alerts(question: Question[AlertsWanted]) -> Answer:
    """The user's alerts, newest first, by the user's own thresholds."""
    asked = question.asked
    rows, extent = await question.view.page(
        "user_alerts.alerts_of_user",
        asked.part(),
        user_id=question.caller.id,
        unread=asked.unread,
        alert_type=asked.type,
    )
    return Answer([_alert(row) for row in rows], extent)


@routes.get("/api/v1/alerts/settings", answers=AlertSettings, asks=Nothing, reads=["user_alerts"])
async def alert_settings(question: Question[Nothing]) -> Answer:
    """Which alerts the user wants; what was never set, or was taken back, has its default."""
    (settings,) = await question.view.rows("user_alerts.settings_of_user", user_id=question.caller.id)
    # A percentage is no amount of money: 2.125 stays 2.125.
    threshold = float(settings["price_increase_threshold_pct"])
    return Answer({**settings, "price_increase_threshold_pct": threshold})


def _alert(row: Row) -> Row:
    alert = {field: row[field] for field in Alert.model_fields if field != "message"}
    return {**alert, "message": message(row)}


def message(row: Row) -> str:
    """An alert in one sentence; it leaves out what is not known."""
    subject = row["product_name"] or "A product that you buy"
    if row["alert_type"] == "shrinkflation":
        return f"{subject} shrank from {row['old_size']} to {row['new_size']}"
    place = f" at {row['store_name']}" if row["store_name"] else ""
    rise = "" if row["change_percent"] is None else f" {_percent(row['change_percent'])} %"
    return f"{subject}{place} rose{rise} from {_amount(row['old_price'])} to {_amount(row['new_price'])}"


def _percent(value: Decimal) -> str:
    return str(value.quantize(_TENTH, ROUND_HALF_UP)).removesuffix(".0")


def _amount(value: Decimal) -> str:
    return str(value.quantize(_CENT, ROUND_HALF_UP))
