"""Stream `cartsnitch.prices`: what a product cost in a store on a day."""

from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from readmodel.events.event import Event, Payload, envelope_day, first_of, store_as_sent
from readmodel.events.fields import Day, Key, Money
from readmodel.events.products import ProductId


def _from_price_change(payload: Payload) -> Payload:
    """Version 1, `{product_id, store_slug, old_price, new_price, change_percent}`: `new_price` was observed."""
    if payload.get("regular_price") is not None:
        return payload
    return {**payload, "regular_price": payload.get("new_price")}


class PriceUpdated(Event):
    """A price observation. One that names no day was made on the day of its envelope."""

    type: ClassVar = "cartsnitch.prices.updated"
    upcasts: ClassVar = (_from_price_change,)
    sent_as: ClassVar = {
        "store": ("store_id", "store_slug"),
        "observed_date": ("observed_date",),
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
    def _name_store_and_day(cls, payload: Any) -> Payload:
        return {
            **payload,
            "store": store_as_sent(payload),
            "observed_date": first_of(payload, "observed_date") or envelope_day(payload),
            "source": payload.get("source") or "",
        }
