"""Reading both stores: snapshots, in which every statement sees the same commits."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache, partial
from typing import Any, Protocol, TypeVar

import duckdb
import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from readmodel.stores.connections import CONNECT_SECONDS, SILENCE, AsyncLimited
from readmodel.stores.sql import for_psycopg
from readmodel.stores.store import StatementRefused, StoreUnavailable

Row = dict[str, Any]
Parameters = Mapping[str, Any]
T = TypeVar("T")

_QUERY_THREADS = 4
_LONGEST_QUERY = 20.0
"""Seconds; nobody waits longer for an answer."""
_RECONNECT_SECONDS = 5.0
"""For the pool to try by itself, in ever longer steps; after that whoever asks makes it try again at once."""


class Snapshot(Protocol):
    """One read transaction."""

    async def fetch(self, statement: str, parameters: Parameters) -> list[Row]:
        """The rows of a statement with `$name` parameters.

        StoreUnavailable when the store is away, StatementRefused when it can make no sense of the statement.
        """
        ...


class Reader(Protocol):
    """A store, read only."""

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        """A transaction in which every statement sees the same commits."""
        ...


class PostgresReader:
    """Postgres through a pool of repeatable-read, read-only connections."""

    def __init__(self, url: str, size: int = 8) -> None:
        self._pool: AsyncConnectionPool[AsyncLimited[DictRow]] = AsyncConnectionPool(
            url,
            connection_class=AsyncLimited[DictRow],
            min_size=1,
            max_size=size,
            open=False,
            timeout=5,
            reconnect_timeout=_RECONNECT_SECONDS,
            kwargs={"row_factory": dict_row, "connect_timeout": CONNECT_SECONDS},
            configure=_repeatable_read,
            check=_is_alive,
        )

    async def open(self) -> None:
        """Connect."""
        await self._pool.open(wait=True, timeout=30)

    async def close(self) -> None:
        """Disconnect."""
        await self._pool.close()

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Snapshot]:
        """See Reader."""
        try:
            async with self._pool.connection() as connection:
                yield _PostgresSnapshot(connection)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise StoreUnavailable(store="Postgres", reason=str(error)) from error


async def _is_alive(connection: AsyncLimited[DictRow]) -> None:
    """A server that was restarted costs a new connection, not an answer."""
    connection.silence = SILENCE
    await connection.execute("")
    await connection.rollback()
    connection.silence = _LONGEST_QUERY


async def _repeatable_read(connection: AsyncLimited[DictRow]) -> None:
    await connection.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
    await connection.set_read_only(True)


class _PostgresSnapshot:
    def __init__(self, connection: psycopg.AsyncConnection[DictRow]) -> None:
        self._connection = connection

    async def fetch(self, statement: str, parameters: Parameters) -> list[Row]:
        try:
            cursor = await self._connection.execute(_translated(statement), parameters)
        except (psycopg.ProgrammingError, psycopg.DataError) as error:
            raise StatementRefused(reason=error) from error
        return await cursor.fetchall()


_translated = cache(for_psycopg)


class DuckReader:
    """A DuckDB file through cursors of the process that has it open, in threads of their own."""

    def __init__(self, file: duckdb.DuckDBPyConnection) -> None:
        self._file = file
        self._threads = ThreadPoolExecutor(_QUERY_THREADS, thread_name_prefix="duckdb-query")

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Snapshot]:
        """See Reader."""
        cursor = self._file.cursor()
        try:
            await self._run(cursor.begin)
            yield _DuckSnapshot(cursor, self._run)
        except duckdb.OperationalError as error:
            raise StoreUnavailable(store="DuckDB", reason=str(error)) from error
        finally:
            await asyncio.shield(self._run(cursor.close))

    async def _run(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)


class _DuckSnapshot:
    def __init__(self, cursor: duckdb.DuckDBPyConnection, run: Callable[..., Any]) -> None:
        self._cursor = cursor
        self._run = run

    async def fetch(self, statement: str, parameters: Parameters) -> list[Row]:
        found: list[Row] = await self._run(partial(fetch, self._cursor, statement, parameters))
        return found


def fetch(cursor: duckdb.DuckDBPyConnection, statement: str, parameters: Parameters) -> list[Row]:
    """The rows of a statement in DuckDB, as `Snapshot.fetch` answers them; it blocks."""
    try:
        cursor.execute(statement, dict(parameters))
    except (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError) as error:
        raise StatementRefused(reason=error) from error
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
