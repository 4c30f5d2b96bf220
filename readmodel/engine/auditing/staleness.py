"""Which rows are older than they look, because an event that concerns them was put aside and is still open.

What can be read of such an event states facts, as if it had been taken; the ids in their keys are what it is about. An
answer from the projection that mentions one of them is stale since the event was put aside. Of an event that is no JSON
nothing can be read, and nothing is marked.
"""

import asyncio
import logging
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from readmodel.engine.auditing.lineage import events_read, facts_of, positions_in
from readmodel.engine.folding.staging import staged
from readmodel.engine.plan import Plan, PlannedTable
from readmodel.engine.projection import DUCKDB, StoreName
from readmodel.engine.relation import relations_of
from readmodel.events.envelope import Entry
from readmodel.events.event import Event, contracts
from readmodel.events.fields import is_uuid
from readmodel.events.lenient import read_leniently
from readmodel.events.position import START
from readmodel.stores.duckdb import stage
from readmodel.stores.reading import Reader, Row
from readmodel.stores.sql import read_sql

AT_ONCE = 500
LETTERS_READ = 10_000
"""Of the letters of a projection in a stream, the oldest ones."""

_LETTERS = read_sql("readmodel.stores", "letters.sql").sections["letters"]
_ID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
log = logging.getLogger(__name__)

Since = dict[str, datetime]
"""Ids and since when what is said of them is stale."""


class Staleness:
    """The ids that open dead letters are about, by projection, in memory."""

    def __init__(self, plans: Sequence[Plan], readers: Mapping[StoreName, Reader]) -> None:
        self._plans = plans
        self._readers = readers
        self._stale: Mapping[str, Since] = {}

    async def refresh(self) -> None:
        """Read the quarantine again; StoreUnavailable when a store is away."""
        found: dict[str, Since] = defaultdict(dict)
        for plan in self._plans:
            for stream in plan.streams:
                letters = [letter async for letter in self._open(plan, stream)]
                if letters:
                    _merge(found[plan.name], await asyncio.to_thread(ids_of, plan, stream, letters))
        self._stale = found

    def since(self, names: Iterable[str], *texts: bytes) -> datetime | None:
        """Since when an answer from these projections is stale in which the texts stand; None where it is not."""
        concerned = [self._stale[name] for name in names if self._stale.get(name)]
        if not concerned:
            return None
        mentioned = {found.decode() for text in texts for found in _ID.findall(text.lower())}
        return min((since[each] for since in concerned for each in mentioned & since.keys()), default=None)

    async def _open(self, plan: Plan, stream: str) -> AsyncIterator[Row]:
        after, read = START, 0
        anything = dict.fromkeys(("position", "event_type", "error")) | {"state": "open", "with_raw": True}
        where = {"projection": plan.name, "version": plan.version, "stream": stream, "limit": AT_ONCE}
        while read < LETTERS_READ:
            async with self._readers[plan.store].snapshot() as snapshot:
                rows = await snapshot.fetch(_LETTERS, {**anything, **where, "after": after})
            for row in rows:
                yield row
            if len(rows) < AT_ONCE:
                return
            after, read = rows[-1]["position"], read + len(rows)


def ids_of(plan: Plan, stream: str, letters: Sequence[Row]) -> Since:
    """What the letters of one stream are about, as far as they can be read."""
    since = {letter["position"]: letter["quarantined_at"].astimezone(UTC) for letter in letters}
    by_type: dict[str, list[tuple[int, Event]]] = defaultdict(list)
    for letter in letters:
        event = read_leniently(stream, Entry(letter["position"], letter["raw"]))
        if event is not None and contracts()[event.type] in plan.events:
            by_type[event.type].append((letter["position"], event))
    found: Since = {}
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for event_type, events in by_type.items():
            try:
                for position, each in _keys(connection, plan, contracts()[event_type], events):
                    _merge(found, {each: since[position]})
            except (pa.ArrowException, ArithmeticError, duckdb.Error):
                log.warning("%s: what its dead letters of type %s are about cannot be told", plan.key, event_type)
    return found


def _keys(
    connection: duckdb.DuckDBPyConnection, plan: Plan, event: type[Event], events: Sequence[tuple[int, Event]]
) -> Iterator[tuple[int, str]]:
    """The position of each event and the ids that its facts are about."""
    tables: dict[str, pa.Table] = {}
    for relation in relations_of(event):
        listing = [(at, made) for at, made in events if not relation.child_of or getattr(made, relation.child_of)]
        tables[relation.name] = relation.table(listing)
    for part in staged(plan.relations, tables, DUCKDB):
        stage(connection, part)
    positions = {position for position, _ in events}
    for table in plan.tables:
        if event in events_read(plan, table):
            yield from _ids(connection, table, facts_of(plan, table, event), positions)


def _ids(
    connection: duckdb.DuckDBPyConnection, table: PlannedTable, facts: str, positions: set[int]
) -> Iterator[tuple[int, str]]:
    for row in connection.execute(facts).fetchall():
        fact = dict(zip(table.column_names, row, strict=True))
        # Of several ids the first is what the row is about; the others, as a price's store, are named everywhere.
        about = next((str(fact[name]) for name in table.table.key if is_uuid(str(fact[name]))), None)
        if about is not None:
            yield from ((position, about) for position in positions_in(table, fact) & positions)


def _merge(into: Since, more: Since) -> None:
    for each, since in more.items():
        into[each] = min(since, into.get(each, since))
