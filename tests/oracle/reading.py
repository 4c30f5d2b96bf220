"""What is told: the JSON of an event, read as the public contract says, by nobody else's code."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from readmodel.events.ids import stable_id

Payload = Mapping[str, Any]
Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """One event. `type` is written without `cartsnitch.`; `at` is in UTC."""

    position: int
    type: str
    id: str
    at: datetime
    data: Payload


def read(position: int, entry_id: str, document: Payload) -> Told:
    """The event in either envelope; one without an id has one made of its stream and place."""
    own = "event_type" in document
    names = ("event_type", "event_id", "timestamp", "payload") if own else ("type", "id", "time", "data")
    full_type, event_id, time, data = (document.get(name) for name in names)
    assert isinstance(full_type, str)
    assert isinstance(time, str)
    stream = full_type.rpartition(".")[0]
    found = event_id or stable_id("event", stream, entry_id)
    at = datetime.fromisoformat(time).astimezone(UTC)
    return Told(position, full_type.removeprefix("cartsnitch."), found, at, data or {})


def money(value: Any) -> Decimal | None:
    """An amount, sent as a text or a number."""
    return None if value is None else Decimal(str(value))


def uuid(value: Any) -> str | None:
    """A UUID in its canonical spelling."""
    return None if value is None else str(UUID(str(value)))


def is_uuid(value: object) -> bool:
    """Whether it is one in any spelling."""
    try:
        UUID(str(value))
    except ValueError:
        return False
    return True


def product_of(data: Payload) -> str | None:
    """`product_id` everywhere means `normalized_product_id`."""
    return uuid(first(data, "normalized_product_id", "product_id"))


def store_of(data: Payload) -> str | None:
    """The store as sent: by its id, else by its slug."""
    return uuid(data.get("store_id")) or data.get("store_slug")


def day_of(told: Told, field: str) -> date:
    """The day that the payload names, else that of the envelope."""
    named = told.data.get(field)
    return date.fromisoformat(named[:10]) if named else told.at.date()


def first(data: Payload, *names: str) -> Any:
    """The first of the named fields that is there and not null."""
    return next((data[name] for name in names if data.get(name) is not None), None)


def newest(events: Iterable[Told]) -> Told | None:
    """The event with the greatest position."""
    return max(events, key=lambda told: told.position, default=None)


def own_id(told: Told) -> str:
    """The id of the thing that an event is about."""
    return str(uuid(told.data["id"]))


def states(
    saved: Iterable[Told],
    removed: Iterable[Told] = (),
    key: Callable[[Told], str] = own_id,
    more: Callable[[Payload], Fields] = lambda _: {},
) -> dict[str, Fields]:
    """The newest state per key: a missing field leaves what was there, null clears it, a removal clears all.

    `more` are fields that each event sets although it calls them differently.
    """
    gone: dict[str, int] = {}
    for told in removed:
        gone[key(told)] = max(told.position, gone.get(key(told), -1))
    found: dict[str, Fields] = {}
    for told in sorted(saved, key=lambda told: told.position):
        if told.position > gone.get(key(told), -1):
            found.setdefault(key(told), {}).update({**told.data, **more(told.data)})
    return found
