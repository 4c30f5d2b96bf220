"""Stream `cartsnitch.alerts`: what StickerShock and ShrinkRay found."""

from decimal import Decimal
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from readmodel.events.event import Event, Payload, envelope_day, first_of, store_as_sent
from readmodel.events.fields import Day, Key, Money, Notes, OptionalKey, Percent, Title, Uuid, none_if_empty
from readmodel.events.ids import stable_id
from readmodel.events.products import OptionalSize, ProductId, Size

# A jump from a hundredth of a cent to a fortune is still an alert; its percentage ends where the column does.
_LARGEST_RISE = Decimal(999_999_999)

AlertId = Annotated[Uuid, Field(validation_alias="id")]


def _from_unnamed(payload: Payload) -> Payload:
    """Version 1, which sends no `id`: one event is one alert."""
    return payload if payload.get("id") else {**payload, "id": stable_id("alert", payload["event_id"])}


def _from_size_with_unit(payload: Payload) -> Payload:
    """Version 1, whose `old_size` and `new_size` hold size and unit in one text, such as "12 oz"."""
    return {**payload, **_split_size(payload, "old"), **_split_size(payload, "new")}


def _split_size(payload: Payload, which: str) -> Payload:
    size, unit = payload.get(f"{which}_size"), none_if_empty(payload.get(f"{which}_unit"))
    if unit is None and isinstance(size, str) and " " in size.strip():
        size, unit = size.strip().split(maxsplit=1)
    return {f"{which}_size": size, f"{which}_unit": unit}


class PriceIncreased(Event):
    """A price rose. Where no percentage is sent the rise is worked out here; without a store it rose in any.

    `change_percent` is null only for a rise from a price of zero, which no percentage describes.
    """

    type: ClassVar = "cartsnitch.alerts.price_increase"
    sent_as: ClassVar = {"store": ("store_id", "store_slug"), "new_date": ("new_date",)}
    upcasts: ClassVar = (_from_unnamed,)

    alert_id: AlertId
    product_id: ProductId
    store: Key | None = None
    old_price: Money
    new_price: Money
    change_percent: Percent | None = None
    new_date: Day

    @model_validator(mode="before")
    @classmethod
    def _name_store_and_day(cls, payload: Any) -> Payload:
        return {
            **payload,
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
    """A pack got smaller."""

    type: ClassVar = "cartsnitch.alerts.shrinkflation"
    sent_as: ClassVar = {"detected_date": ("detected_date",)}
    upcasts: ClassVar = (_from_unnamed, _from_size_with_unit)

    alert_id: AlertId
    product_id: ProductId
    product_name: Title | None = None
    detected_date: Day
    old_size: Size
    new_size: Size
    old_unit: OptionalKey = None
    new_unit: OptionalKey = None
    price_at_old_size: Money | None = None
    price_at_new_size: Money | None = None
    confidence: OptionalSize = None
    notes: Notes | None = None

    @model_validator(mode="before")
    @classmethod
    def _name_the_day(cls, payload: Any) -> Payload:
        return {**payload, "detected_date": first_of(payload, "detected_date") or envelope_day(payload)}
