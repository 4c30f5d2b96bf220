"""`readmodel serve`: the service until it is told to stop. `readmodel migrate`: its tables, without the service."""

import asyncio
import logging
import signal
from contextlib import aclosing

import click
import uvloop

from readmodel.cli.addresses import announced, complete
from readmodel.cli.operating import without_service
from readmodel.cli.service import running
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
    """Create the tables of every projection, and build those of new versions from history, beside what is served.

    Projections whose SQL does not match their declaration are refused.
    """
    with complete(Settings.load()) as settings:
        uvloop.run(_migrate(settings))


async def _migrate(settings: Settings) -> None:
    async with without_service(settings) as operating, aclosing(operating.rebuilding.build_first()) as built:
        async for plan, made in built:
            click.echo(f"{plan.key} v{plan.version}: {'built from history' if made else 'ready'}")
