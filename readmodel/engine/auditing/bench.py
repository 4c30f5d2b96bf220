"""Where a build's tables are held against the events that made them, beside the stores and in nobody's way."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import duckdb

from readmodel.engine.builds.scratch import FOLDER, scratch
from readmodel.engine.log.history import History
from readmodel.engine.log.relations import Positions, relations_upto
from readmodel.engine.plan import Plan
from readmodel.engine.projection import StoreName
from readmodel.engine.vector import Vector
from readmodel.errors import ReadModelError
from readmodel.events.event import Event
from readmodel.events.position import START
from readmodel.stores.copying import Copier, Moment
from readmodel.stores.store import Version

T = TypeVar("T")


class NothingLive(ReadModelError):
    """{projection} has no live build yet, so there is nothing to look at; `readmodel status` tells how far it is."""


@dataclass(frozen=True, slots=True)
class Build:
    """The build of a plan that queries see: how far it is in each stream, and which positions it left out."""

    plan: Plan
    version: Version
    vector: Mapping[str, int]
    left_out: Mapping[str, set[int]]


Copying = Callable[[Moment, Build, duckdb.DuckDBPyConnection], None]


@dataclass(frozen=True, slots=True)
class Bench:
    """What it takes: the stores to copy from, history, and a folder for what does not fit into memory."""

    copiers: Mapping[StoreName, Copier]
    history: History
    data_dir: Path

    @asynccontextmanager
    async def database(self) -> AsyncIterator[duckdb.DuckDBPyConnection]:
        """An empty database that is gone afterwards."""
        opened = scratch(self.data_dir)
        connection = await asyncio.to_thread(opened.__enter__)
        try:
            yield connection
        finally:
            await asyncio.to_thread(opened.__exit__, None, None, None)

    async def copied(self, plan: Plan, database: duckdb.DuckDBPyConnection, copying: Copying) -> Build:
        """The live build as it is now, after `copying`, in a thread, has taken what it wants of that moment.

        NothingLive before the first build is shown; StoreUnavailable when the store is away.
        """

        def copy() -> Build:
            with self.copiers[plan.store].moment() as moment:
                build = live_build(plan, moment)
                copying(moment, build, database)
                return build

        return await working(database, copy)

    @asynccontextmanager
    async def attached(
        self, database: duckdb.DuckDBPyConnection, events: Sequence[type[Event]], upto: Vector, left_out: Positions
    ) -> AsyncIterator[None]:
        """Make events up to a vector views of the database, for as long as the block lasts; less those left out.

        Raises HistoryUnavailable, and HistoryGap where some are gone.
        """
        # Held until the end: what the views read may go with it.
        relations = await relations_upto(self.history, events, upto, self.data_dir / FOLDER)
        await working(database, lambda: relations.attach(database, left_out))
        yield


async def working(database: duckdb.DuckDBPyConnection, work: Callable[[], T]) -> T:
    """Work with a database in a thread; when nobody waits for it any more, interrupt it, so that it can be closed."""
    task = asyncio.create_task(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            database.interrupt()
            await asyncio.wait([task], timeout=0.05)
        raise


def live_build(plan: Plan, moment: Moment) -> Build:
    """The build that queries see; NothingLive where there is none."""
    version = moment.live(plan.as_version)
    if version is None:
        raise NothingLive(projection=plan.key)
    vector = dict.fromkeys(plan.streams, START) | moment.cursors(version)
    return Build(plan, version, vector, moment.left_out(version))
