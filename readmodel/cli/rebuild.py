"""`readmodel rebuild`, `swap` and `rollback`: builds of projections, made and shown while the service goes on."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any

import click
import orjson

import projections
from readmodel.cli.addresses import complete, service_url
from readmodel.cli.asking import ask_lines
from readmodel.cli.operating import without_service
from readmodel.cli.steps import steps_shown
from readmodel.engine.builds.rebuilding import Rebuilding
from readmodel.engine.catalogue import discover
from readmodel.settings import Settings

PATH = "/api/v1/ops"

Shown = dict[str, Any]
Directly = Callable[[Rebuilding], AsyncGenerator[Shown, None]]

as_json = click.option("--json", "as_json", is_flag=True, help="The outcomes as one JSON list, for scripts.")


@click.command()
@click.argument("names", nargs=-1, metavar="NAME...")
@click.option("--all", "all_", is_flag=True, help="Every projection, one after the other.")
@click.option("--diff", is_flag=True, help="Show what would change, and ask before it does.")
@click.option("--yes", is_flag=True, help="With --diff: do not ask.")
@click.option("--no-swap", is_flag=True, help="Only build; `readmodel swap` shows it later.")
@click.option("--until", metavar="TIME_OR_VECTOR", help="With --no-swap: build from history up to there.")
@as_json
def rebuild(
    names: Sequence[str], all_: bool, diff: bool, yes: bool, no_swap: bool, until: str | None, as_json: bool
) -> None:
    """Build projections anew from history, while they are served, and show the new build.

    NAME is a projection's, or name@store. The build before stays for `readmodel rollback`.
    """
    if bool(names) == all_:
        raise click.UsageError("Name the projections, or say --all.")
    if until and not no_swap:
        raise click.UsageError("--until goes with --no-swap: what ends before the head is only to be looked at.")
    wanted = names or sorted({plan.name for plan in discover(projections)})
    asks_first = diff and not yes and not no_swap
    outcomes: list[Shown] = []
    for name in wanted:
        swap = not no_swap and not asks_first
        found = _done(
            "rebuild", name, lambda r, n=name, s=swap: r.rebuild(n, swap=s, diff=diff, until=until),  # type: ignore[misc]
            swap=str(swap).lower(), diff=str(diff).lower(), until=until,
        )  # fmt: skip
        if not as_json:
            _print(found)
        if asks_first:
            found = _decided(name, found)
        outcomes += found
    if as_json:
        click.echo(orjson.dumps(outcomes, option=orjson.OPT_INDENT_2))


@click.command()
@click.argument("name")
@as_json
def swap(name: str, as_json: bool) -> None:
    """Show the build that `rebuild --no-swap` made, once it has caught up."""
    _tell(_done("swap", name, lambda rebuilding: rebuilding.swap(name)), as_json=as_json)


@click.command()
@click.argument("name")
@as_json
def rollback(name: str, as_json: bool) -> None:
    """Show the build that was shown before the last rebuild, once it has caught up."""
    _tell(_done("rollback", name, lambda rebuilding: rebuilding.rollback(name)), as_json=as_json)


def _decided(name: str, found: list[Shown]) -> list[Shown]:
    if click.confirm("Show the new build?", err=True):
        shown = _done("swap", name, lambda rebuilding: rebuilding.swap(name))
        _print(shown)
        return [old | new for old, new in zip(found, shown, strict=True)]
    _done("abandon", name, lambda rebuilding: rebuilding.abandon(name))
    click.echo(f"{name}: dropped; nothing has changed", err=True)
    return found


def _done(what: str, name: str, directly: Directly, **parameters: Any) -> list[Shown]:
    """The outcomes, by the running service or, where none runs, by ourselves."""
    settings = Settings.load()
    with steps_shown() as show:
        if url := service_url(settings):
            steps = ask_lines(settings, url, f"{PATH}/{what}", projection=name, **parameters)
            return [outcome for step in steps for outcome in show(step)]
        with complete(settings) as completed:
            return asyncio.run(_directly(completed, directly, show))


async def _directly(settings: Settings, directly: Directly, show: Callable[[Shown], list[Shown]]) -> list[Shown]:
    async with without_service(settings) as operating, aclosing(directly(operating.rebuilding)) as steps:
        return [outcome async for step in steps for outcome in show(step)]


def _tell(found: list[Shown], *, as_json: bool) -> None:
    if as_json:
        click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    else:
        _print(found)


def _print(found: list[Shown]) -> None:
    for outcome in found:
        state = "is shown" if outcome["live"] else "is not shown"
        click.echo(
            f"{outcome['projection']}@{outcome['store']}: build {outcome['build']} ({outcome['schema']}) {state}"
        )
        for table, difference in (outcome.get("diff") or {}).items():
            _print_difference(table, difference)


def _print_difference(table: str, difference: Shown) -> None:
    counts = ", ".join(f"{difference[kind]:,} {kind}" for kind in ("added", "removed", "changed"))
    click.echo(f"  {table}: {difference['left']:,} rows, then {difference['right']:,}; {counts}")
    for column, count in difference["changed_columns"].items():
        click.echo(f"    {column} changed in {count:,}")
    for example in difference["examples"]:
        key = ", ".join(f"{name}={value}" for name, value in example["key"].items())
        click.echo(f"    {example['kind']} {key}")
        for column, values in example["columns"].items():
            click.echo(f"      {column}: {values['left']} -> {values['right']}")
