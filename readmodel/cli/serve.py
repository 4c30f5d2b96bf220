"""`readmodel serve`: the service until it is told to stop. `readmodel migrate`: its tables, without the service."""

import asyncio
import logging
import signal

import click
import uvloop

import projections
from readmodel.cli.addresses import announced, complete
from readmodel.cli.service import running
from readmodel.cli.stores import open_stores
from readmodel.engine.catalogue import discover
from readmodel.engine.preparation import prepare
from readmodel.settings import Settings

log = logging.getLogger(__name__)


@click.command()
def serve() -> None:
    """Consume the streams, keep the projections, answer over HTTP."""
    with complete(Settings.load()) as settings:
        logging.getLogger().setLevel(settings.log_level)
        uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    stopped = stop_requested()
    async with running(settings) as service:
        with announced(settings, service.url):
            log.info("serving %s (documentation: %s/docs)", service.url, service.url)
            await stopped.wait()
            log.info("stopping: finishing the batches in hand")


def stop_requested() -> asyncio.Event:
    """Set when the process is asked to end, by Ctrl-C, by its supervisor, or because the terminal has gone."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    return stopped


@click.command()
def migrate() -> None:
    """Create the tables of every projection, and refuse those whose SQL does not match their declaration."""
    with complete(Settings.load()) as settings:
        uvloop.run(_migrate(settings))


async def _migrate(settings: Settings) -> None:
    plans = discover(projections)
    async with open_stores(settings) as stores:
        await asyncio.to_thread(prepare, plans, stores.of)
    for plan in plans:
        click.echo(f"{plan.key} v{plan.version}: ready")
