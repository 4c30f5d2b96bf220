"""The consuming half of a process: stores, runners and stream subscribers, started and stopped in order."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import redis.asyncio

from handlers.app import Consumer
from handlers.bridge import Bridge
from readmodel.cli.archive import archiver_of, history_of
from readmodel.cli.background import in_background
from readmodel.cli.operating import Operating, operating
from readmodel.cli.stores import Stores, open_stores
from readmodel.engine.auditing.staleness import Staleness
from readmodel.engine.folding.feed import Feed
from readmodel.engine.folding.lease import TTL, Leases
from readmodel.engine.folding.monitor import Monitor
from readmodel.engine.folding.ownership import Caretaker
from readmodel.engine.folding.progress import State
from readmodel.engine.folding.runner import Runner
from readmodel.engine.log.archiver import Archiver
from readmodel.engine.log.history import History
from readmodel.engine.plan import Plan
from readmodel.engine.preparation import prepare
from readmodel.engine.projection import DUCKDB
from readmodel.settings import Settings
from readmodel.stores.leases import LeaseTable, process_name

log = logging.getLogger(__name__)

THREADS = 16
"""For folds, decoding and whatever else blocks; most of them wait for a store most of the time."""


@dataclass(frozen=True)
class Folding:
    """Projections being kept."""

    plans: Sequence[Plan]
    stores: Stores
    runners: Mapping[str, Runner]
    consumer: Consumer
    monitor: Monitor
    operating: Operating
    redis: "redis.asyncio.Redis"
    history: History
    archiver: Archiver


@asynccontextmanager
async def folding(settings: Settings, plans: Sequence[Plan]) -> AsyncIterator[Folding]:
    """Keep the projections that `plans` describe, with `redis_url` and `database_url` set.

    Whatever is entered here first is left last: the streams are read no more, then the runners finish the batch in
    hand, then leases and stores are let go.
    """
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="blocking"))
    async with AsyncExitStack() as stack:
        stores = await stack.enter_async_context(open_stores(settings))
        await asyncio.to_thread(prepare, plans, stores.of)
        client = await stack.enter_async_context(redis.asyncio.Redis.from_url(str(settings.redis_url)))
        history = history_of(settings, client)
        feed = Feed(history)
        leases = Leases(LeaseTable(str(settings.database_url), process_name(), TTL))
        stack.push_async_callback(leases.close)
        await stack.enter_async_context(in_background(leases.keep()))
        runners = _runners(plans, stores, history, feed, leases)
        consumer = Consumer(str(settings.redis_url), feed)
        positions = _furthest(plans, await stores.cursors())
        feed.begin(positions)
        await stack.enter_async_context(_running(runners))
        await consumer.start(positions)
        stack.push_async_callback(consumer.stop)
        await stack.enter_async_context(in_background(Bridge(client, leases).run()))
        archiver = archiver_of(settings, history, leases)
        await stack.enter_async_context(in_background(archiver.run()))
        monitor = Monitor(
            plans,
            stores.readers,
            history,
            runners,
            feed.unknown,
            consumer.health,
            archiver.status.alarms,
            settings.stall_seconds,
            Staleness(plans, stores.readers),
        )
        await monitor.look()
        await stack.enter_async_context(in_background(monitor.watch()))
        keepers = {plan.key: Caretaker(runners[plan.key], plan, stores.of, leases) for plan in plans}
        operators = operating(plans, stores, history, archiver, keepers, leases, settings.data_dir)
        await operators.rebuilding.tidy()
        if every := settings.audit_every_seconds:
            watching = operators.inspector.audits.watch(every, lambda plan: _is_kept(runners[plan.key]))
            await stack.enter_async_context(in_background(watching))
        yield Folding(plans, stores, runners, consumer, monitor, operators, client, history, archiver)


def _runners(plans: Sequence[Plan], stores: Stores, history: History, feed: Feed, leases: Leases) -> dict[str, Runner]:
    # DuckDB is given one writer at a time; Postgres projections fold beside each other.
    duckdb_turn = asyncio.Lock()

    def runner(plan: Plan) -> Runner:
        turn = duckdb_turn if plan.store is DUCKDB else asyncio.Lock()
        return Runner(plan, stores.of(plan), history, feed, leases, turn)

    return {plan.key: runner(plan) for plan in plans}


def _furthest(plans: Sequence[Plan], cursors: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Where live reading begins in each stream: projections that are not as far catch up from history."""
    found: dict[str, int] = {}
    for plan in plans:
        for stream in plan.streams:
            found[stream] = max(found.get(stream, 0), cursors.get(plan.key, {}).get(stream, 0))
    return found


def _is_kept(runner: Runner) -> bool:
    """Whether a projection is kept here, by this process, at the moment."""
    return runner.progress.state is State.LIVE


@asynccontextmanager
async def _running(runners: Mapping[str, Runner]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(runner.run(), name=name) for name, runner in runners.items()]
    try:
        yield
    finally:
        for runner in runners.values():
            runner.stop()
        await asyncio.gather(*tasks)
