"""History as relations: what a definition reads when it is computed from scratch."""

import asyncio
import weakref
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import duckdb
import pyarrow as pa

from readmodel.engine.folding.batch import batch_of
from readmodel.engine.log.archived import Rows
from readmodel.engine.log.history import History
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

    `archived` has the files of each relation, `tail` the rows that were read from the streams, `rejected` the entries
    that do not decode, by stream. Files that were made for it are gone when it is closed, or no longer used.
    """

    events: Sequence[type[Event]]
    tail: Mapping[str, pa.Table]
    rejected: Mapping[str, Sequence[Rejected]]
    archived: Mapping[str, Sequence[Rows]] = field(default_factory=dict)
    close: Callable[[], object] = lambda: None

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
        # A copy: DuckDB pushes the filters of joins into its sources, and cannot hand all of them to Arrow (1.5).
        connection.register("tail_rows", self.tail.get(relation.name, relation.arrow_schema.empty_table()))
        connection.execute(f"CREATE OR REPLACE TEMPORARY TABLE {tail} AS SELECT * FROM tail_rows")
        connection.unregister("tail_rows")
        kept = f"position NOT IN (SELECT position FROM {LEFT_OUT} WHERE stream = '{stream_of(relation.model.type)}')"
        sources = [(tail, ""), *_sources(self.archived.get(relation.name, ()))]
        selects = [
            f"SELECT {columns} FROM {source}{_where(condition, kept if left_out else '')}"
            for source, condition in sources
        ]
        view = "\nUNION ALL\n".join(selects)
        connection.execute(f"CREATE OR REPLACE TEMPORARY VIEW {relation.name} AS\n{view}")


async def relations_upto(
    history: History, events: Sequence[type[Event]], upto: Vector, scratch: Path | None = None
) -> Relations:
    """The events of these types at or below a vector.

    HistoryUnavailable, HistoryGap, ArchiveDamaged where they cannot be had. What has to be copied, or decoded again,
    is written to a folder in `scratch`, or where temporary files are kept.
    """
    folder = await asyncio.to_thread(_folder, scratch)
    tail: dict[str, list[pa.Table]] = defaultdict(list)
    archived: dict[str, Sequence[Rows]] = {}
    rejected: dict[str, list[Rejected]] = defaultdict(list)
    wanted = [relation for event in events for relation in relations_of(event)]
    try:
        for stream in sorted({stream_of(event.type) for event in events}):
            found = await history.archived_relations(stream, upto[stream], wanted, folder)
            archived |= found.files if found else {}
            rejected[stream] += found.rejected if found else []
            await _read_tail(history, stream, found.reached if found else START, upto[stream], tail, rejected[stream])
    except BaseException:
        rmtree(folder, ignore_errors=True)
        raise
    names = {relation.name for relation in wanted}
    rows = {name: pa.concat_tables(parts) for name, parts in tail.items() if name in names}
    return _closing(Relations(events, rows, rejected, archived), folder)


def _folder(scratch: Path | None) -> Path:
    if scratch:
        scratch.mkdir(parents=True, exist_ok=True)
    return Path(mkdtemp(prefix="history-", dir=scratch))


async def _read_tail(
    history: History,
    stream: str,
    after: int,
    upto: int,
    tail: dict[str, list[pa.Table]],
    rejected: list[Rejected],
) -> None:
    async for entries in history.pages(stream, after, upto):
        batch = await asyncio.to_thread(batch_of, stream, entries, after)
        rejected += batch.rejected
        for name, rows in batch.relations.items():
            tail[name].append(rows)


def _closing(relations: Relations, folder: Path) -> Relations:
    """The same, whose folder goes with it."""
    object.__setattr__(relations, "close", weakref.finalize(relations, rmtree, folder, ignore_errors=True))
    return relations


def _sources(files: Sequence[Rows]) -> Iterator[tuple[str, str]]:
    """Files as SQL reads them, with the condition for their rows; those of which all rows count together."""
    by_condition: dict[str, list[str]] = defaultdict(list)
    for file in files:
        by_condition[file.condition].append("'" + str(file.path).replace("'", "''") + "'")
    for condition, paths in by_condition.items():
        yield f"read_parquet([{', '.join(paths)}])", condition


def _where(*conditions: str) -> str:
    given = [condition for condition in conditions if condition]
    return f" WHERE {' AND '.join(given)}" if given else ""
