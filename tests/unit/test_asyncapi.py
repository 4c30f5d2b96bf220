"""The AsyncAPI document: what publishers may send, found in the contracts and held against what they do send."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from handlers.app import Consumer
from handlers.asyncapi import document
from readmodel.events.decode import decode
from readmodel.events.envelope import Entry
from readmodel.events.event import PREFIX, Event, contracts, stream_of, streams, upcast

FILES = sorted((Path(__file__).parents[1] / "payloads").glob("*/*.json"))
ENVELOPE = {"event_id": "e-1", "occurred_at": "2024-03-01T00:00:00Z", "event_source": "test"}
NOBODY: Any = None  # nothing is read here, so nothing is fed


def described() -> dict[str, Any]:
    return document(Consumer("redis://user:secret@127.0.0.1:1/0", NOBODY).broker, "1.2.3")


DOCUMENT = described()
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]


def name_of(value: Any) -> str | None:
    return f"{value.parent.name}/{value.stem}" if isinstance(value, Path) else getattr(value, "__name__", None)


def contract_of(file: Path) -> type[Event]:
    return contracts()[PREFIX + file.parent.name]


def payload_of(file: Path) -> dict[str, Any]:
    sent = orjson.loads(file.read_bytes())["sent"]
    found: dict[str, Any] = sent.get("data", sent.get("payload"))
    return found


def taken(model: type[Event], payload: dict[str, Any]) -> list[Event]:
    """The one event, or none where the payload is refused."""
    sent = {"type": model.type, "id": "e-1", "time": "2024-03-01T00:00:00Z", "data": payload}
    (found,) = decode(stream_of(model.type), [Entry(1 << 21, orjson.dumps(sent))])
    return [event for _, event in found.events[model.type]]


def required(schema: dict[str, Any], payload: dict[str, Any]) -> bool:
    """Whether a payload has what its schema requires, one by one or one of several."""
    whole = set(schema["required"]) <= payload.keys()
    return whole and all(
        any(set(one["required"]) <= payload.keys() for one in either["anyOf"]) for either in schema.get("allOf", [])
    )


def lines() -> Iterator[tuple[str, dict[str, Any]]]:
    """The items of the lists that are sent, each with the name of its schema."""
    for file in FILES:
        items = payload_of(file).get("items") or []
        yield from (("ReceiptItem" if file.parent.name.startswith("receipts") else "ListItem", item) for item in items)


def test_every_stream_and_every_event_is_described() -> None:
    """Under its type, and nothing of where the servers are."""
    assert sorted(DOCUMENT["channels"]) == list(streams())
    for model in contracts().values():
        assert SCHEMAS[model.__name__]["description"].startswith(f"`{model.type}`. {model.__doc__}"[:40])
    assert b"secret" not in orjson.dumps(DOCUMENT)


def test_one_event_whole() -> None:
    """Neither what the envelope says nor what is worked out; for each of those, what it is worked out from."""
    schema = SCHEMAS["PriceUpdated"]

    assert schema["description"] == (
        "`cartsnitch.prices.updated`. A price observation. One that names no day was made on the day of its envelope."
        "\n\nVersion 1, `{product_id, store_slug, old_price, new_price, change_percent}`: `new_price` was observed."
    )
    assert set(schema["properties"]) == {
        "normalized_product_id",
        "product_id",
        "store_id",
        "store_slug",
        "observed_date",
        "regular_price",
        "sale_price",
        "loyalty_price",
        "coupon_price",
        "source",
    }
    assert schema["required"] == ["regular_price"]
    assert schema["allOf"] == [
        {"anyOf": [{"required": ["normalized_product_id"]}, {"required": ["product_id"]}]},
        {"anyOf": [{"required": ["store_id"]}, {"required": ["store_slug"]}]},
    ]
    assert schema["properties"]["store_slug"] == {
        "anyOf": [{"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[^\\x00]*$"}, {"type": "null"}],
        "title": "store_slug",
        "description": "Or `store_id`.",
    }
    assert schema["properties"]["regular_price"] == {
        "anyOf": [{"type": "number", "minimum": 0.0, "exclusiveMaximum": 1e9}, {"type": "string"}],
        "title": "Regular Price",
    }


@pytest.mark.parametrize(
    ("schema", "worked_out"),
    [
        ("AccountConnected", {"store", "happened_at"}),
        ("PriceIncreased", {"store", "alert_id"}),
        ("ProductNormalized", {"name_words", "brand_words"}),
        ("ReceiptIngested", {"store", "receipt_number", "is_full"}),
        ("ShoppingListSaved", {"item_count"}),
    ],
)
def test_what_is_worked_out_is_not_asked_of_publishers(schema: str, worked_out: set[str]) -> None:
    """They may send it; it is not looked at."""
    assert not worked_out & set(SCHEMAS[schema]["properties"])


def test_a_receipt_number_may_stand_where_the_purchase_s_id_does() -> None:
    """So that both have the longer one's bound."""
    properties = SCHEMAS["ReceiptIngested"]["properties"]

    assert [properties[name]["anyOf"][0]["maxLength"] for name in ("purchase_id", "receipt_id")] == [200, 200]


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_whatever_makes_a_difference_is_described(file: Path) -> None:
    """Every field that was ever sent is in the schema, or named among the older versions, or ignored."""
    model, payload = contract_of(file), payload_of(file)
    schema = SCHEMAS[model.__name__]

    for name in payload.keys() - schema["properties"].keys():
        without = {other: value for other, value in payload.items() if other != name}
        assert f"`{name}`" in schema["description"] or taken(model, without) == taken(model, payload), name


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_what_is_required_was_sent(file: Path) -> None:
    """In every payload of the newest version; an older one lacks what an upcast brings."""
    model, payload = contract_of(file), payload_of(file)
    newest = upcast(model, {**payload, **ENVELOPE})

    assert required(SCHEMAS[model.__name__], newest)
    if not model.upcasts:
        assert required(SCHEMAS[model.__name__], payload)


def test_the_lines_of_lists_are_described_as_events_are() -> None:
    """A line's product has two names, and neither is required."""
    for schema, line in lines():
        assert line.keys() <= SCHEMAS[schema]["properties"].keys()
        assert required(SCHEMAS[schema], line)
    assert set(SCHEMAS["ListItem"]["properties"]) == {"product_id", "normalized_product_id", "name", "quantity"}


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_what_is_required_cannot_be_left_out(file: Path) -> None:
    """The document asks for nothing that the newest version would do without."""
    model = contract_of(file)
    payload = upcast(model, {**payload_of(file), **ENVELOPE})

    assert model.model_validate(payload)
    for name in SCHEMAS[model.__name__]["required"]:
        with pytest.raises(ValidationError):
            model.model_validate({other: value for other, value in payload.items() if other != name})
