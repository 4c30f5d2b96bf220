"""kill -9 at random moments: when all is folded, every table equals its definition."""

import asyncio
import os
import random
import time
from collections.abc import Iterator
from datetime import date
from itertools import islice
from pathlib import Path

import pytest
import redis.asyncio

import projections
from readmodel.demo.market import Market
from readmodel.engine.batch import batch_of
from readmodel.engine.catalogue import discover
from readmodel.engine.history import History
from readmodel.engine.plan import Plan
from readmodel.events.cloudevent import CloudEvent
from readmodel.events.event import streams
from readmodel.events.publish import publish
from readmodel.stores import duckdb as duck
from readmodel.testing.law import Rows, defined_by, stored
from tests.service import ServiceProcess, service_process

KILLS = 20
LONGEST_RUN = 1.5
"""Seconds from the service's first answer to the kill, at most."""


@pytest.fixture
def seed() -> int:
    """Printed when the test fails; KILL_SEED replays it."""
    found = int(os.environ.get("KILL_SEED") or random.SystemRandom().randrange(2**32))
    print(f"KILL_SEED={found}")
    return found


def test_twenty_kills_lose_and_double_nothing(redis_db: str, database: str, tmp_path: Path, seed: int) -> None:
    """A service that is killed twenty times while events pour in ends with the tables its definitions describe."""
    chance = random.Random(seed)
    history = list(Market(7, date(2024, 1, 1), days=365).history())
    # Half of it at first, so that most kills find a service that is still catching up.
    half = len(history) // 2
    parts = [history[:half], *portions(history[half:], KILLS - 1)]
    interrupted = 0
    with service_process(redis_db, database, tmp_path) as service:
        for part in parts:
            service.start()
            service.url()
            run_for = chance.uniform(0, LONGEST_RUN)
            began = time.monotonic()
            asyncio.run(append(redis_db, part))
            while time.monotonic() - began < run_for:
                service.statuses()
            interrupted += any(status["lag_events"] for status in service.statuses())
            service.kill()
        finish(service)
    assert interrupted > 0, "no kill came in the middle of anything"
    for plan in discover(projections):
        assert stored_rows(plan, database, tmp_path) == asyncio.run(defined_rows(plan, redis_db)), plan


def finish(service: ServiceProcess) -> None:
    """Let a last service fold what is left, and stop it properly."""
    service.start()
    service.wait_until_caught_up()
    assert [(s["state"], s["quarantined"]) for s in service.statuses()] == [("live", 0)] * len(service.statuses())
    service.stop()


def portions(events: list[CloudEvent], count: int) -> Iterator[list[CloudEvent]]:
    """The events in about equal parts."""
    waiting = iter(events)
    return iter(lambda: list(islice(waiting, len(events) // count + 1)), [])


async def append(redis_url: str, events: list[CloudEvent]) -> None:
    """Publish events, all of them acknowledged by Redis."""
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        async for _ in publish(client, events):
            pass


async def defined_rows(plan: Plan, redis_url: str) -> Rows:
    """What a projection's definition makes of everything in its streams."""
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        history = History(client)
        batches = [
            batch_of(stream, entries).relations
            for stream in streams()
            if stream in plan.streams
            for last in [(await history.state(stream)).last]
            async for entries in history.pages(stream, 0, last)
        ]
    return defined_by(plan, batches)


def stored_rows(plan: Plan, database: str, data_dir: Path) -> Rows:
    """What the projection's tables hold."""
    file = duck.open_file(data_dir / "analytics.duckdb", threads=1)
    try:
        return stored(plan, database, file)
    finally:
        file.close()
