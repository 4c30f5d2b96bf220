"""The lease table: who may fold which projection. It is in Postgres for the projections of both stores."""

import secrets
import socket
from collections.abc import Sequence
from datetime import timedelta

import psycopg

from readmodel.stores.connections import CONNECT_SECONDS, AsyncLimited
from readmodel.stores.sql import for_psycopg, read_sql
from readmodel.stores.store import StoreUnavailable

_SQL = {name: for_psycopg(text) for name, text in read_sql("readmodel.stores", "leases.sql").sections.items()}


class LeaseTable:
    """One process's hand on the table; it connects when first used, and again after a failure."""

    def __init__(self, url: str, owner: str, ttl: timedelta) -> None:
        self._url = url
        self._mine = {"owner": owner, "ttl": ttl}
        self._connection: AsyncLimited[tuple[object, ...]] | None = None

    async def acquire(self, name: str) -> int | None:
        """Take a lease that is free or has expired: its new epoch, or None when another has it."""
        rows = await self._run("acquire", projection=name)
        return int(str(rows[0][0])) if rows else None

    async def renew(self, names: Sequence[str]) -> set[str]:
        """Keep leases for another while: those that are still ours."""
        return {str(name) for name, _ in await self._run("renew", projections=list(names))}

    async def release(self, names: Sequence[str]) -> None:
        """Give leases up, so that the next owner need not wait."""
        await self._run("release", projections=list(names))

    async def close(self) -> None:
        """Disconnect."""
        if self._connection:
            await self._connection.close()
        self._connection = None

    async def _run(self, statement: str, **parameters: object) -> list[tuple[object, ...]]:
        try:
            if self._connection is None or self._connection.closed:
                self._connection = await AsyncLimited[tuple[object, ...]].connect(
                    self._url, autocommit=True, connect_timeout=CONNECT_SECONDS
                )
            cursor = await self._connection.execute(_SQL[statement], {**self._mine, **parameters})
            return await cursor.fetchall() if cursor.description else []
        except (psycopg.OperationalError, psycopg.InternalError, psycopg.InterfaceError) as error:
            await self.close()
            raise StoreUnavailable(store="Postgres", reason=str(error).strip()) from error


def process_name() -> str:
    """A name for this process in the lease table."""
    return f"{socket.gethostname()}-{secrets.token_hex(4)}"
