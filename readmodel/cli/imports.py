"""`readmodel import`: other people's data as events."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

import click
import redis.asyncio

from readmodel.cli.addresses import reachable
from readmodel.cli.first_load import cartsnitch
from readmodel.cli.progress import shown
from readmodel.events.cloudevent import CloudEvent
from readmodel.events.publish import publish
from readmodel.importers import cpi as indices
from readmodel.importers.heissepreise import Source, prepare
from readmodel.settings import Settings

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("import")
def import_() -> None:
    """Turn a data set into events and publish them. Repeating an import changes nothing."""


import_.add_command(cartsnitch)


@import_.command()
@click.argument("file", type=_FILE)
@click.option("--matches", type=_FILE, help="CSV of products that are the same in two shops.")
@click.option("--categories", type=_FILE, help="CSV that names the category codes.")
def heissepreise(file: Path, matches: Path | None, categories: Path | None) -> None:
    """Publish the price changes of FILE, a CSV (perhaps gzipped) of heissepreise."""
    source = Source(file, matches, categories)
    with reachable(Settings.load()) as found:
        asyncio.run(_publish(found.redis_url, source))


@import_.command()
@click.argument("file", type=_FILE)
def cpi(file: Path) -> None:
    """Publish the official price indices of FILE, a CSV (perhaps gzipped) with columns period, index and series."""
    rows = indices.read_cpi(file)
    with reachable(Settings.load()) as found:
        asyncio.run(_append(found.redis_url, indices.events_of(rows), len(rows)))
    click.echo(f"published {len(rows):,} events: {len({row.series for row in rows}):,} series")


async def _publish(redis_url: str, source: Source) -> None:
    events = await asyncio.to_thread(prepare, source)
    await _append(redis_url, events.events(), events.total)
    click.echo(f"published {events.total:,} events: {len(events.products):,} products, {events.rows:,} prices")


async def _append(redis_url: str, events: Iterable[CloudEvent], total: int) -> None:
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        with shown("publishing", total) as progress:
            async for done in publish(client, events):
                progress(done)
