"""From stream entries to validated events, in slices short enough not to hold up the event loop.

A bad entry costs itself only: a slice is validated whole, and what pydantic names as wrong is taken out.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import GenericAlias
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from readmodel.events.envelope import Entry, EnvelopeInvalid, read_envelope, shown
from readmodel.events.event import Event, Payload, contracts, stream_of, upcast

SLICE = 256
"""Entries per slice: some three milliseconds of holding the interpreter lock."""

_LONGEST_ERROR = 500


@dataclass(frozen=True, slots=True)
class Rejected:
    """An entry that could not be taken, and why. Without a type it concerns everyone who reads the stream."""

    entry: Entry
    event_type: str | None
    error: str


@dataclass(slots=True)
class Decoded:
    """What came out of some entries of one stream."""

    events: dict[str, list[tuple[int, Event]]] = field(default_factory=lambda: defaultdict(list))
    rejected: list[Rejected] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)


def decode(stream: str, entries: Sequence[Entry]) -> Iterator[Decoded]:
    """Decode entries slice by slice; nothing is raised for what is in them, and nothing is left out."""
    for start in range(0, len(entries), SLICE):
        yield _decode_slice(stream, entries[start : start + SLICE])


def _decode_slice(stream: str, entries: Sequence[Entry]) -> Decoded:
    decoded = Decoded()
    payloads: dict[str, list[tuple[Entry, Payload]]] = defaultdict(list)
    for entry in entries:
        try:
            envelope = read_envelope(stream, entry)
        except EnvelopeInvalid as error:
            decoded.rejected.append(Rejected(entry, None, _printable(str(error))))
            continue
        if envelope.type not in contracts():
            decoded.unknown[envelope.type[:64]] += 1
        elif stream_of(envelope.type) != stream:
            error_text = f"{envelope.type} belongs in the stream {stream_of(envelope.type)}, not in {stream}"
            decoded.rejected.append(Rejected(entry, None, error_text))
        else:
            payloads[envelope.type].append((entry, envelope.payload))
    for event_type, candidates in payloads.items():
        _validate(event_type, candidates, decoded)
    return decoded


@cache
def _adapter(event_type: str) -> TypeAdapter[list[Event]]:
    listed: Any = GenericAlias(list, (contracts()[event_type],))
    return TypeAdapter(listed)


def _validated(event_type: str, payloads: list[Payload]) -> list[Event]:
    model = contracts()[event_type]
    if model.upcasts:
        payloads = [upcast(model, payload) for payload in payloads]
    return _adapter(event_type).validate_python(payloads)


def _validate(event_type: str, candidates: list[tuple[Entry, Payload]], decoded: Decoded) -> None:
    try:
        events = _validated(event_type, [payload for _, payload in candidates])
    except Exception:
        # Rare, so the plain way: one by one, to find which of them are wrong.
        for candidate in candidates:
            _validate_one(event_type, candidate, decoded)
        return
    found = zip(candidates, events, strict=True)
    decoded.events[event_type].extend((entry.position, event) for (entry, _), event in found)


def _validate_one(event_type: str, candidate: tuple[Entry, Payload], decoded: Decoded) -> None:
    entry, payload = candidate
    try:
        (event,) = _validated(event_type, [payload])
    except ValidationError as error:
        decoded.rejected.append(Rejected(entry, event_type, _reasons(error)))
    except Exception as error:  # a contract's own code stumbled over what nobody thought of: the event is at fault
        decoded.rejected.append(Rejected(entry, event_type, _printable(f"{type(error).__name__}: {error}")))
    else:
        decoded.events[event_type].append((entry.position, event))


def _reasons(error: ValidationError) -> str:
    return _printable("; ".join(map(_reason, error.errors(include_url=False))))


def _reason(problem: ErrorDetails) -> str:
    field = ".".join(str(part) for part in problem["loc"][1:])
    # Of a missing field the input is the whole payload, which says nothing.
    got = "" if problem["type"] == "missing" else f" (got {shown(problem['input'])})"
    return f"{field}: {problem['msg']}{got}"


def _printable(text: str) -> str:
    # Postgres stores no NUL, and a megabyte of name helps nobody.
    return text.replace("\x00", "\\x00")[:_LONGEST_ERROR]
