"""The question that every fault test ends with: is all of it folded, exactly once in effect?"""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import psycopg
import pyarrow as pa
import redis.asyncio

import projections
from readmodel.engine.batch import batch_of
from readmodel.engine.catalogue import discover
from readmodel.engine.history import History
from readmodel.engine.plan import Plan
from readmodel.engine.projection import POSTGRES
from readmodel.events.event import streams
from readmodel.events.position import format_position
from readmodel.stores import duckdb as duck
from readmodel.testing.law import Rows, defined_by, stored
from tests.service import ServiceProcess, wait_until

LONGEST = 120.0
"""Seconds to fold what is left after the last fault."""
Log = dict[str, list[tuple[int, Mapping[str, pa.Table]]]]
"""Per stream its pages: how many entries each has, and their events."""


def settle(service: ServiceProcess) -> None:
    """Wait until every projection lives and has folded all that is in its streams now."""
    ends = asyncio.run(last_ids(service.environment["REDIS_URL"]))

    def settled() -> bool:
        return all(
            status["state"] == "live" and all(ends[stream] == at for stream, at in status["cursors"].items())
            for status in service.statuses()
        )

    wait_until(settled, lambda: f"{service.statuses()}\n{service.log()[-3000:]}", LONGEST)


def clean(service: ServiceProcess) -> list[str]:
    """What is wrong with quarantine, counts and tables of a service that has settled; it is stopped."""
    wrong = [
        f"{status['name']}@{status['store']} put {status['quarantined']} aside: {status['last_error']}"
        for status in service.statuses()
        if status["quarantined"]
    ]
    service.stop()
    log = asyncio.run(everything(service.environment["REDIS_URL"]))
    for plan in discover(projections):
        wrong += [f"{plan.key}: {what}" for what in _differences(plan, log, service)]
    return wrong


def _differences(plan: Plan, log: Log, service: ServiceProcess) -> list[str]:
    database = service.environment["DATABASE_URL"]
    counted = {stream: sum(count for count, _ in log[stream]) for stream in plan.streams}
    folded = _folded(plan, database, service.data_dir)
    wrong = [] if folded == counted else [f"{folded} entries were folded of {counted}"]
    held = stored_rows(plan, database, service.data_dir)
    defined = defined_by(plan, [page for stream in plan.streams for _, page in log[stream]])
    return wrong + [f"{table} differs from its definition" for table in defined if held[table] != defined[table]]


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


async def last_ids(redis_url: str) -> dict[str, str]:
    """Where each stream ends."""
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        history = History(client)
        return {stream: format_position((await history.state(stream)).last) for stream in streams()}


async def everything(redis_url: str) -> Log:
    """All that is in the streams, decoded."""
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        history = History(client)
        return {
            stream: [
                (len(entries), batch_of(stream, entries).relations)
                async for entries in history.pages(stream, 0, (await history.state(stream)).last)
            ]
            for stream in streams()
        }


async def defined_rows(plan: Plan, redis_url: str) -> Rows:
    """What a projection's definition makes of everything in its streams."""
    log = await everything(redis_url)
    return defined_by(plan, [page for stream in plan.streams for _, page in log[stream]])


def stored_rows(plan: Plan, database: str, data_dir: Path) -> Rows:
    """What the projection's tables hold."""
    file = duck.open_file(data_dir / "analytics.duckdb", threads=1)
    try:
        return stored(plan, database, file)
    finally:
        file.close()
