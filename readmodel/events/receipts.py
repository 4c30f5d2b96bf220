"""Stream `cartsnitch.receipts`: what users bought."""

from typing import Annotated, Any, ClassVar

from pydantic import AliasChoices, Field, model_validator

from readmodel.events.event import Contract, Event, Payload, first_of, store_as_sent
from readmodel.events.fields import (
    Count,
    Day,
    Key,
    Money,
    OptionalKey,
    OptionalUuid,
    Quantity,
    ReceiptNumber,
    Title,
    Uuid,
    is_uuid,
)
from readmodel.events.ids import stable_id


class ReceiptItem(Contract):
    """One line of a receipt, in the order printed."""

    line_id: Annotated[OptionalUuid, Field(validation_alias="id")] = None
    product_name_raw: Title
    upc: OptionalKey = None
    quantity: Quantity
    unit_price: Money
    extended_price: Money
    regular_price: Money | None = None
    sale_price: Money | None = None
    coupon_discount: Money | None = None
    loyalty_discount: Money | None = None
    category_raw: Title | None = None
    product_id: Annotated[OptionalUuid, Field(validation_alias=AliasChoices("normalized_product_id", "product_id"))] = (
        None
    )


class ReceiptIngested(Event):
    """A purchase. The full form lists its items; today's short form only counts them.

    `purchase_id` is the public id: the one sent where it is a UUID, else one made from user, store as sent and the
    retailer's receipt number, else from the event's id.
    """

    type: ClassVar = "cartsnitch.receipts.ingested"
    sent_as: ClassVar = {
        "purchase_id": (),
        "store": ("store_id", "store_slug"),
        "receipt_number": ("receipt_id", "purchase_id"),
        "is_full": (),
        "item_count": ("item_count",),
        "items": ("items",),
    }

    purchase_id: Uuid
    user_id: Key
    store: Key
    receipt_number: ReceiptNumber
    purchase_date: Day
    is_full: bool
    item_count: Count
    total: Money
    subtotal: Money | None = None
    tax: Money | None = None
    savings_total: Money | None = None
    items: Annotated[list[ReceiptItem], Field(max_length=1_000)]

    @model_validator(mode="before")
    @classmethod
    def _take_either_form(cls, payload: Any) -> Payload:
        sent_id = payload.get("purchase_id") or ""
        items = payload.get("items")
        store = store_as_sent(payload)
        number = payload.get("receipt_id") or ("" if is_uuid(sent_id) else sent_id)
        return {
            **payload,
            "purchase_id": _public_id(payload, store, sent_id, number),
            "store": store,
            "receipt_number": number,
            "is_full": items is not None,
            "item_count": first_of(payload, "item_count") if items is None else _length(items),
            "items": [] if items is None else items,
        }


def _length(items: Any) -> int:
    # What is no list is refused where `items` itself is validated.
    return len(items) if isinstance(items, list) else 0


def _public_id(payload: Payload, store: Any, sent_id: str, number: str) -> str:
    if is_uuid(sent_id):
        return sent_id
    if number:
        return stable_id("purchase", str(payload.get("user_id")), str(store), number)
    return stable_id("purchase", payload["event_id"])
