"""Stream `cartsnitch.stores`: the shops."""

from typing import Annotated, ClassVar

from pydantic import Field

from readmodel.events.event import Event
from readmodel.events.fields import Degrees, Key, Text, Title, Uuid


class StoreUpdated(Event):
    """A shop as it is now."""

    type: ClassVar = "cartsnitch.stores.updated"
    patch: ClassVar = True

    store_id: Annotated[Uuid, Field(validation_alias="id")]
    name: Title
    slug: Key
    logo_url: Text | None = None
    website_url: Text | None = None


class StoreLocationUpdated(Event):
    """A branch of a shop as it is now; latitude and longitude in degrees (WGS 84)."""

    type: ClassVar = "cartsnitch.stores.location_updated"
    patch: ClassVar = True

    location_id: Annotated[Uuid, Field(validation_alias="id")]
    store_id: Uuid
    address: Text
    city: Title
    state: Title
    zip: Key
    lat: Annotated[Degrees, Field(ge=-90, le=90)] | None = None
    lng: Degrees | None = None
