"""History as relations: what a definition reads when it is computed from scratch."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from readmodel.engine.batch import Batch, batch_of
from readmodel.engine.history import History
from readmodel.engine.relation import Relation, relations_of
from readmodel.engine.vector import Vector
from readmodel.events.decode import Rejected
from readmodel.events.event import Event, stream_of
from readmodel.events.position import START

Positions = Mapping[str, Collection[int]]
"""Positions per stream."""

LEFT_OUT = "left_out"


@dataclass(frozen=True)
class Relations:
    """Every event of some types at or below a vector.

    `tail` has the rows that were read from the streams, `rejected` the entries that do not decode, by stream.
    """

    events: Sequence[type[Event]]
    tail: Mapping[str, pa.Table]
    rejected: Mapping[str, Sequence[Rejected]]

    def attach(self, connection: duckdb.DuckDBPyConnection, without: Positions | None = None) -> None:
        """Make each relation a view of this connection alone, less the events at the positions `without`."""
        left_out = [(stream, position) for stream, positions in (without or {}).items() for position in positions]
        connection.execute(f"CREATE OR REPLACE TEMPORARY TABLE {LEFT_OUT} (stream VARCHAR, position BIGINT)")
        if left_out:
            connection.executemany(f"INSERT INTO {LEFT_OUT} VALUES (?, ?)", left_out)
        for event in self.events:
            for relation in relations_of(event):
                self._attach(connection, relation, left_out=bool(left_out))

    def _attach(self, connection: duckdb.DuckDBPyConnection, relation: Relation, *, left_out: bool) -> None:
        # Texts become the column types that Arrow does not carry.
        columns = ", ".join(f"CAST({c.name} AS {c.type.duckdb}) AS {c.name}" for c in relation.columns)
        tail = f"{relation.name}_tail"
        connection.register(tail, self.tail.get(relation.name, relation.arrow_schema.empty_table()))
        kept = f"stream = '{stream_of(relation.model.type)}'"
        where = f"WHERE position NOT IN (SELECT position FROM {LEFT_OUT} WHERE {kept})" if left_out else ""
        connection.execute(f"CREATE OR REPLACE TEMPORARY VIEW {relation.name} AS SELECT {columns} FROM {tail} {where}")


async def relations_upto(history: History, events: Sequence[type[Event]], upto: Vector) -> Relations:
    """The events of these types at or below a vector; HistoryUnavailable, HistoryGap where they cannot be had."""
    parts: dict[str, list[pa.Table]] = defaultdict(list)
    rejected: dict[str, list[Rejected]] = defaultdict(list)
    wanted = {relation.name for event in events for relation in relations_of(event)}
    for stream in sorted({stream_of(event.type) for event in events}):
        after = START
        async for entries in history.pages(stream, after, upto[stream]):
            batch = await asyncio.to_thread(batch_of, stream, entries, after)
            after = batch.upto
            rejected[stream] += batch.rejected
            for name, rows in _wanted(batch, wanted):
                parts[name].append(rows)
    return Relations(events, {name: pa.concat_tables(rows) for name, rows in parts.items()}, rejected)


def _wanted(batch: Batch, names: set[str]) -> Iterator[tuple[str, pa.Table]]:
    return ((name, rows) for name, rows in batch.relations.items() if name in names)
