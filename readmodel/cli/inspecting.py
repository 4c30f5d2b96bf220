"""`readmodel audit` and `readmodel explain`: is a table right, and why is a row what it is?

They ask the running service; where none runs, they look into the stores and streams themselves.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import click
import orjson

from readmodel.cli.addresses import complete, service_url
from readmodel.cli.asking import ask
from readmodel.cli.inspected import print_audit, print_explanation
from readmodel.cli.operating import without_service
from readmodel.engine.auditing.inspection import Inspector, Shown
from readmodel.settings import Settings

AUDIT, EXPLAIN, STATUS = "/api/v1/ops/audit", "/api/v1/ops/explain", "/api/v1/ops/projections"
FAILED, DIFFERENT = 1, 3
"""Exit codes; a difference outweighs what could not be looked at."""

T = TypeVar("T")


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--json", "as_json", is_flag=True, help="One JSON list, for scripts.")
def audit(names: tuple[str, ...], as_json: bool) -> None:
    """Hold every table against what its definition makes of history, at the position it has reached.

    NAME is a projection, or name@store; without one all are audited. Exits with 3 when rows differ, and names them.
    """
    found = list[Shown]()
    for audited in _audits(Settings.load(), names):
        found += audited
        if not as_json:
            print_audit(audited)
    if as_json:
        click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    if any(audited["differences"] for audited in found):
        sys.exit(DIFFERENT)
    if any(audited["error"] for audited in found):
        sys.exit(FAILED)


@click.command()
@click.argument("name")
@click.argument("key", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for scripts.")
def explain(name: str, key: tuple[str, ...], as_json: bool) -> None:
    """Tell which events made a row what it is, oldest first; * marks those that decide.

    NAME is a projection, or a table of one as projection.table; KEY is column=value, as often as needed, or the key's
    values in order with commas between them. A part of a key is enough where it means only one row.
    """
    settings = Settings.load()
    if url := service_url(settings):
        found: Shown = ask(settings, url, "GET", EXPLAIN, projection=name, key=list(key))
    else:
        found = _directly(settings, lambda inspector: inspector.explain(name, key))
    if as_json:
        click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    else:
        print_explanation(found)


def _audits(settings: Settings, names: tuple[str, ...]) -> Iterator[list[Shown]]:
    """What is found, a part at a time: one request may not take longer than a projection does."""
    if not (url := service_url(settings)):
        yield _directly(settings, lambda inspector: inspector.audit(names))
        return
    wanted = names or tuple(f"{row['name']}@{row['store']}" for row in ask(settings, url, "GET", STATUS))
    for name in wanted:
        yield ask(settings, url, "POST", AUDIT, projection=name)


def _directly(settings: Settings, work: Callable[[Inspector], Awaitable[T]]) -> T:
    with complete(settings) as completed:
        return asyncio.run(_without_service(completed, work))


async def _without_service(settings: Settings, work: Callable[[Inspector], Awaitable[T]]) -> T:
    async with without_service(settings) as operating:
        return await work(operating.inspector)
