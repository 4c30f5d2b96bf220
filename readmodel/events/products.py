"""Stream `cartsnitch.products`: the normalised product catalogue."""

from typing import Annotated, Any, ClassVar

from pydantic import AliasChoices, BeforeValidator, Field, model_validator

from readmodel.events.event import Event, Payload
from readmodel.events.fields import Key, OptionalKey, Text, Title, Uuid, none_if_empty
from readmodel.events.words import words_of

ProductId = Annotated[Uuid, Field(validation_alias=AliasChoices("normalized_product_id", "product_id"))]


def _number_as_text(value: object) -> object:
    """Sizes come as numbers and as texts; both are kept as text."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _without_empty(value: object) -> object:
    # Scanners send "" for a bar code they could not read.
    return [upc for upc in value if none_if_empty(upc) is not None] if isinstance(value, list) else value


_NumberAsText = BeforeValidator(_number_as_text, json_schema_input_type=Key | float)
Size = Annotated[Key, _NumberAsText]
OptionalSize = Annotated[Size | None, BeforeValidator(none_if_empty)]
Upcs = Annotated[list[Key], Field(max_length=1_000), BeforeValidator(_without_empty)]

_WORDS_OF = {"name_words": "canonical_name", "brand_words": "brand"}


class ProductNormalized(Event):
    """A product as it is known now. Today's short form names only the product and how it was matched.

    The words of name and brand, by which it is searched, are worked out here, so that both stores and the search box
    agree on what a word is.
    """

    type: ClassVar = "cartsnitch.products.normalized"
    patch: ClassVar = True
    sent_as: ClassVar = {"name_words": (), "brand_words": ()}

    product_id: ProductId
    canonical_name: Title | None = None
    category: Title | None = None
    subcategory: Title | None = None
    brand: Title | None = None
    size: OptionalSize = None
    size_unit: OptionalKey = None
    upc_variants: Upcs | None = None
    image_url: Text | None = None
    name_words: list[str] | None = None
    brand_words: list[str] | None = None

    @model_validator(mode="before")
    @classmethod
    def _find_words(cls, payload: Any) -> Payload:
        found = {field: value for field, value in payload.items() if field not in _WORDS_OF}
        for field, text in _WORDS_OF.items():
            if text in payload:
                found[field] = words_of(payload[text]) if isinstance(payload[text], str) else None
        return found


class ProductRemoved(Event):
    """A product left the catalogue."""

    type: ClassVar = "cartsnitch.products.removed"

    product_id: ProductId
