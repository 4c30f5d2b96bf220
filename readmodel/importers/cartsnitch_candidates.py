"""Candidates for publication: rows of today's shared database, the events made of them, and why there are none."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final
from uuid import UUID

import orjson

from readmodel.events.cloudevent import CloudEvent
from readmodel.events.ids import stable_id
from readmodel.importers.cartsnitch_events import ColumnUnusable, events_of
from readmodel.importers.cartsnitch_source import Source
from readmodel.importers.cartsnitch_tables import ITEMS, PURCHASES, Row, Table

_MOST_ITEMS: Final = 1_000
# How decoding names the place of a fault; what is wrong with the whole event has none.
_PLACE: Final = re.compile(r"(?:items\.(\d+)\.)?([a-z_]+)[\w.]*: ")
# Contracts call some columns otherwise.
_COLUMNS: Final = {"store": "store_id", "receipt_number": "receipt_id", "product_id": "normalized_product_id"}


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that no event was made of, and why. Without a column it is the whole row, or another row's fault."""

    table: str
    id: str | None
    column: str | None
    value: str | None
    reason: str


@dataclass(slots=True)
class Candidate:
    """Rows that are published together or not at all: one, or a purchase and its items."""

    table: Table
    rows: list[tuple[str, Row]]
    events: list[CloudEvent] = field(default_factory=list[CloudEvent])
    encoded: list[bytes] = field(default_factory=list[bytes])
    rejected: list[Rejected] = field(default_factory=list[Rejected])

    def make(self) -> None:
        """Make the events, or say why there are none."""
        (_, row), *items = self.rows
        try:
            self.events = events_of(self.table, row, [item for _, item in items])
            self.encoded = [event.to_json() for event in self.events]
        except ColumnUnusable as error:
            self.reject(str(error))

    def reject(self, error: str) -> None:
        """Report every row: the one at fault with `error`, as decoding words it, and those that go with it."""
        if self.rejected:
            return
        found = _PLACE.match(error)
        number, name = (found[1], found[2]) if found else (None, None)
        at_fault = 0 if number is None else int(number) + 1
        table, row = self.rows[at_fault]
        column = self._column(table, row, name)
        reason = error[found.end() :] if found and column else error
        self.rejected = [Rejected(table, row["id"], column, row.get(column or ""), reason)]
        others = f"{table} {row['id']} was rejected, which belongs to the same purchase"
        self.rejected += [
            Rejected(other, part["id"], None, None, others)
            for at, (other, part) in enumerate(self.rows)
            if at != at_fault
        ]

    def fingerprint(self) -> bytes:
        """Equal for rows that made equal events."""
        ids = [event.id for event in self.events]
        return UUID(ids[0] if len(ids) == 1 else stable_id(*ids)).bytes

    def note(self) -> str:
        """What the notes of the stream call the row; a stream may have rows of two tables."""
        return f"{self.table.event.rpartition('.')[2]} {self.rows[0][1]['id']}"

    def _column(self, table: str, row: Row, name: str | None) -> str | None:
        renamed = {to: column for column, to in self.table.renamed.items()} if table == self.table.name else {}
        candidates = (renamed.get(name or ""), name, _COLUMNS.get(name or ""))
        return next((column for column in candidates if column in row), None)


def as_line(rejected: Rejected) -> bytes:
    """A rejected row as one line of NDJSON; values of any length are cut after 1,000 characters."""
    value = rejected.value and rejected.value[:1_000]
    document = {"table": rejected.table, "id": rejected.id, "column": rejected.column, "value": value}
    return orjson.dumps(document | {"reason": rejected.reason}, option=orjson.OPT_APPEND_NEWLINE)


def candidates(source: Source, table: Table) -> Iterator[Candidate]:
    """What a table has to publish, in its order; SourceFailed when it cannot be read to its end."""
    if table is PURCHASES:
        for purchase, items in source.purchases():
            yield from _orphans(items) if purchase is None else _receipt(purchase, items)
        return
    for row in source.rows(table):
        yield _made(Candidate(table, [(table.name, row)]))


def _receipt(purchase: Row, items: Iterator[Row]) -> Iterator[Candidate]:
    # One more than a receipt may have is enough for it to be rejected; the others are not kept to be counted.
    kept = [(ITEMS.name, item) for item in islice(items, _MOST_ITEMS + 1)]
    yield _made(Candidate(PURCHASES, [(PURCHASES.name, purchase), *kept]))
    for item in items:
        yield _left_out(
            item, "", None, f"purchases {purchase['id']} was rejected: it has more than {_MOST_ITEMS:,} items"
        )


def _orphans(items: Iterator[Row]) -> Iterator[Candidate]:
    for item in items:
        yield _left_out(item, "purchase_id", item["purchase_id"], "there is no such purchase")


def _left_out(item: Row, column: str, value: str | None, reason: str) -> Candidate:
    rejected = Rejected(ITEMS.name, item["id"], column or None, value, reason)
    return Candidate(ITEMS, [(ITEMS.name, item)], rejected=[rejected])


def _made(candidate: Candidate) -> Candidate:
    candidate.make()
    return candidate
