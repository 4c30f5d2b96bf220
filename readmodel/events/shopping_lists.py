"""Stream `cartsnitch.shopping_lists`: what users mean to buy."""

from typing import Annotated, Any, ClassVar

from pydantic import AliasChoices, Field, model_validator

from readmodel.events.event import Contract, Event, Payload
from readmodel.events.fields import Count, Key, OptionalUuid, Quantity, Title, Uuid


class ListItem(Contract):
    """One thing to buy; the product is named where the user chose one."""

    product_id: Annotated[OptionalUuid, Field(validation_alias=AliasChoices("product_id", "normalized_product_id"))] = (
        None
    )
    name: Title
    quantity: Quantity


class ShoppingListSaved(Event):
    """A whole list as it is now."""

    type: ClassVar = "cartsnitch.shopping_lists.saved"
    sent_as: ClassVar = {"item_count": ()}

    list_id: Annotated[Uuid, Field(validation_alias="id")]
    user_id: Key
    name: Title
    item_count: Count
    items: Annotated[list[ListItem], Field(max_length=1_000)]

    @model_validator(mode="before")
    @classmethod
    def _count_items(cls, payload: Any) -> Payload:
        items = payload.get("items")
        # What is no list is refused where `items` itself is validated.
        return {**payload, "item_count": len(items) if isinstance(items, list) else 0}


class ShoppingListRemoved(Event):
    """A list was thrown away."""

    type: ClassVar = "cartsnitch.shopping_lists.removed"

    list_id: Annotated[Uuid, Field(validation_alias="id")]
    user_id: Key
