"""The two sides of the fold law: what a definition makes of events, and what folding them makes of a store's tables.

`fold_law` compares them over events that are made up; tests with events of their own can do so themselves.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb
import psycopg
import pyarrow as pa

from readmodel.engine.folding.staging import staged
from readmodel.engine.plan import Plan
from readmodel.engine.projection import DUCKDB, POSTGRES
from readmodel.engine.relation import relations_of
from readmodel.events.event import Event, stream_of
from readmodel.stores.duckdb import DuckStore, stage
from readmodel.stores.postgres import PostgresStore
from readmodel.stores.store import Commit

Rows = dict[str, list[tuple[Any, ...]]]
"""A projection's tables: each a sorted list of rows, UUIDs and other values as text."""


def relations(plan: Plan, events: Iterable[tuple[int, Event]]) -> dict[str, pa.Table]:
    """The events as the relations that a projection reads."""
    by_type: dict[type[Event], list[tuple[int, Event]]] = defaultdict(list)
    for position, event in events:
        by_type[type(event)].append((position, event))
    return {r.name: r.table(by_type[model]) for model in plan.events for r in relations_of(model)}


def defined(plan: Plan, events: Sequence[tuple[int, Event]]) -> Rows:
    """What the definition makes of these events."""
    return defined_by(plan, [relations(plan, events)])


def defined_by(plan: Plan, parts: Sequence[Mapping[str, pa.Table]]) -> Rows:
    """What the definition makes of the events that these parts of the relations hold."""
    whole = {
        relation.name: pa.concat_tables(part[relation.name] for part in parts if relation.name in part)
        for relation in plan.relations
        if any(relation.name in part for part in parts)
    }
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for part in staged(plan.relations, whole, DUCKDB):
            stage(connection, part)
        return {t.table.name: sorted_rows(connection.execute(plan.definition(t)).fetchall()) for t in plan.tables}


def stored(plan: Plan, database_url: str, file: duckdb.DuckDBPyConnection) -> Rows:
    """What a projection's tables hold, tombstones included."""
    queries = {
        t.table.name: f"SELECT {', '.join(t.column_names)} FROM {plan.schema}.{t.table.name}" for t in plan.tables
    }
    if plan.store is not POSTGRES:
        return {name: sorted_rows(file.cursor().execute(query).fetchall()) for name, query in queries.items()}
    with psycopg.connect(database_url) as connection:
        return {name: sorted_rows(connection.execute(query.encode()).fetchall()) for name, query in queries.items()}


class Folded:
    """A version of a projection in a real store, created for a test and emptied between examples."""

    def __init__(self, plan: Plan, database_url: str, file: duckdb.DuckDBPyConnection) -> None:
        self._plan = plan
        self._database_url = database_url
        self._file = file
        self._store = PostgresStore(database_url) if plan.store is POSTGRES else DuckStore(file)
        self._emptying = psycopg.connect(database_url, autocommit=True) if plan.store is POSTGRES else None
        self._store.create(plan.as_version, plan.shapes(), plan.views)

    def empty(self) -> None:
        """Forget all rows and cursors."""
        tables = [f"{self._plan.schema}.{shape.log or shape.name}" for shape in self._plan.shapes()]
        own_cursors = f"DELETE FROM readmodel.cursors WHERE projection = '{self._plan.name}'"
        self._run([*(f"DELETE FROM {table}" for table in tables), own_cursors])
        self._store.take_over(self._plan.as_version, 1, self._plan.streams)
        self._upto = dict.fromkeys(self._plan.streams, 0)

    def fold(self, events: Sequence[tuple[int, Event]]) -> None:
        """Fold one batch, whatever its positions: here the cursor only counts the commits."""
        stream = stream_of(events[0][1].type) if events else self._plan.streams[0]
        self.fold_relations(stream, relations(self._plan, events))

    def fold_relations(self, stream: str, batch: Mapping[str, pa.Table]) -> None:
        """Fold one batch that is decoded already."""
        self._store.commit(self._commit(stream, batch))
        self._upto[stream] += 1

    def compact(self) -> None:
        """Compact appended tables, which must change nothing."""
        self._store.compact(self._plan.as_version, self._plan.shapes())

    def rows(self) -> Rows:
        """What the tables hold now."""
        return stored(self._plan, self._database_url, self._file)

    def close(self) -> None:
        """Close the connections."""
        self._store.close()
        if self._emptying:
            self._emptying.close()

    def _commit(self, stream: str, batch: Mapping[str, pa.Table]) -> Commit:
        at = self._upto[stream]
        parts = list(staged(self._plan.relations, batch, self._plan.store))
        return Commit(self._plan.as_version, 1, stream, at, at + 1, 1, parts, self._plan.fold, [])

    def _run(self, statements: Sequence[str]) -> None:
        if self._emptying:
            with self._emptying.transaction():
                for statement in statements:
                    self._emptying.execute(statement.encode())
        else:
            for statement in statements:
                self._file.cursor().execute(statement)


def sorted_rows(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows in an order that does not depend on the store, instants in UTC."""
    return sorted((tuple(_in_utc(value) for value in row) for row in rows), key=repr)


def _in_utc(value: Any) -> Any:
    return value.astimezone(UTC) if isinstance(value, datetime) else value
