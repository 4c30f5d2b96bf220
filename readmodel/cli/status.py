"""`readmodel status`: how every projection is doing, asked of the running service, else read from the stores."""

import asyncio
import time

import click
import orjson
import redis.asyncio
from rich.box import SIMPLE
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

import projections
from readmodel.cli.addresses import complete, service_url
from readmodel.cli.archive import history_of
from readmodel.cli.asking import ask
from readmodel.cli.stores import open_stores
from readmodel.engine.catalogue import discover
from readmodel.engine.folding.monitor import Monitor, Status
from readmodel.settings import Settings


@click.command()
@click.option("--watch", is_flag=True, help="Keep showing, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="One JSON list, for scripts.")
def status(watch: bool, as_json: bool) -> None:
    """Show, per projection, how far it is and what is wrong with it."""
    settings = Settings.load()
    if as_json:
        click.echo(orjson.dumps(_statuses(settings), option=orjson.OPT_INDENT_2))
    elif watch:
        _watch(settings)
    else:
        Console().print(_shown(settings))


def _statuses(settings: Settings) -> list[Status]:
    if url := service_url(settings):
        found: list[Status] = ask(settings, url, "GET", "/api/v1/ops/projections")
        return found
    with complete(settings) as completed:
        return asyncio.run(_read(completed))


async def _read(settings: Settings) -> list[Status]:
    async with open_stores(settings) as stores, redis.asyncio.Redis.from_url(str(settings.redis_url)) as client:
        monitor = Monitor(discover(projections), stores.readers, history_of(settings, client))
        await monitor.look()
        return monitor.statuses()


def _archive_troubles(settings: Settings) -> list[str]:
    """Why streams are not archived; only the running service knows."""
    if not (url := service_url(settings)):
        return []
    rows = ask(settings, url, "GET", "/api/v1/ops/archive")["streams"]
    return [f"the archive of {row['stream']}: {row['last_error']}" for row in rows if row["last_error"]]


def _watch(settings: Settings) -> None:
    with Live(_shown(settings), auto_refresh=False) as live:
        try:
            while True:
                time.sleep(1)
                live.update(_shown(settings), refresh=True)
        except KeyboardInterrupt:
            return


def _shown(settings: Settings) -> Group:
    statuses = _statuses(settings)
    return Group(_table(statuses), _troubles(statuses, _archive_troubles(settings)))


def _table(statuses: list[Status]) -> Table:
    table = Table(box=SIMPLE, pad_edge=False)
    for column in ("projection", "v", "state"):
        table.add_column(column, no_wrap=True)
    for column in ("behind", "late s", "rate", "aside"):
        table.add_column(column, justify="right", no_wrap=True)
    for row in statuses:
        numbers = (row["lag_events"], row["lag_seconds"], row["rate"], row["quarantined"])
        name = f"{row['name']}@{row['store']}"
        table.add_row(name, str(row["version"]), row["state"], *(f"{number:,}" for number in numbers))
    return table


def _troubles(statuses: list[Status], of_archive: list[str]) -> Text:
    """Every error whole, below the table, whose columns would cut it."""
    lines = (f"{row['name']}@{row['store']}: {row['last_error']}" for row in statuses if row["last_error"])
    return Text("\n".join([*lines, *of_archive]), style="red")
