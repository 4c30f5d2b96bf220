"""What is to be found and deleted in a store wherever it is, and not in one build of one projection."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import duckdb
import psycopg

from readmodel.stores.connections import Attended
from readmodel.stores.sql import for_psycopg, read_sql
from readmodel.stores.store import StoreUnavailable, Version

_SQL = read_sql("readmodel.stores", "erasing.sql").sections
_FOR_POSTGRES = {name: for_psycopg(text) for name, text in _SQL.items()}
LETTERS_AT_ONCE = 500
CHECKPOINT_SECONDS = 60.0
"""To wait for a moment in which nobody writes."""

Run = Callable[[str, Mapping[str, Any]], list[Any]]
Aside = tuple[str, int, bytes]
"""Stream, position and bytes of an event that was put aside."""


class Sweeper(Protocol):
    """A store, looked through as a whole. It blocks; StoreUnavailable when the store is away."""

    def builds_with(self, column: str) -> list[Version]:
        """Every build that has a table with such a column."""
        ...

    def letters(self) -> Iterator[Aside]:
        """What is in quarantine."""
        ...

    def forget(self, positions: Iterable[tuple[str, int]]) -> int:
        """Delete what is in quarantine at positions of streams, of every build: how many rows."""
        ...

    def settle(self) -> None:
        """Have what was deleted leave the files, as far as the store can do that by itself."""


class _Sweeper:
    def builds_with(self, column: str) -> list[Version]:
        """See Sweeper."""
        with self._running() as run:
            schemas = {name for (name,) in run("schemas_with", {"column": column})}
            builds = [Version(*row) for row in run("builds", {})]
        return sorted((build for build in builds if build.schema in schemas), key=str)

    def letters(self) -> Iterator[Aside]:
        """See Sweeper."""
        after: tuple[str, int] = ("", 0)
        while True:
            with self._running() as run:
                at = {"stream": after[0], "position": after[1], "limit": LETTERS_AT_ONCE}
                rows = run("letters", at)
            if not rows:
                return
            yield from (tuple(row) for row in rows)
            after = rows[-1][:2]

    def forget(self, positions: Iterable[tuple[str, int]]) -> int:
        """See Sweeper."""
        with self._running() as run:
            return sum(len(run("forget", {"stream": stream, "position": at})) for stream, at in positions)

    def _running(self) -> AbstractContextManager[Run]:
        """A transaction, and what runs a statement in it."""
        raise NotImplementedError


class PostgresSweeper(_Sweeper):
    """Postgres, on a connection of its own for each task."""

    def __init__(self, url: str) -> None:
        self._url = url

    def settle(self) -> None:
        """Nothing: vacuuming takes locks or long, so it is left to the server and its operator."""

    @contextmanager
    def _running(self) -> Iterator[Run]:
        try:
            with Attended.to(self._url) as connection, connection.transaction():
                yield lambda name, values: connection.execute(_FOR_POSTGRES[name], values).fetchall()
        except (psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError) as error:
            raise StoreUnavailable(store="Postgres", reason=str(error).strip()) from error


class DuckSweeper(_Sweeper):
    """The DuckDB file that this process has open."""

    def __init__(self, file: duckdb.DuckDBPyConnection) -> None:
        self._file = file

    def settle(self) -> None:
        """Write a checkpoint, which empties the write-ahead log of what was in it."""
        deadline = time.monotonic() + CHECKPOINT_SECONDS
        while True:
            try:
                with self._file.cursor() as cursor:
                    cursor.execute("CHECKPOINT")
                    return
            except duckdb.TransactionException as error:
                # Somebody is writing; forcing it would be at the cost of the folds.
                if time.monotonic() > deadline:
                    raise StoreUnavailable(store="DuckDB", reason=str(error)) from error
                time.sleep(0.05)
            except duckdb.Error as error:
                raise StoreUnavailable(store="DuckDB", reason=str(error)) from error

    @contextmanager
    def _running(self) -> Iterator[Run]:
        try:
            with self._file.cursor() as cursor:
                cursor.begin()
                yield lambda name, values: cursor.execute(_SQL[name], dict(values)).fetchall()
                cursor.commit()
        except duckdb.Error as error:
            raise StoreUnavailable(store="DuckDB", reason=str(error)) from error
