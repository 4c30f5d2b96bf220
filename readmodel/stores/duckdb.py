"""Projections in DuckDB: one file, open in one process, a cursor per projection."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from readmodel.stores import bookkeeping
from readmodel.stores.sql import read_sql, without_parameters
from readmodel.stores.store import (
    Commit,
    Cursor,
    Discard,
    EventAtFault,
    FoldBroken,
    Load,
    Pointer,
    Quarantined,
    QueryBroken,
    Staged,
    StoreUnavailable,
    TableShape,
    Version,
)

ROOM = 128 * 2**20
"""Bytes to leave free on the file's disk. DuckDB 1.5 ends the whole process where one runs full in some commits: taking
back `UPDATE ... RETURNING` of an indexed table fails. What a batch writes, with a checkpoint, stays far below this."""
_EVENT_AT_FAULT = (duckdb.DataError, duckdb.IntegrityError)
# Of DuckDB's programming errors only these mean that the SQL is wrong; the rest are states of the file or the disk.
_FOLD_BROKEN = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ParserException,
    duckdb.SyntaxException,
)


def open_file(path: Path, threads: int) -> duckdb.DuckDBPyConnection:
    """Open the file, create the engine's own tables in it, and leave a core to the rest of the process."""
    try:
        connection = duckdb.connect(path, config={"threads": threads})
    except duckdb.Error as error:
        raise StoreUnavailable(store=f"The DuckDB file {path}", reason=_first_line(error)) from error
    # Days and months are cut in UTC, wherever the service runs.
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    for statement in read_sql("readmodel.stores", "own_tables.sql").sections.values():
        connection.execute(statement)
    return connection


class DuckStore:
    """The writing side of a DuckDB file for one projection."""

    def __init__(self, file: duckdb.DuckDBPyConnection) -> None:
        self._connection = file.cursor()
        # To its end: what is left of a result keeps its transaction open, and no checkpoint gets past that.
        found = self._connection.execute("SELECT path FROM duckdb_databases() WHERE NOT internal").fetchall()
        self._path = Path(found[0][0]) if found and found[0][0] else None

    def create(self, version: Version, tables: Sequence[TableShape], views: Sequence[str]) -> None:
        """See Store."""
        with self._transaction(version, needs_room=False) as connection:
            found = connection.execute("FROM duckdb_schemas() WHERE schema_name = ?", [version.schema])
            if found.fetchone():
                return
            connection.execute(f"CREATE SCHEMA {version.schema}")
            connection.execute(f"SET schema = '{version.schema}'")
            for table in tables:
                for statement in _create_table(table):
                    connection.execute(statement)
            for view in views:
                connection.execute(view)
            bookkeeping.first_live(_running(connection), version)

    def plan(self, name: str, query: str) -> None:
        """See Store."""
        try:
            self._connection.execute(f"EXPLAIN {without_parameters(query)}")
        except duckdb.Error as error:
            raise QueryBroken(query=name, reason=_first_line(error)) from error

    def load(self, load: Load) -> None:
        """See Store."""
        version = load.version
        with self._transaction(version) as connection:
            connection.execute(f"CREATE SCHEMA {version.schema}")
            connection.execute(f"SET schema = '{version.schema}'")
            for table in load.tables:
                for statement in _create_table(table):
                    connection.execute(statement)
                for rows in load.rows(table):
                    _append(connection, table, rows)
            for view in load.views:
                connection.execute(view)
            bookkeeping.begin(_running(connection), load)

    def builds(self, version: Version) -> set[int]:
        """See Store."""
        with self._transaction(version) as connection:
            found = connection.execute("SELECT schema_name FROM duckdb_schemas()").fetchall()
        return {build for (name,) in found if (build := bookkeeping.build_of(version, name)) is not None}

    def drop(self, version: Version) -> None:
        """See Store."""
        with self._transaction(version) as connection:
            connection.execute(f"DROP SCHEMA IF EXISTS {version.schema} CASCADE")
            bookkeeping.forget(_running(connection), version)

    def keep(self, version: Version, epoch: int, build: int | None) -> None:
        """See Store."""
        with self._transaction(version) as connection:
            bookkeeping.keep(_running(connection), version, epoch, build)

    def put_aside_alone(self, version: Version, other: Version) -> dict[str, list[Quarantined]]:
        """See Store."""
        with self._transaction(version) as connection:
            return bookkeeping.put_aside_alone(_running(connection), version, other)

    def pointer(self, version: Version) -> Pointer | None:
        """See Store."""
        with self._transaction(version) as connection:
            return bookkeeping.pointer(_running(connection), version)

    def take_over(self, version: Version, epoch: int, streams: Sequence[str]) -> dict[str, Cursor]:
        """See Store."""
        with self._transaction(version) as connection:
            return bookkeeping.take_over(_running(connection), version, epoch, streams)

    def commit(self, commit: Commit) -> None:
        """See Store."""
        with self._transaction(commit.version) as connection:
            _fold(connection, commit)

    def attempt(self, commit: Commit) -> None:
        """See Store."""
        with self._transaction(commit.version, keep=False) as connection:
            _fold(connection, commit)

    def discard(self, discard: Discard) -> None:
        """See Store."""
        with self._transaction(discard.version) as connection:
            bookkeeping.discard(_running(connection), discard)

    def go_live(self, version: Version, epoch: int) -> None:
        """See Store."""
        with self._transaction(version) as connection:
            bookkeeping.go_live(_running(connection), version, epoch)

    def compact(self, version: Version, tables: Sequence[TableShape]) -> None:
        """See Store."""
        for table in tables:
            if table.log:
                key = ", ".join(column.name for column in table.columns if column.in_key)
                with self._transaction(version) as connection:
                    connection.execute(f"SET schema = '{version.schema}'")
                    connection.execute(
                        f"CREATE OR REPLACE TABLE {table.log} AS SELECT * FROM {table.name} ORDER BY {key}"
                    )

    def close(self) -> None:
        """Close the cursor; the file stays open for the others."""
        self._connection.close()

    @contextmanager
    def _transaction(
        self, version: Version, *, keep: bool = True, needs_room: bool = True
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        if needs_room:
            self._check_room()
        try:
            self._connection.begin()
            try:
                yield self._connection
            except BaseException:
                self._connection.rollback()
                raise
            if keep:
                self._connection.commit()
            else:
                self._connection.rollback()
        except _EVENT_AT_FAULT as error:
            raise EventAtFault(reason=_first_line(error)) from error
        except _FOLD_BROKEN as error:
            raise FoldBroken(projection=version, reason=_first_line(error)) from error
        except duckdb.Error as error:
            raise StoreUnavailable(store="DuckDB", reason=_first_line(error)) from error

    def _check_room(self) -> None:
        free = shutil.disk_usage(self._path.parent).free if self._path else ROOM
        if free < ROOM:
            least, left = ROOM // 2**20, free // 2**20
            reason = (
                f"its disk has {left} MiB free and it needs {least} to be safe; make room, and it goes on by itself."
            )
            raise StoreUnavailable(store=f"The DuckDB file {self._path}", reason=reason)


def _running(connection: duckdb.DuckDBPyConnection) -> bookkeeping.Run:
    def run(name: str, parameters: Mapping[str, Any]) -> list[Any]:
        return connection.execute(bookkeeping.STATEMENTS[name], dict(parameters)).fetchall()

    return run


def _fold(connection: duckdb.DuckDBPyConnection, commit: Commit) -> None:
    run = _running(connection)
    bookkeeping.advance(run, commit)
    if any(staged.rows.num_rows for staged in commit.staged):
        connection.execute(f"SET schema = '{commit.version.schema}'")
        for staged in commit.staged:
            stage(connection, staged)
        for statement in commit.statements:
            connection.execute(statement)
    bookkeeping.put_aside(run, commit)


def stage(connection: duckdb.DuckDBPyConnection, staged: Staged) -> None:
    """Put events under their relation's name, texts turned into the column types that Arrow does not carry."""
    columns = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in staged.columns.items())
    connection.register("staged_rows", staged.rows)
    try:
        connection.execute(f"CREATE OR REPLACE TEMPORARY TABLE {staged.name} AS SELECT {columns} FROM staged_rows")
    finally:
        connection.unregister("staged_rows")


def _append(connection: duckdb.DuckDBPyConnection, table: TableShape, rows: pa.Table) -> None:
    columns = ", ".join(f"CAST({column.name} AS {column.duckdb})" for column in table.columns)
    connection.register("loaded_rows", rows)
    try:
        connection.execute(f"INSERT INTO {table.log or table.name} SELECT {columns} FROM loaded_rows")
    finally:
        connection.unregister("loaded_rows")


def _create_table(table: TableShape) -> list[str]:
    columns = ", ".join(f"{c.name} {c.duckdb}{' NOT NULL' if c.in_key else ''}" for c in table.columns)
    if table.log:
        return [f"CREATE TABLE {table.log} ({columns})", f"CREATE VIEW {table.name} AS\n{table.newest}"]
    key = ", ".join(column.name for column in table.columns if column.in_key)
    return [f"CREATE TABLE {table.name} ({columns}, PRIMARY KEY ({key}))"]


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
