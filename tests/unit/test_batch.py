"""Batches: what is handed from the feed to every runner."""

from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest

from readmodel.engine.folding.batch import Batch, batch_of
from readmodel.engine.relation import relations_of
from readmodel.events.decode import Decoded
from readmodel.events.envelope import Entry
from readmodel.events.prices import PriceUpdated
from readmodel.events.products import ProductNormalized, ProductRemoved
from readmodel.events.receipts import ReceiptIngested

PRODUCT = "22222222-0000-4000-8000-000000000001"
PRODUCTS, RECEIPTS = "cartsnitch.products", "cartsnitch.receipts"
NORMALIZED, REMOVED = relations_of(ProductNormalized)[0], relations_of(ProductRemoved)[0]
LINE = {"product_name_raw": "MILK", "quantity": 1, "unit_price": 1, "extended_price": 1}


def entry(position: int, event_type: str, payload: object) -> Entry:
    return Entry(position, orjson.dumps({"type": event_type, "source": "test", "data": payload}))


def normalized(position: int) -> Entry:
    return entry(position, "cartsnitch.products.normalized", {"product_id": PRODUCT, "canonical_name": str(position)})


def removed(position: int) -> Entry:
    return entry(position, "cartsnitch.products.removed", {"product_id": PRODUCT})


def bad(position: int) -> Entry:
    return entry(position, "cartsnitch.products.removed", {"product_id": "none"})


def unknown(position: int) -> Entry:
    return entry(position, "cartsnitch.products.vanished", {})


MIXED = [normalized(1), removed(2), bad(3), normalized(4), unknown(5), removed(6)]


def summary(batch: Batch) -> dict[str, list[int]]:
    """Where everything in a batch stands."""
    return {
        "entries": [entry.position for entry in batch.entries],
        "normalized": batch.rows(NORMALIZED)["position"].to_pylist(),
        "removed": batch.rows(REMOVED)["position"].to_pylist(),
        "rejected": [rejected.entry.position for rejected in batch.rejected],
    }


def test_a_batch_has_every_entry_and_a_relation_for_each_type() -> None:
    """Whatever became of an entry, it counts; what was decoded stands in the relation of its type."""
    batch = batch_of(PRODUCTS, MIXED)

    assert summary(batch) == {
        "entries": [1, 2, 3, 4, 5, 6],
        "normalized": [1, 4],
        "removed": [2, 6],
        "rejected": [3],
    }
    assert (batch.stream, batch.upto, batch.unknown) == (PRODUCTS, 6, Counter({"cartsnitch.products.vanished": 1}))


def test_a_batch_of_many_slices_is_one() -> None:
    """Slices are only how it was decoded."""
    batch = batch_of(PRODUCTS, [normalized(position) for position in range(1, 1_001)])

    assert batch.rows(NORMALIZED)["canonical_name"].to_pylist() == [str(position) for position in range(1, 1_001)]


def test_a_batch_without_entries_has_no_relations() -> None:
    """Reading past its end is no error."""
    batch = batch_of(PRODUCTS, [])

    assert summary(batch.past(5)) == {"entries": [], "normalized": [], "removed": [], "rejected": []}


def test_a_relation_that_the_batch_does_not_have_is_empty() -> None:
    """With the columns that a fold expects."""
    rows = batch_of(PRODUCTS, MIXED).rows(relations_of(PriceUpdated)[0])

    assert rows.equals(relations_of(PriceUpdated)[0].arrow_schema.empty_table())


@pytest.mark.parametrize("position", [0, 1, 3, 5, 6, 99])
def test_past_a_position_is_what_comes_after_it(position: int) -> None:
    """Entries, rows and rejected ones alike."""
    batch = batch_of(PRODUCTS, MIXED)

    left = {name: [at for at in found if at > position] for name, found in summary(batch).items()}

    assert summary(batch.past(position)) == left


@pytest.mark.parametrize("count", range(2, 7))
def test_halves_are_the_batch_cut_in_two(count: int) -> None:
    """Neither is empty, and together they are the whole."""
    batch = batch_of(PRODUCTS, MIXED[:count])

    first, second = map(summary, batch.halves())

    assert {name: first[name] + second[name] for name in first} == summary(batch)
    assert len(first["entries"]) == count // 2


def test_a_receipt_s_lines_stay_with_it() -> None:
    """A relation of lines is cut where its events are."""
    receipt: dict[str, Any] = {"user_id": "ada", "store_slug": "k", "purchase_date": "2024-03-01", "total": 1}
    entries = [
        entry(at, "cartsnitch.receipts.ingested", {**receipt, "purchase_id": str(at), "items": [LINE] * at})
        for at in (1, 2, 3)
    ]
    lines = relations_of(ReceiptIngested)[1]
    batch = batch_of(RECEIPTS, entries)

    found = [part.rows(lines)["position"].to_pylist() for part in (batch.past(1), *batch.halves(), batch.without([2]))]

    assert found == [[2, 2, 3, 3, 3], [1], [2, 2, 3, 3, 3], [1, 3, 3, 3]]


def test_without_some_events_the_entries_are_the_same() -> None:
    """The cursor moves past what is quarantined; only its rows are gone."""
    batch = batch_of(PRODUCTS, MIXED)

    left = batch.without([2, 4, 99])

    assert summary(left) == {**summary(batch), "normalized": [1], "removed": [6]}
    assert summary(batch.without([])) == summary(batch)


def test_the_types_of_some_events() -> None:
    """By position, of those asked for only."""
    batch = batch_of(PRODUCTS, MIXED)

    assert batch.types([ProductRemoved, PriceUpdated]) == dict.fromkeys((2, 6), "cartsnitch.products.removed")


def test_what_no_column_can_hold_is_rejected_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Should a contract ever let in more than its column holds, the event is put aside, and its neighbours are not."""
    entries = [Entry(position << 21, b"%d" % position) for position in range(1, 8)]
    prices = [PriceUpdated.model_construct(regular_price=Decimal(1), **_PLAIN) for _ in entries]
    prices[3] = PriceUpdated.model_construct(regular_price=Decimal("1e30"), **_PLAIN)
    found = Decoded()
    found.events[PriceUpdated.type] = [(entry.position, price) for entry, price in zip(entries, prices, strict=True)]
    monkeypatch.setattr("readmodel.engine.folding.batch.decode", lambda *_: iter([found]))

    batch = batch_of("cartsnitch.prices", entries)

    assert [rejected.entry for rejected in batch.rejected] == [entries[3]]
    kept = [entry.position for entry in entries if entry is not entries[3]]
    assert batch.relations["prices_updated"]["position"].to_pylist() == kept


_PLAIN: dict[str, Any] = {
    "event_id": "1",
    "occurred_at": datetime(2024, 1, 1, tzinfo=UTC),
    "source": "",
    "product_id": "00000000-0000-4000-8000-000000000001",
    "store": "corner",
    "observed_date": date(2024, 1, 1),
    "sale_price": None,
    "loyalty_price": None,
    "coupon_price": None,
    "observed_by": "",
}
