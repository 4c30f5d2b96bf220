"""Stream `cartsnitch.alerts`: what StickerShock and ShrinkRay found."""

from decimal import Decimal
from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, model_validator

from readmodel.events.event import Event, Payload, envelope_day, first_of, store_as_sent
from readmodel.events.fields import Day, Key, Money, Notes, Percent, Title, Uuid
from readmodel.events.ids import stable_id
from readmodel.events.products import ProductId, Size, number_as_text

# A jump from a hundredth of a cent to a fortune is still an alert; its percentage ends where the column does.
_LARGEST_RISE = Decimal(999_999_999)

Confidence = Annotated[Key, BeforeValidator(number_as_text)]


def _alert_id(payload: Payload) -> Any:
    return payload.get("id") or stable_id("alert", payload["event_id"])


class PriceIncreased(Event):
    """A price rose. Today's short form names neither store nor percentage; then the rise is worked out here.

    `change_percent` is null only for a rise from a price of zero, which no percentage describes.
    """

    type: ClassVar = "cartsnitch.alerts.price_increase"
    sent_as: ClassVar = {"alert_id": ("id",), "store": ("store_id", "store_slug"), "new_date": ("new_date",)}

    alert_id: Uuid
    product_id: ProductId
    store: Key | None = None
    old_price: Money
    new_price: Money
    change_percent: Percent | None = None
    new_date: Day

    @model_validator(mode="before")
    @classmethod
    def _take_short_form(cls, payload: Any) -> Payload:
        return {
            **payload,
            "alert_id": _alert_id(payload),
            "store": store_as_sent(payload),
            "new_date": first_of(payload, "new_date") or envelope_day(payload),
        }

    @model_validator(mode="after")
    def _work_out_the_rise(self) -> Self:
        if self.change_percent is not None or not self.old_price:
            return self
        rise = 100 * (self.new_price - self.old_price) / self.old_price
        return self.model_copy(update={"change_percent": min(rise, _LARGEST_RISE).quantize(Decimal("0.0001"))})


class ShrinkflationFound(Event):
    """A pack got smaller. In today's short form size and unit stand in one text, such as "12 oz"."""

    type: ClassVar = "cartsnitch.alerts.shrinkflation"
    sent_as: ClassVar = {"alert_id": ("id",), "detected_date": ("detected_date",)}

    alert_id: Uuid
    product_id: ProductId
    product_name: Title | None = None
    detected_date: Day
    old_size: Size
    new_size: Size
    old_unit: Key | None = None
    new_unit: Key | None = None
    price_at_old_size: Money | None = None
    price_at_new_size: Money | None = None
    confidence: Confidence | None = None
    notes: Notes | None = None

    @model_validator(mode="before")
    @classmethod
    def _take_short_form(cls, payload: Any) -> Payload:
        return {
            **payload,
            **_split_size(payload, "old"),
            **_split_size(payload, "new"),
            "alert_id": _alert_id(payload),
            "detected_date": first_of(payload, "detected_date") or envelope_day(payload),
        }


def _split_size(payload: Payload, which: str) -> Payload:
    size, unit = payload.get(f"{which}_size"), payload.get(f"{which}_unit")
    if unit is None and isinstance(size, str) and " " in size.strip():
        size, unit = size.strip().split(maxsplit=1)
    return {f"{which}_size": size, f"{which}_unit": unit}
