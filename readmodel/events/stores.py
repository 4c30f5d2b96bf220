"""Stream `cartsnitch.stores`: the shops."""

from typing import Annotated, ClassVar

from pydantic import Field

from readmodel.events.event import Event
from readmodel.events.fields import Key, Text, Title, Uuid


class StoreUpdated(Event):
    """A shop as it is now."""

    type: ClassVar = "cartsnitch.stores.updated"
    patch: ClassVar = True

    store_id: Annotated[Uuid, Field(validation_alias="id")]
    name: Title
    slug: Key
    logo_url: Text | None = None
    website_url: Text | None = None
