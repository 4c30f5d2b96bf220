"""Projections in Postgres: a batch is copied into temporary tables and folded in one transaction."""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pyarrow as pa
from psycopg.rows import TupleRow
from pyarrow import csv

from readmodel.stores import bookkeeping
from readmodel.stores.connections import Attended
from readmodel.stores.sql import for_psycopg, read_sql, without_parameters
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

_BOOKKEEPING = {name: for_psycopg(text) for name, text in bookkeeping.STATEMENTS.items()}
_SESSIONS = {name: for_psycopg(text) for name, text in read_sql("readmodel.stores", "connections.sql").sections.items()}
_RIGHTS = {name: for_psycopg(text) for name, text in read_sql("readmodel.stores", "rights.sql").sections.items()}
OWN_IN_POSTGRES = (("leases", "leases"), ("gaps", "gaps"), ("gaps", "followed"), ("erasures", "erasures"))
"""Tables that are in Postgres alone: files, and the sections that create them."""
_MIGRATION_LOCK = 0x7265_6164
_CSV = csv.WriteOptions(include_header=False)


def migrate(url: str) -> None:
    """Create the engine's own tables."""
    with psycopg.connect(url) as connection:
        # CREATE IF NOT EXISTS races with itself in another process.
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_MIGRATION_LOCK])
        for statement in read_sql("readmodel.stores", "own_tables.sql").sections.values():
            connection.execute(statement.encode())
        for own, section in OWN_IN_POSTGRES:
            connection.execute(read_sql("readmodel.stores", f"{own}.sql").sections[section].encode())


class PostgresStore:
    """The writing side of Postgres for one projection; it connects when first used, and again after a failure."""

    def __init__(self, url: str, work: str = "fold") -> None:
        """`work` is what it does for the projection's owner; a new owner's session ends older ones at the same work."""
        self._url = url
        self._work = work
        self._connection: Attended | None = None
        self._staged: set[str] = set()

    def create(self, version: Version, tables: Sequence[TableShape], views: Sequence[str]) -> None:
        """See Store."""
        with self._transaction(version) as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [_MIGRATION_LOCK])
            row = connection.execute("SELECT to_regnamespace(%s) IS NOT NULL", [version.schema]).fetchone()
            if row and row[0]:
                return
            connection.execute(f"CREATE SCHEMA {version.schema}".encode())
            connection.execute(f"SET LOCAL search_path TO {version.schema}".encode())
            for table in tables:
                connection.execute(_create_table(table).encode())
            for view in views:
                connection.execute(view.encode())
            bookkeeping.first_live(_running(connection), version)

    def plan(self, name: str, query: str) -> None:
        """See Store."""
        try:
            self._open().execute(f"EXPLAIN {without_parameters(query)}".encode())
        except (psycopg.ProgrammingError, psycopg.DataError) as error:
            raise QueryBroken(query=name, reason=_first_line(error)) from error
        except psycopg.OperationalError as error:
            self.close()
            raise StoreUnavailable(store="Postgres", reason=_first_line(error)) from error

    def load(self, load: Load) -> None:
        """See Store. Keys and indexes come after the rows, which is several times as fast."""
        version = load.version
        with self._transaction(version) as connection:
            connection.execute(f"CREATE SCHEMA {version.schema}".encode())
            connection.execute(f"SET LOCAL search_path TO {version.schema}".encode())
            for table in load.tables:
                connection.execute(_create_table(table, with_key=False).encode())
                with connection.cursor().copy(f"COPY {table.name} FROM STDIN (FORMAT csv)".encode()) as copy:
                    for rows in load.rows(table):
                        copy.write(as_csv(rows))
                connection.execute(f"ALTER TABLE {table.name} ADD PRIMARY KEY ({_key(table)})".encode())
            for view in load.views:
                connection.execute(view.encode())
            for table in load.tables:
                connection.execute(f"ANALYZE {table.name}".encode())
            _copy_rights(connection, replace(version, build=load.put_aside), version)
            bookkeeping.begin(_running(connection), load)

    def builds(self, version: Version) -> set[int]:
        """See Store."""
        with self._transaction(version) as connection:
            found = connection.execute("SELECT nspname FROM pg_namespace").fetchall()
        return {build for (name,) in found if (build := bookkeeping.build_of(version, name)) is not None}

    def drop(self, version: Version) -> None:
        """See Store."""
        with self._transaction(version) as connection:
            connection.execute(f"DROP SCHEMA IF EXISTS {version.schema} CASCADE".encode())
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
        with self._connected(version) as connection:
            _end_open_transactions(connection, self._work, version, epoch)
            with connection.transaction():
                connection.execute(_SESSIONS["wait_briefly"])
                return bookkeeping.take_over(_running(connection), version, epoch, streams)

    def commit(self, commit: Commit) -> None:
        """See Store."""
        with self._folding(commit):
            pass

    def attempt(self, commit: Commit) -> None:
        """See Store."""
        with self._folding(commit):
            raise psycopg.Rollback

    def discard(self, discard: Discard) -> None:
        """See Store."""
        with self._transaction(discard.version) as connection:
            bookkeeping.discard(_running(connection), discard)

    def go_live(self, version: Version, epoch: int) -> None:
        """See Store."""
        with self._transaction(version) as connection:
            bookkeeping.go_live(_running(connection), version, epoch)

    def compact(self, version: Version, tables: Sequence[TableShape]) -> None:
        """Nothing to do: Postgres tables are updated in place, and vacuumed by the server."""

    def close(self) -> None:
        """Close the connection."""
        if self._connection:
            self._connection.close()
        self._connection = None

    @contextmanager
    def _folding(self, commit: Commit) -> Iterator[None]:
        with self._connected(commit.version) as connection:
            self._prepare(connection, commit.staged)
            with connection.transaction():
                _fold(connection, commit)
                yield

    def _prepare(self, connection: psycopg.Connection[TupleRow], staged: Sequence[Staged]) -> None:
        # Made once per connection and outside of the fold, whose rollback would take them away again.
        for relation in staged:
            if relation.name not in self._staged:
                columns = ", ".join(f"{name} {kind}" for name, kind in relation.columns.items())
                staging = f"CREATE TEMPORARY TABLE {relation.name} ({columns}) ON COMMIT DELETE ROWS"
                connection.execute(staging.encode())
                self._staged.add(relation.name)

    @contextmanager
    def _transaction(self, version: Version) -> Iterator[psycopg.Connection[TupleRow]]:
        with self._connected(version) as connection, connection.transaction():
            yield connection

    @contextmanager
    def _connected(self, version: Version) -> Iterator[psycopg.Connection[TupleRow]]:
        try:
            yield self._open()
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            raise EventAtFault(reason=_first_line(error)) from error
        except (psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError) as error:
            self.close()
            raise StoreUnavailable(store="Postgres", reason=_first_line(error)) from error
        except psycopg.Error as error:
            raise FoldBroken(projection=version, reason=_first_line(error)) from error

    def _open(self) -> Attended:
        if self._connection is None or self._connection.closed:
            self._staged = set()
            self._connection = Attended.to(self._url)
        return self._connection


def _copy_rights(connection: psycopg.Connection[TupleRow], old: Version, new: Version) -> None:
    """Let others do with a build what they may do with another: grants and policies that an operator has made."""
    for query in _RIGHTS.values():
        for (statement,) in connection.execute(query, {"old": old.schema, "new": new.schema}).fetchall():
            connection.execute(statement.encode())


def _end_open_transactions(connection: psycopg.Connection[TupleRow], work: str, version: Version, epoch: int) -> None:
    """Roll back what earlier owners of the version left open, and sign this session, for those to come."""
    signature = {"work": f"{work} of {version.projection} v{version.version}"[-40:], "epoch": epoch}
    connection.execute(_SESSIONS["name_session"], signature)
    connection.execute(_SESSIONS["end_sessions"], signature)


def _running(connection: psycopg.Connection[TupleRow]) -> bookkeeping.Run:
    def run(name: str, parameters: Mapping[str, Any]) -> list[TupleRow]:
        cursor = connection.execute(_BOOKKEEPING[name], parameters)
        return cursor.fetchall() if cursor.description else [(cursor.rowcount,)]

    return run


def _fold(connection: psycopg.Connection[TupleRow], commit: Commit) -> None:
    run = _running(connection)
    bookkeeping.advance(run, commit)
    connection.execute(f"SET LOCAL search_path TO {commit.version.schema}".encode())
    for staged in commit.staged:
        _stage(connection, staged)
    if any(staged.rows.num_rows for staged in commit.staged):
        for statement in commit.statements:
            connection.execute(statement.encode())
    bookkeeping.put_aside(run, commit)


def _stage(connection: psycopg.Connection[TupleRow], staged: Staged) -> None:
    if staged.rows.num_rows:
        with connection.cursor().copy(f"COPY pg_temp.{staged.name} FROM STDIN (FORMAT csv)".encode()) as copy:
            copy.write(as_csv(staged.rows))


def _create_table(table: TableShape, *, with_key: bool = True) -> str:
    columns = [f"{column.name} {column.postgres}{' NOT NULL' if column.in_key else ''}" for column in table.columns]
    columns += [f"PRIMARY KEY ({_key(table)})"] if with_key else []
    return f"CREATE TABLE {table.name} (\n  {', '.join(columns)}\n)"


def _key(table: TableShape) -> str:
    return ", ".join(column.name for column in table.columns if column.in_key)


def as_csv(rows: pa.Table) -> bytes:
    """Rows as CSV in which NULL is nothing and an empty text is `""`, which is how COPY tells them apart."""
    for index, field in enumerate(rows.schema):
        if pa.types.is_list(field.type):
            texts = [_array_literal(value) for value in rows.column(index).to_pylist()]
            rows = rows.set_column(index, field.name, pa.array(texts, pa.string()))
    sink = io.BytesIO()
    # Of a table with an empty chunk pyarrow writes bytes that nobody put there (seen in 26.0).
    csv.write_csv(rows.combine_chunks(), sink, _CSV)
    return sink.getvalue()


def _array_literal(values: list[str] | None) -> str | None:
    if values is None:
        return None
    quoted = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join(f'"{value}"' for value in quoted) + "}"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
