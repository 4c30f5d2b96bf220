"""`readmodel demo`: the service with an invented market, first its history, then as if it went on today."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import aiohttp
import click
import redis.asyncio
import uvloop
from rich.console import Console

from gateway.auth import make_token
from readmodel.cli.addresses import announced, complete
from readmodel.cli.progress import shown
from readmodel.cli.serve import stop_requested
from readmodel.cli.service import Service, running
from readmodel.cli.showing import Narrator, show_answers, show_where_to_look
from readmodel.demo.highlights import Highlights, find_highlights
from readmodel.demo.market import Market
from readmodel.engine.folding.monitor import Status
from readmodel.errors import ReadModelError
from readmodel.events.cloudevent import CloudEvent
from readmodel.events.event import streams
from readmodel.events.publish import publish
from readmodel.settings import Settings

SEED = 7
DAYS = 730
CATCH_UP_WITHIN = 300.0
"""Seconds."""
PACE = 0.7
"""Seconds between two events of today."""
BEGUN = "readmodel:demo"
"""The Redis key that says on which day the demo's history begins, so that a second run goes on with the same one."""

log = logging.getLogger(__name__)


class StreamsInUse(ReadModelError):
    """The stream {stream} holds {length} events that are not the demo's; set REDIS_URL or DATA_DIR to a place where
    invented prices do no harm."""


class DemoFailed(ReadModelError):
    """The demo did not get there: {reason}"""


@click.command()
@click.option("--once", is_flag=True, help="Publish the history, wait until it is folded, show answers, and end.")
def demo(once: bool) -> None:
    """Show the service at work on an invented market."""
    with complete(Settings.load()) as settings:
        logging.getLogger().setLevel(logging.WARNING)
        uvloop.run(_demo(settings, once))


async def _demo(settings: Settings, once: bool) -> None:
    stopped = stop_requested()
    console = Console()
    async with running(settings) as service:
        with announced(settings, service.url):
            market = Market(SEED, await _begin(service.folding.redis), days=DAYS)
            console.print(f"Making up {DAYS} days of prices in three stores ...")
            history = await asyncio.to_thread(lambda: list(market.history()))
            await _publish_history(service.folding.redis, history)
            await _until_caught_up(service, stopped)
            highlights = await asyncio.to_thread(find_highlights, history)
            token = make_token(settings.signing_keys(), highlights.user_id, seconds=12 * 3600)
            await _show(console, service, highlights, token)
            if not once:
                show_where_to_look(console, service.url, highlights, token)
                await _go_on(Narrator(console, history), service.folding.redis, market, stopped)


async def _begin(client: "redis.asyncio.Redis") -> date:
    begun: Any = await client.get(BEGUN)
    if begun:
        return date.fromisoformat(begun.decode())
    for stream in streams():
        if length := await client.xlen(stream):
            raise StreamsInUse(stream=stream, length=length)
    start = datetime.now(UTC).date() - timedelta(days=DAYS)
    await client.set(BEGUN, start.isoformat())
    return start


async def _publish_history(client: "redis.asyncio.Redis", history: Sequence[CloudEvent]) -> None:
    published = sum([await client.xlen(stream) for stream in streams()])
    if published >= len(history):
        return  # by an earlier run
    # What an interrupted run has published comes again with the same ids, and changes nothing.
    with shown("publishing", len(history)) as progress:
        async for done in publish(client, history):
            progress(done)


async def _until_caught_up(service: Service, stopped: asyncio.Event) -> None:
    deadline = asyncio.get_running_loop().time() + CATCH_UP_WITHIN
    events = sum(status["lag_events"] for status in await _look(service))
    with shown("folding", events) as progress:
        while behind := [status for status in await _look(service) if status["lag_events"]]:
            progress(events - sum(status["lag_events"] for status in behind))
            for status in behind:
                if status["state"] == "stopped" or stopped.is_set():
                    raise DemoFailed(reason=f"{status['name']} is {status['state']}: {status['last_error']}")
            if asyncio.get_running_loop().time() > deadline:
                raise DemoFailed(reason=f"{behind[0]['name']} is still {behind[0]['lag_events']} events behind")
            await asyncio.sleep(0.2)
        progress(events)


async def _look(service: Service) -> list[Status]:
    await service.folding.monitor.look()
    return service.folding.monitor.statuses()


async def _show(console: Console, service: Service, highlights: Highlights, token: str) -> None:
    async with aiohttp.ClientSession(service.url, headers={"Authorization": f"Bearer {token}"}) as session:
        await show_answers(console, session, highlights)


async def _go_on(narrator: Narrator, client: "redis.asyncio.Redis", market: Market, stopped: asyncio.Event) -> None:
    live = market.live()
    while not stopped.is_set():
        event = await asyncio.to_thread(next, live)
        await client.xadd(event.stream, {"data": event.to_json()})
        narrator.tell(event)
        try:
            await asyncio.wait_for(stopped.wait(), PACE)
        except TimeoutError:
            continue
