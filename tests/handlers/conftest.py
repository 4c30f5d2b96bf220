"""The consuming half of the service, in this process, on real servers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

import projections
from readmodel.cli.folding import Folding, folding
from readmodel.engine.catalogue import discover
from readmodel.engine.plan import Plan
from readmodel.settings import Settings

Keep = Callable[..., AbstractAsyncContextManager[Folding]]

DEADLINE = 30.0
"""Seconds that any condition may take to come true."""


@pytest.fixture
def settings(redis_db: str, database: str, tmp_path: Path) -> Settings:
    """Where this test's streams and stores are."""
    return Settings(redis_url=redis_db, database_url=database, data_dir=tmp_path)


@pytest.fixture
def keep(settings: Settings) -> Keep:
    """Keeps projections, all there are or those given, while its block runs."""

    @asynccontextmanager
    async def start(plans: list[Plan] | None = None) -> AsyncIterator[Folding]:
        async with folding(settings, plans or discover(projections)) as found:
            yield found

    return start


async def until(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait for a condition; the deadline is generous, because machines are slow, and never reached when all is well."""
    async with asyncio.timeout(DEADLINE) as limit:
        while not await condition():
            assert limit.when() is not None, what
            await asyncio.sleep(0.02)


async def caught_up(found: Folding) -> None:
    """Wait until every projection has folded, or put aside, every event."""

    async def no_lag() -> bool:
        await found.monitor.look()
        return not any(status["lag_events"] for status in found.monitor.statuses())

    await until(no_lag, "the projections did not catch up")
