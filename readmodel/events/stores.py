"""Stream `cartsnitch.stores`: the shops."""

from typing import Annotated

from pydantic import Field

from readmodel.events.event import Event
from readmodel.events.fields import Key, Text, Title, Uuid


class StoreUpdated(Event, type="cartsnitch.stores.updated", patch=True):
    """A shop as it is now."""

    store_id: Annotated[Uuid, Field(validation_alias="id")]
    name: Title
    slug: Key
    logo_url: Text | None = None
    website_url: Text | None = None
