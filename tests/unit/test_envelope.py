"""The three envelopes, normalised to one."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from faststream.redis.parser.binary import BinaryMessageFormatV1

from readmodel.events.envelope import LARGEST_EVENT, Entry, Envelope, EnvelopeInvalid, entry_bytes, read_envelope
from readmodel.events.ids import stable_id
from readmodel.events.position import parse_position

STREAM = "cartsnitch.prices"
TYPE = "cartsnitch.prices.updated"
POSITION = parse_position("1709294400000-7")
ADDED = datetime(2024, 3, 1, 12, tzinfo=UTC)
CLOUD_EVENT = {
    "specversion": "1.0",
    "id": "e-1",
    "type": TYPE,
    "source": "receiptwitness",
    "time": "2024-03-01T11:00:00Z",
    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "data": {"new_price": 2.5},
}
CARTSNITCH = {
    "event_type": TYPE,
    "event_id": "e-1",
    "timestamp": "2024-03-01T11:00:00Z",
    "service": "receiptwitness",
    "payload": {"new_price": 2.5},
}
EVENT = Envelope(
    TYPE,
    {
        "new_price": 2.5,
        "event_id": "e-1",
        "occurred_at": "2024-03-01T11:00:00Z",
        "event_source": "receiptwitness",
    },
)


def read(document: object, position: int = POSITION, stream: str = STREAM) -> Envelope:
    raw = document if isinstance(document, bytes) else orjson.dumps(document)
    return read_envelope(stream, Entry(position, raw))


def refused(document: object) -> str:
    """Why a document is no event."""
    with pytest.raises(EnvelopeInvalid) as caught:
        read(document)
    return str(caught.value)


async def framed(message: Any) -> bytes:
    """What FastStream's own publisher writes into the field `__data__`."""
    return await BinaryMessageFormatV1.encode(
        message=message, reply_to=None, headers={"x-trace": "Ä" * 40}, correlation_id="c-1"
    )


@pytest.mark.parametrize("document", [CLOUD_EVENT, CARTSNITCH], ids=["CloudEvents", "CartSnitch"])
def test_either_envelope_says_the_same(document: dict[str, object]) -> None:
    """Who sent it, when, under which id: merged into the payload under the same names."""
    assert read(document) == EVENT


@pytest.mark.parametrize("document", [CLOUD_EVENT, CARTSNITCH], ids=["CloudEvents", "CartSnitch"])
async def test_either_may_come_in_faststream_s_frame(document: dict[str, object]) -> None:
    """As a model or a dictionary, which FastStream makes JSON of, or as bytes."""
    for message in (document, orjson.dumps(document)):
        raw = entry_bytes({b"__data__": await framed(message)})

        assert read(raw) == EVENT


async def test_a_frame_without_a_frame_is_taken_as_it_is() -> None:
    """FastStream's parser passes plain JSON in its field on; so do we."""
    assert read(entry_bytes({b"__data__": orjson.dumps(CLOUD_EVENT)})) == EVENT


async def test_the_field_data_goes_first() -> None:
    """An entry that has both was written by someone who knows the contract."""
    assert entry_bytes({b"__data__": await framed("other"), b"data": b"{}"}) == b"{}"


@pytest.mark.parametrize("fields", [{}, {b"payload": b"{}"}, {b"": b"\xff"}])
def test_an_entry_of_another_form_is_kept_and_refused(fields: dict[bytes, bytes]) -> None:
    """Its fields are all that can be shown of it in quarantine."""
    raw = entry_bytes(fields)

    assert raw == repr(fields).encode()
    with pytest.raises(EnvelopeInvalid):
        read(raw)


@pytest.mark.parametrize("cut", range(24))
async def test_a_frame_that_was_cut_is_refused(cut: int) -> None:
    """However little of it is left, it is an event that nobody can read, not an error of ours."""
    raw = entry_bytes({b"__data__": (await framed(CLOUD_EVENT))[:cut]})

    with pytest.raises(EnvelopeInvalid):
        read(raw)


@pytest.mark.parametrize("missing", [None, "", "absent"])
def test_an_event_without_an_id_gets_a_stable_one(missing: str | None) -> None:
    """The same whenever it is read again, and another one for every entry and stream."""
    document = {**CLOUD_EVENT, "id": missing}
    if missing == "absent":
        del document["id"]

    first, again = read(document), read(document)
    elsewhere = [read(document, POSITION + 1), read(document, stream="cartsnitch.other")]

    expected = stable_id("event", STREAM, "1709294400000-7")
    assert first.payload["event_id"] == again.payload["event_id"] == expected
    assert len({expected, *(other.payload["event_id"] for other in elsewhere)}) == 3


def test_a_stable_id_is_the_same_in_every_release() -> None:
    """Were it another tomorrow, everything that is sent again would be taken for new."""
    assert stable_id("event", STREAM, "1709294400000-7") == "21b91a3d-0be1-586a-9a2d-a6849d7a3b5c"
    assert stable_id("a", "bc") != stable_id("ab", "c")


def test_an_event_without_a_time_happened_when_it_was_added() -> None:
    """By the Redis server's clock, which is in the entry's id; and without a source it has none."""
    assert read({"type": TYPE, "data": {}}).payload == {
        "event_id": stable_id("event", STREAM, "1709294400000-7"),
        "occurred_at": ADDED,
        "event_source": "",
    }


def test_a_payload_keeps_a_source_of_its_own() -> None:
    """An observation says who observed it; its envelope says who published it."""
    payload = read({**CLOUD_EVENT, "data": {"source": "weekly_ad"}}).payload

    assert (payload["source"], payload["event_source"]) == ("weekly_ad", "receiptwitness")


def test_a_payload_cannot_speak_for_its_envelope() -> None:
    """Fields of the envelope's names are overwritten by what the envelope says."""
    forged = {"event_id": "forged", "occurred_at": "1999-01-01T00:00:00Z", "event_source": "forged", "new_price": 2.5}

    assert read({**CLOUD_EVENT, "data": forged}) == EVENT


def test_an_event_may_have_256_kibibytes() -> None:
    """Exactly that many, and not one more."""
    largest = orjson.dumps({"type": TYPE, "data": {}})
    largest += b" " * (LARGEST_EVENT - len(largest))

    assert read(largest).type == TYPE
    assert refused(largest + b" ") == "the event has 262145 bytes, more than the 262144 allowed"


DEEP = b"[" * 1_020 + b"]" * 1_020


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"", "not JSON (Input is a zero-length, empty document: line 1 column 1 (char 0)): b''"),
        (b"\xff\xfe", "not JSON"),
        (b'{"type": NaN}', "not JSON"),
        (b'{"type": "\\ud800"}', "not JSON"),
        (b"[" * 5_000, "not JSON"),
        ([CLOUD_EVENT], "the event is a JSON list, not an object"),
        (b'"text"', "the event is a JSON str, not an object"),
        (b"null", "the event is a JSON NoneType, not an object"),
        ({}, "the envelope names no event: neither `type` (CloudEvents) nor `event_type`"),
        ({**CLOUD_EVENT, "specversion": "0.3"}, "specversion '0.3' is not 1.0"),
        ({**CLOUD_EVENT, "specversion": None}, "specversion None is not 1.0"),
        ({**CLOUD_EVENT, "type": ""}, "the event's type is '', not a text"),
        ({**CLOUD_EVENT, "type": 7}, "the event's type is 7, not a text"),
        ({**CLOUD_EVENT, "data": "[]"}, "`data` is str, not a JSON object"),
        ({**CARTSNITCH, "payload": None}, "`payload` is NoneType, not a JSON object"),
        ({"event_type": TYPE, "data": {}}, "`payload` is NoneType, not a JSON object"),
        (b'{"type":' + DEEP + b"}", "the event's type is [[[...]]], not a text"),
        (b'{"type":"x","specversion":' + DEEP + b"}", "specversion [[[...]]] is not 1.0"),
    ],
)
def test_what_is_no_event(document: object, reason: str) -> None:
    """The reason names what was found instead."""
    assert refused(document).startswith(reason)
