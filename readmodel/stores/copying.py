"""Copying tables out of a store as they are at one moment, together with the position that they stand at.

    with copier.moment() as moment:
        version = moment.live(plan.as_version)
        cursors, left_out = moment.cursors(version), moment.left_out(version)
        moment.copy(version, shape, scratch, "stored")

A moment is one read transaction: tables, cursors and quarantine agree, whatever is folded meanwhile, and no fold waits
for it. Leave it as soon as the copying is done, because a store keeps what it replaces for as long as it lasts.
Everything here blocks, so it is called in a thread.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

import duckdb
import psycopg
import pyarrow as pa
from psycopg.rows import TupleRow

from readmodel.stores import bookkeeping
from readmodel.stores.connections import Attended
from readmodel.stores.csv_rows import gathered, parsed
from readmodel.stores.sql import for_psycopg, read_sql
from readmodel.stores.store import StoredColumn, StoreUnavailable, TableShape, Version

ROWS_AT_ONCE = 50_000
LETTERS_AT_ONCE = 500

_STATEMENTS = read_sql("readmodel.stores", "copying.sql").sections
_FOR_POSTGRES = {name: for_psycopg(text) for name, text in (bookkeeping.STATEMENTS | _STATEMENTS).items()}
_LISTS = "VARCHAR[]"


@dataclass(frozen=True, slots=True)
class Letter:
    """An event that a build has put aside."""

    stream: str
    position: int
    event_type: str | None
    error: str
    raw: bytes
    is_discarded: bool


class Moment:
    """One read transaction of a store."""

    def __init__(self, run: bookkeeping.Run) -> None:
        self._run = run

    def live(self, version: Version) -> Version | None:
        """The build of a version that queries are shown; None while there is none."""
        pointer = bookkeeping.pointer(self._run, version)
        return replace(version, build=pointer.live) if pointer else None

    def cursors(self, version: Version) -> dict[str, int]:
        """How far a build has come, by stream."""
        return {stream: position for stream, position, *_ in bookkeeping.cursors(self._run, version)}

    def left_out(self, version: Version) -> dict[str, set[int]]:
        """The positions that are not part of a build's history, by stream: its quarantine, open and discarded."""
        found: dict[str, set[int]] = {}
        for stream, position in bookkeeping.left_out(self._run, version):
            found.setdefault(stream, set()).add(position)
        return found

    def letters(self, version: Version) -> Iterator[Letter]:
        """The events that a build has put aside, in order of stream and position."""
        after = ("", 0)
        while rows := bookkeeping.letters(self._run, version, after, LETTERS_AT_ONCE):
            yield from (Letter(*row) for row in rows)
            after = rows[-1][:2]

    def copy(
        self,
        version: Version,
        table: TableShape,
        into: duckdb.DuckDBPyConnection,
        name: str,
        where: Mapping[str, str] | None = None,
    ) -> None:
        """Make `name` a table of another database, with the columns and rows of a build's table.

        Of all rows, unless columns shall have the values in `where`, written as text.
        """
        columns = ", ".join(f"{column.name} {column.duckdb}" for column in table.columns)
        into.execute(f"CREATE OR REPLACE TABLE {name} ({columns})")
        for chunk in self._chunks(version, table, where or {}):
            into.register("copied", chunk)
            try:
                into.execute(f"INSERT INTO {name} SELECT {_typed(table.columns, chunk.schema)} FROM copied")
            finally:
                into.unregister("copied")

    def size(self, version: Version, table: TableShape) -> int | None:
        """How many rows a build's table has; None where there is no such table."""
        raise NotImplementedError

    def _chunks(self, version: Version, table: TableShape, where: Mapping[str, str]) -> Iterator[pa.Table]:
        raise NotImplementedError


class Copier(Protocol):
    """A store to copy from."""

    def moment(self) -> AbstractContextManager[Moment]:
        """A look at the store as it is now; StoreUnavailable when it is away."""
        ...


class PostgresCopier:
    """Copies out of Postgres, through a connection of its own."""

    def __init__(self, url: str) -> None:
        self._url = url

    @contextmanager
    def moment(self) -> Iterator[Moment]:
        """See Copier."""
        try:
            with Attended.to(self._url) as connection:
                connection.autocommit = False
                connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                connection.read_only = True
                for name in ("instants_in_utc", "days_in_order", "doubles_in_full"):
                    connection.execute(_FOR_POSTGRES[name])
                yield _PostgresMoment(connection)
        except (psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError) as error:
            raise StoreUnavailable(store="Postgres", reason=str(error).strip()) from error


class _PostgresMoment(Moment):
    def __init__(self, connection: psycopg.Connection[TupleRow]) -> None:
        def run(name: str, parameters: Mapping[str, Any]) -> list[TupleRow]:
            return connection.execute(_FOR_POSTGRES[name], parameters).fetchall()

        super().__init__(run)
        self._connection = connection

    def size(self, version: Version, table: TableShape) -> int | None:
        """See Moment."""
        try:
            with self._connection.transaction():
                found = self._connection.execute(f"SELECT count(*) FROM {version.schema}.{table.name}".encode())
                return sum(int(count) for (count,) in found)
        except psycopg.errors.UndefinedTable:
            return None

    def _chunks(self, version: Version, table: TableShape, where: Mapping[str, str]) -> Iterator[pa.Table]:
        # A list as JSON, because Postgres writes its elements otherwise than DuckDB reads them.
        named = ", ".join(f"to_json({c.name})" if c.duckdb == _LISTS else c.name for c in table.columns)
        query = f"SELECT {named} FROM {version.schema}.{table.name}{_only(where, table, lambda c: f'${c.name}')}"
        statement = f"COPY ({query}) TO STDOUT (FORMAT csv, NULL '\\N', FORCE_QUOTE *)"
        with self._connection.cursor().copy(for_psycopg(statement), where) as copy:
            for rows in gathered(bytes(row) for row in copy):
                yield parsed(rows, [column.name for column in table.columns])


class DuckCopier:
    """Copies out of the DuckDB file that this process has open."""

    def __init__(self, file: duckdb.DuckDBPyConnection) -> None:
        self._file = file

    @contextmanager
    def moment(self) -> Iterator[Moment]:
        """See Copier."""
        try:
            with self._file.cursor() as cursor:
                cursor.begin()
                yield _DuckMoment(cursor)
                cursor.rollback()
        except duckdb.OperationalError as error:
            raise StoreUnavailable(store="DuckDB", reason=str(error)) from error


class _DuckMoment(Moment):
    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        def run(name: str, parameters: Mapping[str, Any]) -> list[Any]:
            return cursor.execute(bookkeeping.STATEMENTS[name], dict(parameters)).fetchall()

        super().__init__(run)
        self._cursor = cursor

    def size(self, version: Version, table: TableShape) -> int | None:
        """See Moment."""
        try:
            found = self._cursor.execute(f"SELECT count(*) FROM {version.schema}.{table.name}").fetchall()
        except duckdb.CatalogException:
            return None
        return sum(int(count) for (count,) in found)

    def _chunks(self, version: Version, table: TableShape, where: Mapping[str, str]) -> Iterator[pa.Table]:
        named = ", ".join(column.name for column in table.columns)
        only = _only(where, table, lambda c: f"CAST(${c.name} AS {c.duckdb})")
        found = self._cursor.execute(f"SELECT {named} FROM {version.schema}.{table.name}{only}", dict(where))
        for batch in found.to_arrow_reader(ROWS_AT_ONCE):
            yield pa.Table.from_batches([batch])


def _only(where: Mapping[str, str], table: TableShape, value: Callable[[StoredColumn], str]) -> str:
    """The end of a query that takes not all rows."""
    conditions = [f"{column.name} = {value(column)}" for column in table.columns if column.name in where]
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def _typed(columns: Sequence[StoredColumn], found: pa.Schema) -> str:
    """The columns as the table has them: those that arrive as texts are read as what they are."""

    def typed(column: StoredColumn) -> str:
        is_json = column.duckdb == _LISTS and pa.types.is_string(found.field(column.name).type)
        return f"CAST({column.name}{'::JSON' if is_json else ''} AS {column.duckdb})"

    return ", ".join(map(typed, columns))
