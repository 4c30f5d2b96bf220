"""`readmodel verify`: does what was restored fit together? Asks the running service; else it looks by itself."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import click
import duckdb
import orjson
import redis.asyncio

import projections
from readmodel.cli.addresses import complete, service_url
from readmodel.cli.archive import history_of
from readmodel.cli.asking import ask_lines
from readmodel.cli.steps import steps_shown
from readmodel.cli.stores import ANALYTICS_FILE
from readmodel.engine.auditing.verifying import Finding, State, Verifier
from readmodel.engine.builds.scratch import FOLDER
from readmodel.engine.catalogue import discover
from readmodel.engine.projection import DUCKDB, POSTGRES, StoreName
from readmodel.settings import Settings
from readmodel.stores.erasures import ErasureTable
from readmodel.stores.reading import DuckReader, PostgresReader, Reader

PATH = "/api/v1/ops/verify"
NEEDS_OPERATOR = 3
"""Exit code."""

Shown = dict[str, Any]
_COLOURS = {State.FINE: "green", State.BY_ITSELF: "yellow", State.OPERATOR: "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON list, for scripts.")
def verify(as_json: bool) -> None:
    """Say how archive, streams and stores fit together, as after a restore, and what the service will make of it.

    It changes nothing. Exits with 0 where all is fine or gets so by itself, with 3 where something is up to an
    operator, with 1 where it cannot be told.
    """
    with steps_shown() as show:
        (outcome,) = _outcomes(show)
    findings = outcome["findings"]
    if as_json:
        click.echo(orjson.dumps(findings, option=orjson.OPT_INDENT_2))
    else:
        for finding in findings:
            _print(finding)
    if any(finding["state"] == State.OPERATOR for finding in findings):
        sys.exit(NEEDS_OPERATOR)


def _outcomes(show: Callable[[Shown], list[Shown]]) -> list[Shown]:
    settings = Settings.load()
    if url := service_url(settings):
        return [outcome for step in ask_lines(settings, url, PATH) for outcome in show(step)]
    with complete(settings) as completed:
        return asyncio.run(_directly(completed, show))


async def _directly(settings: Settings, show: Callable[[Shown], list[Shown]]) -> list[Shown]:
    async with _verifier(settings) as verifier, aclosing(verifier.verify()) as steps:
        return [outcome async for step in steps for outcome in show(step)]


@asynccontextmanager
async def _verifier(settings: Settings) -> AsyncIterator[Verifier]:
    """Whoever looks, with stores that cannot be written to."""
    plans = discover(projections)
    of_postgres = PostgresReader(str(settings.database_url), size=2)
    with _duckdb(settings.data_dir / ANALYTICS_FILE) as (file, findings):
        of_duckdb = DuckReader(file)
        readers: dict[StoreName, Reader] = {POSTGRES: of_postgres, DUCKDB: of_duckdb}
        erasures = ErasureTable(str(settings.database_url))
        try:
            await of_postgres.open()
            async with redis.asyncio.Redis.from_url(str(settings.redis_url)) as client:
                history = history_of(settings, client)
                yield Verifier(plans, history, readers, erasures, settings.data_dir / FOLDER, findings)
        finally:
            await of_postgres.close()
            of_duckdb.close()


@contextmanager
def _duckdb(path: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, list[Finding]]]:
    """The DuckDB file, read only; an empty one in its place where there is none, or it does not open."""
    name = f"The DuckDB file {path}"
    if not path.exists():
        says = "is not there; a start makes it, and what belongs in it is built from history"
        with duckdb.connect() as empty:
            yield empty, [Finding(name, State.BY_ITSELF, says)]
        return
    try:
        file = duckdb.connect(path, read_only=True)
    except duckdb.Error as error:
        says = f"does not open: {str(error).splitlines()[0]}"
        with duckdb.connect() as empty:
            types = (f"restore it, or delete {path} and {path}.wal: then it is built from history",)
            yield empty, [Finding(name, State.OPERATOR, says, types)]
        return
    with file:
        yield file, [Finding(name, State.FINE, "opens")]


def _print(finding: Shown) -> None:
    click.secho(f"{finding['state']:9}", fg=_COLOURS[State(finding["state"])], nl=False)
    click.echo(f" {finding['about']}: {finding['says']}")
    for command in finding["type"]:
        click.echo(f"{'':10} -> {command}")
