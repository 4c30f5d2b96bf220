"""Stream `cartsnitch.coupons`: what ClipArtist found to save money with."""

from typing import Annotated, Any, ClassVar

from pydantic import AliasChoices, Field, StrictBool, StringConstraints, model_validator

from readmodel.events.event import Event, Payload, store_as_sent
from readmodel.events.fields import Day, Key, Money, OptionalKey, OptionalUuid, Text, Title, Uuid

DiscountType = Annotated[str, StringConstraints(pattern="^(percent|fixed|bogo|buy_x_get_y)$", strict=True)]


class CouponUpdated(Event):
    """A coupon as it is now. `discount_value` is a percentage or an amount, as `discount_type` says.

    It is good from `valid_from` to `valid_to`, both days included; a missing one is no bound.
    """

    type: ClassVar = "cartsnitch.coupons.updated"
    patch: ClassVar = True
    sent_as: ClassVar = {"store": ("store_id", "store_slug")}

    coupon_id: Annotated[Uuid, Field(validation_alias="id")]
    store: Key
    product_id: Annotated[OptionalUuid, Field(validation_alias=AliasChoices("normalized_product_id", "product_id"))] = (
        None
    )
    title: Title
    description: Text | None = None
    discount_type: DiscountType
    discount_value: Money | None = None
    min_purchase: Money | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None
    requires_clip: StrictBool
    coupon_code: OptionalKey = None
    source_url: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _name_the_store(cls, payload: Any) -> Payload:
        return {**payload, "store": store_as_sent(payload)}


class CouponRemoved(Event):
    """A coupon is no longer to be had."""

    type: ClassVar = "cartsnitch.coupons.removed"

    coupon_id: Annotated[Uuid, Field(validation_alias="id")]
