"""The gaps that operators have accepted: what is lost, and is not waited for any more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import TupleRow

from readmodel.stores.connections import CONNECT_SECONDS, AsyncLimited
from readmodel.stores.sql import for_psycopg, read_sql
from readmodel.stores.store import StoreUnavailable

_SQL = {name: for_psycopg(text) for name, text in read_sql("readmodel.stores", "gaps.sql").sections.items()}


@dataclass(frozen=True, slots=True)
class Gap:
    """Entries of a stream that are lost: those after one position and up to another.

    `followed` says that there was an entry right behind them when that was accepted.
    """

    stream: str
    after: int
    upto: int
    followed: bool = False


class GapTable:
    """The table, remembered. It is asked only where something is missing, so each time on a connection of its own."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._gaps: Sequence[Gap] = ()

    def known(self, stream: str, position: int) -> Gap | None:
        """The gap that a position lies in or at the edge of, among those seen so far."""
        covering = (g for g in self._gaps if g.stream == stream and g.after <= position <= g.upto)
        return max(covering, key=lambda gap: gap.upto, default=None)

    async def covering(self, stream: str, position: int) -> Gap | None:
        """The same, having looked; StoreUnavailable when Postgres is away."""
        if found := self.known(stream, position):
            return found
        await self._look()
        return self.known(stream, position)

    async def accept(self, gap: Gap, by: str, reason: str) -> None:
        """Take a gap as lost; StoreUnavailable when Postgres is away."""
        lost = {"stream": gap.stream, "after": gap.after, "upto": gap.upto, "followed": gap.followed}
        await self._run("accept", {**lost, "by": by, "reason": reason})
        await self._look()

    async def _look(self) -> None:
        self._gaps = [Gap(*row) for row in await self._run("all", {})]

    async def _run(self, statement: str, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
        try:
            async with await AsyncLimited[TupleRow].connect(
                self._url, autocommit=True, connect_timeout=CONNECT_SECONDS
            ) as connection:
                cursor = await connection.execute(_SQL[statement], values)
                return await cursor.fetchall() if cursor.description else []
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise StoreUnavailable(store="Postgres", reason=str(error).strip()) from error
