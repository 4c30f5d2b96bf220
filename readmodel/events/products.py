"""Stream `cartsnitch.products`: the normalised product catalogue."""

from typing import Annotated, ClassVar

from pydantic import AliasChoices, BeforeValidator, Field

from readmodel.events.event import Event
from readmodel.events.fields import Key, Text, Title, Uuid

ProductId = Annotated[Uuid, Field(validation_alias=AliasChoices("normalized_product_id", "product_id"))]


def number_as_text(value: object) -> object:
    """Sizes come as numbers and as texts; both are kept as text."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Size = Annotated[Key, BeforeValidator(number_as_text)]
Upcs = Annotated[list[Key], Field(max_length=1_000)]


class ProductNormalized(Event):
    """A product as it is known now. Today's short form names only the product and how it was matched."""

    type: ClassVar = "cartsnitch.products.normalized"
    patch: ClassVar = True

    product_id: ProductId
    canonical_name: Title | None = None
    category: Title | None = None
    subcategory: Title | None = None
    brand: Title | None = None
    size: Size | None = None
    size_unit: Key | None = None
    upc_variants: Upcs | None = None
    image_url: Text | None = None


class ProductRemoved(Event):
    """A product left the catalogue."""

    type: ClassVar = "cartsnitch.products.removed"

    product_id: ProductId
