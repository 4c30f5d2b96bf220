"""Connections to Postgres on which nothing waits for ever for an answer that the network has lost.

A connection may die without a word: no packet says that the other side, or what lies between, is gone. TCP finds out
after minutes where it can, and never behind a proxy whose own end is well. So the waiting itself has a limit.
"""

import time
from collections.abc import Callable
from typing import Any, Self

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.rows import Row, TupleRow

from readmodel.stores.sql import for_psycopg, read_sql

CONNECT_SECONDS = 5
"""For a server to take a connection."""
SILENCE = 5.0
"""Seconds without an answer after which a connection is asked about, or given up."""

_SQL = {name: for_psycopg(text) for name, text in read_sql("readmodel.stores", "connections.sql").sections.items()}


class Limited(psycopg.Connection[Row]):
    """Gives up after SILENCE: for statements that take no time."""

    def wait(self, gen: PQGen[RV], *args: Any, **options: Any) -> RV:
        """Raises OperationalError, on a connection that is closed by then, when no answer has come."""
        return super().wait(_bounded(gen, self, lambda: SILENCE, self.is_lost), *args, **options)

    def is_lost(self) -> bool:
        """Whether to give up, when nothing has come for a while."""
        return True


class Attended(Limited[TupleRow]):
    """Waits as long as the server is at work, however slow; for folds, that may be long, or wait for a lock."""

    url: str

    @classmethod
    def to(cls, url: str) -> Self:
        """Connect, each statement being a transaction where nothing else is said."""
        connection = cls.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS)
        connection.url = url
        return connection

    def is_lost(self) -> bool:
        """Asked over another connection: the server knows no such session, or waits for us as we do for it."""
        try:
            with Limited[TupleRow].connect(self.url, connect_timeout=CONNECT_SECONDS) as other:
                found = other.execute(_SQL["is_at_work"], {"pid": self.info.backend_pid}).fetchone()
        except psycopg.OperationalError:
            return True
        return found is None or not found[0]


class AsyncLimited(psycopg.AsyncConnection[Row]):
    """Gives up after `silence` seconds without an answer."""

    silence = SILENCE

    async def wait(self, gen: PQGen[RV], *args: Any, **options: Any) -> RV:
        """Raises OperationalError, on a connection that is closed by then, when no answer has come."""
        return await super().wait(_bounded(gen, self, lambda: self.silence, lambda: True), *args, **options)


def _bounded(
    gen: PQGen[RV], connection: "psycopg.BaseConnection[Any]", silence: Callable[[], float], is_lost: Callable[[], bool]
) -> PQGen[RV]:
    """The same generator for psycopg's waiting, ended when nothing has come for so long that all is lost."""
    try:
        wanted = next(gen)
        heard = time.monotonic()
        while True:
            ready = yield wanted
            if ready:
                heard = time.monotonic()
            elif time.monotonic() - heard > silence():
                _give_up_if(is_lost(), connection, silence())
                heard = time.monotonic()
            wanted = gen.send(ready)
    except StopIteration as end:
        value: RV = end.value
        return value


def _give_up_if(lost: bool, connection: "psycopg.BaseConnection[Any]", silence: float) -> None:
    if lost:
        connection.pgconn.finish()
        raise psycopg.OperationalError(f"no answer for {silence:.0f} s: the connection is taken to be lost")
