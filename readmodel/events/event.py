"""What every event contract has in common, and where the contracts are found."""

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, ClassVar

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, model_validator

import readmodel.events
from readmodel.events.fields import Instant, Title, canonical_uuid, none_if_empty

PREFIX = "cartsnitch."

Payload = dict[str, Any]
Upcast = Callable[[Payload], Payload]


class Contract(BaseModel):
    """Frozen, and deaf to fields it does not know: those stay in the raw bytes only.

    Of a field that has several names, the first that is there and neither null nor empty is taken.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _pass_over_null_names(cls, payload: Any) -> Any:
        # An alias choice would stop at a null under the first name. A null under all of them stays one.
        for first, *others in _several_names(cls):
            if isinstance(payload, dict) and none_if_empty(payload.get(first, ...)) is None:
                payload = {**payload, first: first_of(payload, *others)}
        return payload


class Event(Contract):
    """One thing that happened. A subclass names its type and is also a relation: one column a field.

    With `patch` a missing optional field means "unchanged" and an explicit null means "cleared"; the relation
    then has a column `has_<field>` beside each optional field that tells the two apart.
    """

    type: ClassVar[str] = ""
    patch: ClassVar[bool] = False
    sent_as: ClassVar[dict[str, tuple[str, ...]]] = {}
    """Fields that are worked out, each with the payload fields that it comes from; for the AsyncAPI document."""
    upcasts: ClassVar[tuple[Upcast, ...]] = ()
    """Oldest first: each brings payloads of one version into the next, and leaves those of later versions alone.

    The docstring of each names its version and its fields; the AsyncAPI document shows it.
    """

    event_id: Title
    occurred_at: Instant
    # The payload may have a `source` of its own, so the envelope's comes in under another name.
    source: Annotated[Title, Field(validation_alias="event_source")]


@cache
def _several_names(model: type[Contract]) -> tuple[tuple[str, ...], ...]:
    aliases = [field.validation_alias for field in model.model_fields.values()]
    return tuple(tuple(map(str, alias.choices)) for alias in aliases if isinstance(alias, AliasChoices))


def upcast(model: type[Event], payload: Payload) -> Payload:
    """A payload of any version that was ever accepted, as the newest version has it."""
    for bring_up in model.upcasts:
        payload = bring_up(payload)
    return payload


def stream_of(event_type: str) -> str:
    """The stream an event type travels in: `cartsnitch.prices.updated` in `cartsnitch.prices`."""
    return event_type.rpartition(".")[0]


@cache
def contracts() -> dict[str, type[Event]]:
    """Every event type this service knows, by name: the `Event` classes of the modules in this package."""
    for module in pkgutil.iter_modules(readmodel.events.__path__):
        importlib.import_module(f"readmodel.events.{module.name}")
    return {model.type: model for model in sorted(Event.__subclasses__(), key=lambda model: model.type)}


def streams() -> tuple[str, ...]:
    """Every stream this service reads, in order of name."""
    return tuple(sorted({stream_of(event_type) for event_type in contracts()}))


def first_of(payload: Payload, *names: str) -> Any:
    """The first of the named fields that is there and not null."""
    return next((payload[name] for name in names if payload.get(name) is not None), None)


def store_as_sent(payload: Payload) -> Any:
    """The store of a payload, kept as sent: its id where there is one, else its slug, else None; "" is neither."""
    store_id, slug = (none_if_empty(payload.get(name)) for name in ("store_id", "store_slug"))
    return slug if store_id is None else canonical_uuid(str(store_id))


def envelope_day(payload: Payload) -> Any:
    """The day an event happened, for payloads that name none."""
    return payload.get("occurred_at")
