"""Decoding: a bad event costs only itself, and nothing is lost."""

from collections import Counter
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AliasChoices

from readmodel.engine.folding.batch import batch_of
from readmodel.events.decode import SLICE, Decoded, decode
from readmodel.events.envelope import Entry
from readmodel.events.event import Contract, Event, contracts, stream_of
from readmodel.events.receipts import ReceiptItem
from readmodel.events.shopping_lists import ListItem

PRODUCT, STORE = "22222222-0000-4000-8000-000000000001", "11111111-0000-4000-8000-000000000001"
PRICES = "cartsnitch.prices"
UPDATED = f"{PRICES}.updated"
GOOD = {"product_id": PRODUCT, "store_slug": "kroger", "new_price": "2.50"}


def envelope(payload: object, event_type: str = UPDATED, **more: object) -> bytes:
    return orjson.dumps({"specversion": "1.0", "type": event_type, "id": "e", "source": "test", "data": payload} | more)


def entries(*raws: bytes) -> list[Entry]:
    return [Entry(position << 21, raw) for position, raw in enumerate(raws, start=1)]


def decoded(stream: str, *raws: bytes) -> Decoded:
    """What all slices have decoded, as one."""
    whole = Decoded()
    for part in decode(stream, entries(*raws)):
        for event_type, events in part.events.items():
            whole.events[event_type] += events
        whole.rejected += part.rejected
        whole.unknown += part.unknown
    return whole


def reason(stream: str, raw: bytes) -> tuple[str | None, str]:
    """The type and the error of the one entry that was rejected."""
    found = decoded(stream, raw)
    (rejected,) = found.rejected
    assert (dict(found.events), found.unknown) == ({}, Counter())
    return rejected.event_type, rejected.error


def count(found: Decoded) -> int:
    return sum(map(len, found.events.values())) + len(found.rejected) + found.unknown.total()


def test_a_bad_event_among_a_thousand_good_ones_costs_only_itself() -> None:
    """The others are decoded, in order and at their positions, and the bad one is kept with its bytes."""
    raws = [envelope({**GOOD, "new_price": number}) for number in range(1_001)]
    raws[500] = envelope({**GOOD, "new_price": "cheap"})

    found = decoded(PRICES, *raws)

    good = [number for number in range(1_001) if number != 500]
    prices = [(position, event.__dict__["regular_price"]) for position, event in found.events[UPDATED]]
    assert prices == [((number + 1) << 21, number) for number in good]
    assert [(bad.entry, bad.event_type) for bad in found.rejected] == [(Entry(501 << 21, raws[500]), UPDATED)]


def test_entries_are_decoded_in_slices() -> None:
    """None of them is so long that the event loop would wait for it."""
    parts = list(decode(PRICES, entries(*[envelope(GOOD)] * (2 * SLICE + 1))))

    assert [len(part.events[UPDATED]) for part in parts] == [SLICE, SLICE, 1]
    assert list(decode(PRICES, [])) == []


def test_an_error_names_every_offending_value() -> None:
    """Which field, what is wrong with it, and what was sent instead."""
    payload = {**GOOD, "product_id": "P-1", "new_price": "cheap", "sale_price": -1}

    assert reason(PRICES, envelope(payload)) == (
        UPDATED,
        (
            "product_id: Value error, 'P-1' is not a UUID (got 'P-1'); "
            "regular_price: Input should be a valid decimal (got 'cheap'); "
            "sale_price: Input should be greater than or equal to 0 (got -1)"
        ),
    )


def test_an_error_can_be_stored() -> None:
    """Without the NUL that was the offence, and no longer than anybody reads."""
    event_type, error = reason(PRICES, envelope({**GOOD, "store_slug": "\x00" * 64, "sale_price": "x" * 100_000}))

    assert event_type == UPDATED
    assert "\x00" not in error
    assert error.startswith("store: String should match pattern")
    assert len(error) <= 500


def test_an_error_names_the_line_of_a_receipt() -> None:
    """A list's item is named by its number, from 0."""
    line = {"product_name_raw": "MILK", "quantity": 1, "unit_price": 1, "extended_price": 1}
    receipt = {
        "user_id": "ada",
        "store_slug": "kroger",
        "purchase_id": "R-1",
        "purchase_date": "2024-03-01",
        "total": 1,
        "items": [line, {**line, "quantity": 1_000_000}],
    }

    _, error = reason("cartsnitch.receipts", envelope(receipt, "cartsnitch.receipts.ingested"))

    assert error == "items.1.quantity: Input should be less than 1000000 (got 1000000)"


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"items": 5}, "items: Input should be a valid list (got 5)"),
        ({"items": [5]}, "items.0: Input should be a valid dictionary or instance of ReceiptItem (got 5)"),
        ({"purchase_id": 4711}, "receipt_number: Input should be a valid string (got 4711)"),
        ({"user_id": "u" * 65}, f"user_id: String should have at most 64 characters (got '{'u' * 65}')"),
    ],
)
def test_an_error_names_what_a_short_form_has_instead(more: dict[str, object], error: str) -> None:
    """Values that our own code looks at before pydantic does are named just the same."""
    receipt = {"user_id": "ada", "store_slug": "k", "purchase_date": "2024-03-01", "total": 1, "item_count": 1}
    payload = {**receipt, "purchase_id": "R-1", **more}

    assert reason("cartsnitch.receipts", envelope(payload, "cartsnitch.receipts.ingested")) == (
        "cartsnitch.receipts.ingested",
        error,
    )


def test_an_unreadable_entry_concerns_everyone() -> None:
    """It has no type, so that every projection of the stream keeps it."""
    assert reason(PRICES, b"oops")[0] is None


def test_unknown_types_are_counted() -> None:
    """They are neither errors nor lost: tomorrow's types, sent already."""
    unheard_of = envelope({}, f"{PRICES}.vanished")

    found = decoded(PRICES, unheard_of, envelope(GOOD), unheard_of, envelope({}, "x" * 99))

    assert (found.unknown, len(found.events[UPDATED]), found.rejected) == (
        Counter({f"{PRICES}.vanished": 2, "x" * 64: 1}),
        1,
        [],
    )


def test_an_event_in_another_noun_s_stream_is_rejected() -> None:
    """Its order among the others of its noun would be lost."""
    raw = envelope({"id": STORE, "name": "Kroger", "slug": "kroger"}, "cartsnitch.stores.updated")

    assert reason(PRICES, raw) == (
        None,
        "cartsnitch.stores.updated belongs in the stream cartsnitch.stores, not in cartsnitch.prices",
    )


def test_nesting_beyond_what_python_can_show_is_an_error_like_any_other() -> None:
    """JSON may be nested deeper than repr() can go."""
    deep = b"[" * 1_020 + b"]" * 1_020
    raw = b'{"type":"%s","data":{"product_id":%s,"store_slug":"k","new_price":1}}' % (UPDATED.encode(), deep)

    assert reason(PRICES, raw) == (UPDATED, "product_id: Input should be a valid string (got [[[...]]])")


@settings(deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=5))
def test_arbitrary_bytes_are_rejected_one_by_one(raws: list[bytes]) -> None:
    """Nothing is raised, and no entry is left out."""
    found = decoded(PRICES, *raws)

    assert count(found) == len(raws)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["", PRODUCT, "2024-03-01", "2024-03-01T12:00:00Z", "12 oz", "1e400", "NaN", "\x00", "0E+99"]),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=5,
)


def sent_names(model: type[Contract]) -> set[str]:
    """What publishers may call the fields of a contract, and what the contract itself calls them."""
    aliases = [field.validation_alias for field in model.model_fields.values()]
    names = [alias.choices if isinstance(alias, AliasChoices) else [alias] for alias in aliases if alias]
    return {str(name) for choices in names for name in choices} | set(model.model_fields) - set(Event.model_fields)


WORKED_OUT = {"store_id", "store_slug", "receipt_id", "new_price"}
FIELDS = {event_type: sorted(sent_names(model) | WORKED_OUT) for event_type, model in contracts().items()}
ALL_FIELDS = sorted(set().union(*FIELDS.values()))
LINE_FIELDS = sorted(sent_names(ReceiptItem) | sent_names(ListItem))
VALUES = JSON | st.lists(st.dictionaries(st.sampled_from(LINE_FIELDS), JSON), max_size=2)
PAYLOADS = st.dictionaries(st.sampled_from(ALL_FIELDS), VALUES) | st.dictionaries(st.text(max_size=5), JSON)
ENVELOPE_FIELDS = ["specversion", "id", "time", "source", "event_type", "event_id", "timestamp", "service", "payload"]


@settings(deadline=None)
@given(
    event_type=st.sampled_from([*contracts(), "cartsnitch.prices.unheard_of"]),
    payloads=st.lists(st.tuples(PAYLOADS | JSON, st.dictionaries(st.sampled_from(ENVELOPE_FIELDS), JSON)), max_size=4),
)
def test_any_json_ends_up_somewhere(event_type: str, payloads: list[tuple[Any, dict[str, Any]]]) -> None:
    """Every entry is in exactly one of events, rejected and unknown, whatever stands in which field."""
    raws = [orjson.dumps({"type": event_type, "data": payload, **more}) for payload, more in payloads]

    found = decoded(stream_of(event_type), *raws)

    positions = [at for events in found.events.values() for at, _ in events]
    positions += [rejected.entry.position for rejected in found.rejected]
    assert len(positions) == len(set(positions))
    assert count(found) == len(raws)


ACCOUNT = {"user_id": "ada", "store_slug": "kroger"}
WHOLE: dict[str, dict[str, Any]] = {
    "cartsnitch.accounts.connected": ACCOUNT,
    "cartsnitch.accounts.disconnected": ACCOUNT,
    "cartsnitch.accounts.sync_started": ACCOUNT,
    "cartsnitch.accounts.sync_completed": ACCOUNT,
    "cartsnitch.accounts.sync_failed": ACCOUNT,
    "cartsnitch.alerts.price_increase": {"product_id": PRODUCT, "old_price": 1, "new_price": 2},
    "cartsnitch.alerts.shrinkflation": {"product_id": PRODUCT, "old_size": "12 oz", "new_size": "10 oz"},
    "cartsnitch.coupons.updated": {
        "id": PRODUCT,
        "store_slug": "kroger",
        "title": "A tenth off",
        "discount_type": "percent",
        "requires_clip": True,
    },
    "cartsnitch.coupons.removed": {"id": PRODUCT},
    "cartsnitch.indices.published": {"series": "CUUR0000SAF11", "period": "2024-02", "value": 305.1},
    UPDATED: GOOD,
    "cartsnitch.products.normalized": {"product_id": PRODUCT},
    "cartsnitch.products.removed": {"product_id": PRODUCT},
    "cartsnitch.receipts.ingested": {
        "user_id": "ada",
        "store_slug": "kroger",
        "purchase_id": "R-1",
        "purchase_date": "2024-03-01",
        "item_count": 1,
        "total": 1,
    },
    "cartsnitch.shopping_lists.saved": {
        "id": PRODUCT,
        "user_id": "ada",
        "name": "Weekend",
        "items": [{"name": "Milk", "quantity": 1}],
    },
    "cartsnitch.shopping_lists.removed": {"id": PRODUCT, "user_id": "ada"},
    "cartsnitch.stores.location_updated": {
        "id": PRODUCT,
        "store_id": STORE,
        "address": "1 Elm Street",
        "city": "Dayton",
        "state": "OH",
        "zip": "45402",
    },
    "cartsnitch.stores.updated": {"id": STORE, "name": "Kroger", "slug": "kroger"},
    "cartsnitch.users.registered": {"user_id": "ada"},
    "cartsnitch.users.profile_updated": {"user_id": "ada"},
    "cartsnitch.users.alert_settings_changed": {"user_id": "ada"},
    "cartsnitch.users.alert_read": {"user_id": "ada", "alert_id": PRODUCT},
    "cartsnitch.users.erased": {"user_id": "ada"},
}


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(WHOLE)).flatmap(
        lambda chosen: st.tuples(st.just(chosen), st.dictionaries(st.sampled_from(FIELDS[chosen]), VALUES, max_size=2))
    )
)
def test_whatever_validates_can_be_handed_to_a_store(sent: tuple[str, dict[str, Any]]) -> None:
    """Were it not so, one event would stop every projection that reads its stream."""
    event_type, changes = sent
    stream = stream_of(event_type)

    batch = batch_of(stream, entries(envelope({**WHOLE[event_type], **changes}, event_type)))

    events = {name: table.num_rows for name, table in batch.relations.items() if "line_no" not in table.column_names}
    assert sum(events.values()) + len(batch.rejected) == 1


def test_the_examples_are_whole() -> None:
    """The test above begins with a payload of every type that there is, and each of them is valid."""
    assert sorted(WHOLE) == sorted(contracts())
    for event_type, payload in WHOLE.items():
        assert decoded(stream_of(event_type), envelope(payload, event_type)).rejected == []
