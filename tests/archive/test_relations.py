"""The relations of all events at a position, as definitions read them: from files, also outdated ones, and the tail."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from readmodel.engine.log import typed
from readmodel.engine.log.relations import relations_upto
from readmodel.engine.relation import relations_of
from readmodel.events.event import Event
from readmodel.events.prices import PriceUpdated
from readmodel.events.receipts import ReceiptIngested
from tests.archive.conftest import PRICES, Log, Open, price, receipt

RECEIPTS = "cartsnitch.receipts"


async def rows(log: Log, event: type[Event], upto: int, without: list[int] | None = None) -> dict[str, Any]:
    """Per relation its positions, and its columns as DuckDB has them."""
    stream = event.type.rpartition(".")[0]
    found = await relations_upto(log.history, [event], {stream: upto})
    with duckdb.connect() as connection:
        found.attach(connection, {stream: without or []})
        named = {}
        for relation in relations_of(event):
            columns = [row[:2] for row in connection.execute(f"DESCRIBE {relation.name}").fetchall()]
            assert columns == [(column.name, column.type.duckdb) for column in relation.columns]
            positions = connection.execute(f"SELECT position FROM {relation.name} ORDER BY 1").fetchall()
            named[relation.name] = [position for (position,) in positions]
    found.close()
    return named | {"rejected": [bad.entry.position for bad in found.rejected[stream]]}


async def test_at_every_position(log: Log) -> None:
    """Archived or not, merged or not: exactly the events at or below a position, less those left out."""
    await log.add(price(1), b"{nope", *map(price, range(2, 12)))
    await log.archived(rows=1)
    await log.add(price(12), price(13, regular_price=-1), price(14))
    sent = [position for position, _ in log.sent[PRICES]]
    bad = [sent[1], sent[13]]

    assert log.segments() == [(1, 8), *[(0, 1)] * 4]
    for upto in (0, *sent):
        good = [position for position in sent if position <= upto and position not in bad]
        expected = {"prices_updated": good, "rejected": [position for position in bad if position <= upto]}
        assert await rows(log, PriceUpdated, upto) == expected
        assert await rows(log, PriceUpdated, upto, good[:2]) == expected | {"prices_updated": good[2:]}


async def test_lists_have_their_own_files(log: Log) -> None:
    """The items of receipts come from the archive and from the tail."""
    await log.add(receipt(2), receipt(0), stream=RECEIPTS)
    await log.archived(stream=RECEIPTS)
    await log.add(receipt(1), stream=RECEIPTS)
    first, second, third = [position for position, _ in log.sent[RECEIPTS]]

    assert await rows(log, ReceiptIngested, third) == {
        "receipts_ingested": [first, second, third],
        "receipts_ingested_items": [first, first, third],
        "rejected": [],
    }


async def test_what_another_contract_typed_is_decoded_again(
    log: Log, open_log: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a contract has changed, reading gives what it makes of the bytes, and so does the next merge, for good.

    Here the older contract knew no list of items and took nothing from the second event.
    """
    await log.add(receipt(2), receipt(1), stream=RECEIPTS)
    today, whole = typed.digests(), typed.typed

    def by_an_older_contract(stream: str, entries: Any) -> Any:
        found = whole(stream, entries)
        found.pop("receipts_ingested_items", None)
        return found

    with monkeypatch.context() as older:
        older.setattr("readmodel.engine.log.archiver.typed", by_an_older_contract)
        older.setattr("readmodel.engine.log.archiver.digests", lambda: dict.fromkeys(today, "older"))
        await log.archived(rows=1, stream=RECEIPTS)
    first, second = [position for position, _ in log.sent[RECEIPTS]]
    expected = {
        "receipts_ingested": [first, second],
        "receipts_ingested_items": [first, first, second],
        "rejected": [],
    }

    assert await rows(open_log(tmp_path / "archive"), ReceiptIngested, second) == expected
    assert (await rows(open_log(tmp_path / "archive"), ReceiptIngested, first))["receipts_ingested"] == [first]

    await log.add(*[receipt(0)] * 6, stream=RECEIPTS)
    await log.archived(rows=1, stream=RECEIPTS)

    assert log.segments(RECEIPTS) == [(1, 8)]
    parts = log.archive.chain(RECEIPTS)[0].segment.parts
    assert [(part.relation, part.rows, part.contract) for part in parts] == [
        ("receipts_ingested", 8, today["receipts_ingested"]),
        ("receipts_ingested_items", 3, today["receipts_ingested_items"]),
    ]


def test_a_contract_is_its_code() -> None:
    """Comments do not count, and what is written in other lines neither; what other modules do for it does."""
    assert typed._without_comments("readmodel.events.prices").count("#") == 0
    assert {"readmodel.events.products", "readmodel.events.fields"} <= typed._reached_from("readmodel.events.prices")
    assert len(set(typed.digests().values())) > 10
