"""Payloads as they were sent, at one time or another, and the events that they are taken for.

Every `tests/payloads/TYPE/NAME.json` holds `sent`, a document in its envelope, and `taken`, the fields of the event, of
a patch only those that it says something of. Streams and archives keep what was sent for ever, so these files are only
ever added: none goes, and no `sent` changes. `taken` speaks of the newest contract and changes with its names.
"""

from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
from faststream.redis.parser.binary import BinaryMessageFormatV1

from readmodel.events.decode import decode
from readmodel.events.envelope import Entry, entry_bytes
from readmodel.events.event import PREFIX, Event, Payload, Upcast, contracts, stream_of, upcast
from readmodel.events.position import parse_position

PAYLOADS = Path(__file__).parents[1] / "payloads"
FILES = sorted(PAYLOADS.glob("*/*.json"))
ADDED_AT = parse_position("1709287200000-0")
"""2024-03-01 at 10:00 UTC: what an event without a time, or without an id, has them from."""

UPCASTS = [(model, change) for model in contracts().values() for change in model.upcasts]


def name_of(value: Any) -> str | None:
    """What stands for a parameter in a test's name."""
    if isinstance(value, Path):
        return f"{value.parent.name}/{value.stem}"
    return getattr(value, "__name__", None)


@cache
def fixture(file: Path) -> Any:
    return orjson.loads(file.read_bytes())


def files_of(model: type[Event]) -> list[Path]:
    return [file for file in FILES if PREFIX + file.parent.name == model.type]


def payload_of(file: Path) -> Payload:
    """What was sent, less its envelope, beside the one thing that upcasts know of that."""
    sent = fixture(file)["sent"]
    return {**sent.get("data", sent.get("payload")), "event_id": "e-1"}


def taken(file: Path, raw: bytes) -> object:
    """The event's fields as JSON; the errors where it is refused."""
    event_type = PREFIX + file.parent.name
    (decoded,) = decode(stream_of(event_type), [Entry(ADDED_AT, raw)])
    if decoded.rejected:
        return [rejected.error for rejected in decoded.rejected]
    ((position, event),) = decoded.events[event_type]
    assert position == ADDED_AT
    return event.model_dump(mode="json", exclude_unset=True)


@pytest.mark.parametrize("file", FILES, ids=name_of)
async def test_what_was_sent_is_taken_as_it_always_was(file: Path) -> None:
    """In its own envelope, and with what FastStream's publisher puts around that."""
    raw = orjson.dumps(fixture(file)["sent"])
    framed = await BinaryMessageFormatV1.encode(message=raw, reply_to=None, headers=None, correlation_id="c-1")

    found = [taken(file, entry_bytes(fields)) for fields in ({b"data": raw}, {b"__data__": framed})]

    assert found == [fixture(file)["taken"]] * 2


def test_there_are_payloads_of_every_contract() -> None:
    """In every envelope that publishers write themselves."""
    envelopes = {("specversion" in fixture(file)["sent"], "event_type" in fixture(file)["sent"]) for file in FILES}

    assert {file.parent.name for file in FILES} == {name.removeprefix(PREFIX) for name in contracts()}
    assert envelopes == {(True, False), (False, True)}


@pytest.mark.parametrize("model", contracts().values(), ids=name_of)
def test_every_field_is_in_a_payload(model: type[Event]) -> None:
    """So that a full form is among them, and a field that is added comes with a payload that has it."""
    said = {
        name for file in files_of(model) for name, value in fixture(file)["taken"].items() if value not in (None, [])
    }

    assert said == set(model.model_fields)


@pytest.mark.parametrize(("model", "change"), UPCASTS, ids=name_of)
def test_without_an_upcast_something_would_be_taken_otherwise(
    model: type[Event], change: Upcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has a payload that needs it."""
    monkeypatch.setattr(model, "upcasts", tuple(other for other in model.upcasts if other is not change))

    assert any(taken(file, orjson.dumps(fixture(file)["sent"])) != fixture(file)["taken"] for file in files_of(model))


@pytest.mark.parametrize(("model", "change"), UPCASTS, ids=name_of)
def test_an_upcast_leaves_the_newest_version_alone(model: type[Event], change: Upcast) -> None:
    """What has been brought up is not brought up again, so that versions may come in any order."""
    newest = [upcast(model, payload_of(file)) for file in files_of(model)]

    assert [change(dict(payload)) for payload in newest] == newest


@pytest.mark.parametrize("change", [change for _, change in UPCASTS], ids=name_of)
def test_an_upcast_says_what_it_takes(change: Upcast) -> None:
    """Publishers read it in the AsyncAPI document."""
    assert (change.__doc__ or "").startswith("Version ")
