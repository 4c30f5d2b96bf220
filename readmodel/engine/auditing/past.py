"""Queries as of a moment that has passed: the same texts, over the events that had been received by then.

Nothing is stored for it. In an empty DuckDB database every table of a projection becomes a view over history, which is
what its definition says; so the answer is the one that was given then, had everything been folded by then.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import duckdb

from readmodel.engine import fold
from readmodel.engine.auditing.bench import Bench, working
from readmodel.engine.folding.letters import Letters
from readmodel.engine.plan import Plan
from readmodel.engine.projection import DUCKDB
from readmodel.engine.views import View
from readmodel.errors import ReadModelError
from readmodel.events.position import last_at
from readmodel.stores.reading import Parameters, Row, fetch

PATIENCE, LONGEST = 5.0, 30.0
"""Seconds that a question waits for the one before it, and that it may take."""


class PastBusy(ReadModelError):
    """Answers from history are given one at a time, and take long at the moment. Try again."""


class Past:
    """Where questions about the past are asked, one at a time."""

    def __init__(
        self,
        plans: Sequence[Plan],
        bench: Bench,
        letters: Letters,
        *,
        patience: float = PATIENCE,
        longest: float = LONGEST,
    ) -> None:
        # One per projection; of two the one in DuckDB, whose views are written for it.
        self._plans = {plan.name: plan for plan in sorted(plans, key=lambda plan: plan.store is DUCKDB)}
        self._bench = bench
        self._letters = letters
        self._patience, self._longest = patience, longest
        self._turn = asyncio.Semaphore(1)
        self._queries = {f"{plan.name}.{name}": sql for plan in plans for name, sql in plan.queries.sections.items()}

    @asynccontextmanager
    async def reading(self, *names: str, at: datetime) -> AsyncIterator[View]:
        """Look at some projections as they were; PastBusy when it is not our turn soon, or when it takes too long."""
        try:
            async with asyncio.timeout(self._patience):
                await self._turn.acquire()
        except TimeoutError:
            raise PastBusy from None
        try:
            async with (
                asyncio.timeout(self._longest),
                self._bench.database() as database,
                self._view(database, names, at) as view,
            ):
                yield view
        except TimeoutError:
            raise PastBusy from None
        finally:
            self._turn.release()

    @asynccontextmanager
    async def _view(
        self, database: duckdb.DuckDBPyConnection, names: Sequence[str], at: datetime
    ) -> AsyncIterator[View]:
        plans = [self._plans[name] for name in names]
        events = tuple(dict.fromkeys(event for plan in plans for event in plan.events))
        vector = dict.fromkeys(sorted({stream for plan in plans for stream in plan.streams}), last_at(at))
        async with self._bench.attached(database, events, vector, await self._left_out(plans)):
            await working(database, lambda: _define(database, plans))
            yield View(_Past(database), self._queries, {plan.name: plan.schema for plan in plans}, vector)

    async def _left_out(self, plans: Sequence[Plan]) -> dict[str, set[int]]:
        found: dict[str, set[int]] = {}
        for plan in plans:
            for stream, positions in (await self._letters.left_out(plan)).items():
                found.setdefault(stream, set()).update(positions)
        return found


class _Past:
    """A snapshot, see readmodel.stores.reading."""

    def __init__(self, database: duckdb.DuckDBPyConnection) -> None:
        self._database = database

    async def fetch(self, statement: str, parameters: Parameters) -> list[Row]:
        return await working(self._database, lambda: fetch(self._database, statement, parameters))


def _define(database: duckdb.DuckDBPyConnection, plans: Sequence[Plan]) -> None:
    """Make every table and view of some projections a view, under the schema that queries are given."""
    for plan in plans:
        database.execute(f"CREATE SCHEMA {plan.schema}")
        database.execute(f"SET schema = '{plan.schema}'")
        for statement in _views(plan):
            database.execute(statement)


def _views(plan: Plan) -> Iterator[str]:
    for table in plan.tables:
        yield f"CREATE VIEW {table.table.name} AS {plan.definition(table)}"
        if table.table.appended:
            yield f"CREATE VIEW {fold.log_of(table.table)} AS {table.facts}"
    # What else is declared for a store, indexes and functions, makes it fast, and has no part in what is answered.
    yield from (view for view in plan.views if "CREATE VIEW" in view)
