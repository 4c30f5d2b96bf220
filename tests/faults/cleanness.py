"""The question that every fault test ends with: is all of it folded, exactly once in effect?"""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import psycopg
import pyarrow as pa
import redis.asyncio

import projections
from readmodel.archive.archive import Archive
from readmodel.archive.folder import Folder
from readmodel.engine.catalogue import discover
from readmodel.engine.folding.batch import batch_of
from readmodel.engine.log.history import History
from readmodel.engine.plan import Plan
from readmodel.engine.projection import POSTGRES
from readmodel.events.event import streams
from readmodel.events.position import format_position
from readmodel.stores import duckdb as duck
from readmodel.testing.law import Rows, defined_by, stored
from tests.service import ServiceProcess, wait_until

LONGEST = 120.0
"""Seconds to fold what is left after the last fault."""
Pages = list[Mapping[str, pa.Table]]
"""Events as relations, some at a time."""


def settle(service: ServiceProcess) -> None:
    """Wait until every projection lives and has folded all that is in its streams now."""
    ends = last_ids(service)

    def settled() -> bool:
        return all(
            status["state"] == "live" and all(ends[stream] == at for stream, at in status["cursors"].items())
            for status in service.statuses()
        )

    wait_until(settled, lambda: f"{service.statuses()}\n{service.log()[-3000:]}", LONGEST)


def clean(service: ServiceProcess) -> list[str]:
    """What is wrong with quarantine, tables and counts of a service that has settled; it is stopped."""
    wrong = [
        f"{status['name']}@{status['store']} put {status['quarantined']} aside: {status['last_error']}"
        for status in service.statuses()
        if status["quarantined"]
    ]
    audited = service.tried("audit")
    if audited.returncode:
        wrong.append(f"the audit ended with {audited.returncode}: {audited.stdout}{audited.stderr}")
    service.stop()
    return wrong + _miscounted(service)


def _miscounted(service: ServiceProcess) -> list[str]:
    """Projections whose cursors have counted other entries than there are: fewer were folded, or some twice."""
    counted = asyncio.run(_counted(service))
    wrong: list[str] = []
    for plan in discover(projections):
        there = {stream: counted[stream] for stream in plan.streams}
        folded = _folded(plan, service.environment["DATABASE_URL"], service.data_dir)
        wrong += [] if folded == there else [f"{plan.key}: {folded} entries were folded of {there}"]
    return wrong


def _folded(plan: Plan, database: str, data_dir: Path) -> dict[str, int]:
    """How many entries of each stream the cursor has counted."""
    query = (
        f"SELECT stream, entries FROM readmodel.cursors WHERE projection = '{plan.name}' AND version = {plan.version}"
    )
    if plan.store is POSTGRES:
        with psycopg.connect(database) as connection:
            return dict(connection.execute(query.encode()).fetchall())
    file = duck.open_file(data_dir / "analytics.duckdb", threads=1)
    try:
        return dict(file.execute(query).fetchall())
    finally:
        file.close()


async def _counted(service: ServiceProcess) -> dict[str, int]:
    """How many entries each stream has, in the archive and behind it."""
    async with redis.asyncio.Redis.from_url(service.environment["REDIS_URL"]) as client:
        history = History(client, Archive(Folder(str(service.data_dir / "archive"))))
        ends = {stream: (await history.state(stream)).last for stream in streams()}
        return {stream: (await history.standing(stream, ends[stream])).entries for stream in streams()}


def last_ids(service: ServiceProcess) -> dict[str, str]:
    """Where each stream ends."""

    async def found() -> dict[str, str]:
        async with redis.asyncio.Redis.from_url(service.environment["REDIS_URL"]) as client:
            history = History(client)
            return {stream: format_position((await history.state(stream)).last) for stream in streams()}

    return asyncio.run(found())


async def defined_rows(plan: Plan, redis_url: str) -> Rows:
    """What a projection's definition makes of everything in its streams."""
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        history = History(client)
        pages: Pages = []
        for stream in plan.streams:
            upto = (await history.state(stream)).last
            async for entries in history.pages(stream, 0, upto):
                pages.append(batch_of(stream, entries).relations)
    return defined_by(plan, pages)


def stored_rows(plan: Plan, database: str, data_dir: Path) -> Rows:
    """What the projection's tables hold."""
    file = duck.open_file(data_dir / "analytics.duckdb", threads=1)
    try:
        return stored(plan, database, file)
    finally:
        file.close()
