"""The service put together: stores, runners, consumer and gateway of one process, started and stopped in order."""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version

import redis.asyncio
from aiohttp import web

import projections
from gateway.app import build
from gateway.auth import Authenticator
from handlers.app import Consumer
from handlers.asyncapi import document
from handlers.bridge import Bridge
from readmodel.cli.stores import Stores, open_stores
from readmodel.engine.catalogue import Plan, discover
from readmodel.engine.feed import Feed
from readmodel.engine.history import History
from readmodel.engine.lease import TTL, Leases
from readmodel.engine.monitor import Monitor
from readmodel.engine.projection import DUCKDB
from readmodel.engine.runner import Runner
from readmodel.engine.views import Views
from readmodel.settings import Settings
from readmodel.stores.duckdb import DuckStore
from readmodel.stores.leases import LeaseTable
from readmodel.stores.postgres import PostgresStore

THREADS = 16
"""For folds, decoding and whatever else blocks; most of them wait for a store most of the time."""


@dataclass(frozen=True)
class Service:
    """A running service."""

    plans: Sequence[Plan]
    monitor: Monitor
    runners: Sequence[Runner]
    redis: "redis.asyncio.Redis"
    url: str


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Service]:
    """Start the service, with `redis_url`, `database_url` and every secret set, and stop it on the way out.

    Whatever is entered here first is left last: doors close, then the streams are read no more, then the runners
    finish the batch in hand, then leases and stores are let go.
    """
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="blocking"))
    plans = await asyncio.to_thread(discover, projections)
    async with AsyncExitStack() as stack:
        stores = await stack.enter_async_context(open_stores(settings))
        client = await stack.enter_async_context(redis.asyncio.Redis.from_url(str(settings.redis_url)))
        history = History(client)
        feed = Feed(history)
        leases = Leases(LeaseTable(str(settings.database_url), _owner(), TTL))
        stack.push_async_callback(leases.close)
        await _in_background(stack, leases.keep())
        runners = _runners(plans, stores, history, feed, leases)
        consumer = Consumer(str(settings.redis_url), feed)
        positions = _furthest(plans, await stores.cursors())
        feed.begin(positions)
        await stack.enter_async_context(_folding(runners))
        await consumer.start(positions)
        stack.push_async_callback(consumer.stop)
        await _in_background(stack, Bridge(client, leases).run())
        monitor = Monitor(plans, stores.readers, history, {r.plan.key: r for r in runners}, feed.unknown)
        await monitor.look()
        await _in_background(stack, monitor.watch())
        app = build(
            Views(plans, stores.readers),
            auth=Authenticator(settings.signing_keys()),
            monitor=monitor,
            asyncapi=document(consumer.broker, version("readmodel")),
            cors_origins=settings.cors_origins,
            service_key=settings.service_key,
        )
        yield Service(plans, monitor, runners, client, await _open_doors(stack, app, settings))


def _runners(plans: Sequence[Plan], stores: Stores, history: History, feed: Feed, leases: Leases) -> list[Runner]:
    # DuckDB is given one writer at a time; Postgres projections fold beside each other.
    duckdb_turn = asyncio.Lock()

    def runner(plan: Plan) -> Runner:
        if plan.store is DUCKDB:
            return Runner(plan, DuckStore(stores.file), history, feed, leases, duckdb_turn)
        return Runner(plan, PostgresStore(stores.database_url), history, feed, leases, asyncio.Lock())

    return [runner(plan) for plan in plans]


def _furthest(plans: Sequence[Plan], cursors: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Where live reading begins in each stream: projections that are not as far catch up from history."""
    found: dict[str, int] = {}
    for plan in plans:
        for stream in plan.streams:
            found[stream] = max(found.get(stream, 0), cursors.get(plan.key, {}).get(stream, 0))
    return found


@asynccontextmanager
async def _folding(runners: Sequence[Runner]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(runner.run(), name=runner.plan.key) for runner in runners]
    try:
        yield
    finally:
        for runner in runners:
            runner.stop()
        await asyncio.gather(*tasks)


async def _in_background(stack: AsyncExitStack, work: "asyncio._CoroutineLike[None]") -> None:
    task = asyncio.create_task(work)

    async def end() -> None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    stack.push_async_callback(end)


async def _open_doors(stack: AsyncExitStack, app: web.Application, settings: Settings) -> str:
    doors = web.AppRunner(app, access_log=None, shutdown_timeout=5)
    await doors.setup()
    stack.push_async_callback(doors.cleanup)
    site = web.TCPSite(doors, settings.host, settings.port)
    await site.start()
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104 - only to print a URL
    return f"http://{host}:{doors.addresses[0][1]}"


def _owner() -> str:
    return f"{socket.gethostname()}-{secrets.token_hex(4)}"
