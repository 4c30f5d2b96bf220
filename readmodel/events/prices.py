"""Stream `cartsnitch.prices`: what a product cost in a store on a day."""

from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from readmodel.events.event import Event, Payload, envelope_day, first_of, store_as_sent
from readmodel.events.fields import Day, Key, Money
from readmodel.events.products import ProductId


class PriceUpdated(Event):
    """A price observation.

    Today's short form `{product_id, store_slug, old_price, new_price, change_percent}` is an observation of
    `new_price` on the day of its envelope.
    """

    type: ClassVar = "cartsnitch.prices.updated"
    sent_as: ClassVar = {
        "store": ("store_id", "store_slug"),
        "observed_date": ("observed_date",),
        "regular_price": ("regular_price", "new_price"),
    }

    product_id: ProductId
    store: Key
    observed_date: Day
    regular_price: Money
    sale_price: Money | None = None
    loyalty_price: Money | None = None
    coupon_price: Money | None = None
    observed_by: Annotated[str, Field(validation_alias="source", max_length=64, pattern=r"^[^\x00]*$")] = ""

    @model_validator(mode="before")
    @classmethod
    def _take_short_form(cls, payload: Any) -> Payload:
        return {
            **payload,
            "store": store_as_sent(payload),
            "observed_date": first_of(payload, "observed_date") or envelope_day(payload),
            "regular_price": first_of(payload, "regular_price", "new_price"),
            "source": payload.get("source") or "",
        }
