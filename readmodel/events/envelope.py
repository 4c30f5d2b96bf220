"""The three envelopes an event may come in, normalised to one.

1. CloudEvents 1.0: `specversion, id, type, source, time, data`
2. CartSnitch's own: `event_type, timestamp, service, payload` and perhaps `event_id`
3. what FastStream's publisher writes into the field `__data__`, around 1 or 2
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from reprlib import Repr
from typing import Any

import orjson

from readmodel.errors import ReadModelError
from readmodel.events.event import Payload
from readmodel.events.ids import stable_id
from readmodel.events.position import format_position, position_milliseconds

LARGEST_EVENT = 256 * 1024
"""Bytes. The contract's bound."""

_FASTSTREAM_MAGIC = b"\x89BIN\x0d\x0a\x1a\x0a"
_FASTSTREAM_BODY_AT = slice(14, 18)

# repr() itself raises RecursionError for JSON that is nested deeply enough.
_BRIEFLY = Repr()
_BRIEFLY.maxlevel, _BRIEFLY.maxstring, _BRIEFLY.maxother = 2, 80, 80


class EnvelopeInvalid(ReadModelError):
    """{reason}"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One stream entry: where it stands and the bytes of its one JSON object."""

    position: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event before its contract is known."""

    type: str
    payload: Payload


def entry_bytes(fields: Mapping[bytes, bytes]) -> bytes:
    """The event in a stream entry's fields. An entry of any other form is kept whole, and fails to decode later."""
    if (raw := fields.get(b"data")) is not None:
        return raw
    if (framed := fields.get(b"__data__")) is not None:
        return _unframe(framed)
    return repr(dict(fields)).encode()


def digest_of(raw: bytes) -> str:
    """What tells an entry's bytes from others: their SHA-256, in hexadecimal."""
    return hashlib.sha256(raw).hexdigest()


def _unframe(framed: bytes) -> bytes:
    # Magic, version (2 bytes), offset of the headers (4), offset of the body (4), headers, body.
    if not framed.startswith(_FASTSTREAM_MAGIC):
        return framed
    return framed[int.from_bytes(framed[_FASTSTREAM_BODY_AT], "big") :]


def shown(value: object) -> str:
    """A value that came from outside, for an error's text: at most 80 characters, whatever it is."""
    return _BRIEFLY.repr(value)[:80]


def read_envelope(stream: str, entry: Entry) -> Envelope:
    """The event in an entry, with what its envelope says merged into the payload; EnvelopeInvalid when it is none."""
    document = _json_object(entry.raw)
    if "event_type" in document:
        names = ("event_type", "event_id", "timestamp", "service", "payload")
    elif "type" in document:
        names = ("type", "id", "time", "source", "data")
    else:
        raise EnvelopeInvalid(reason="the envelope names no event: neither `type` (CloudEvents) nor `event_type`")
    event_type, event_id, time, source, payload = (document.get(name) for name in names)
    if document.get("specversion", "1.0") != "1.0":
        raise EnvelopeInvalid(reason=f"specversion {shown(document['specversion'])} is not 1.0")
    if not isinstance(event_type, str) or not event_type:
        raise EnvelopeInvalid(reason=f"the event's type is {shown(event_type)}, not a text")
    if not isinstance(payload, dict):
        raise EnvelopeInvalid(reason=f"`{names[-1]}` is {type(payload).__name__}, not a JSON object")
    return Envelope(event_type, _merged(payload, stream, entry, event_id, time, source))


def _json_object(raw: bytes) -> Payload:
    if len(raw) > LARGEST_EVENT:
        raise EnvelopeInvalid(reason=f"the event has {len(raw)} bytes, more than the {LARGEST_EVENT} allowed")
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise EnvelopeInvalid(reason=f"not JSON ({error}): {raw[:80]!r}") from None
    if not isinstance(document, dict):
        raise EnvelopeInvalid(reason=f"the event is a JSON {type(document).__name__}, not an object")
    return document


def _merged(payload: Payload, stream: str, entry: Entry, event_id: Any, time: Any, source: Any) -> Payload:
    # A publisher that sends no id gets a stable one, and one that sends no time the time of its XADD.
    payload["event_id"] = event_id or stable_id("event", stream, format_position(entry.position))
    payload["occurred_at"] = time or datetime.fromtimestamp(position_milliseconds(entry.position) / 1000, UTC)
    payload["event_source"] = source or ""
    return payload
