"""`readmodel import cartsnitch`: the first load from today's shared database."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click
import redis

from readmodel.cli.addresses import reachable
from readmodel.cli.progress import shown
from readmodel.errors import ReadModelError
from readmodel.events.envelope import shown as briefly
from readmodel.importers.cartsnitch import Tally, imported
from readmodel.importers.cartsnitch_candidates import Rejected, as_line
from readmodel.importers.cartsnitch_source import Source, snapshot
from readmodel.importers.cartsnitch_tables import TABLES
from readmodel.settings import Settings


class RowsRejected(ReadModelError):
    """{rows} rows were rejected, see above{file}; the others are published. Correct them in the database and repeat the
    command, which publishes only what is new or has changed."""


class RejectsUnwritable(ReadModelError):
    """{path} cannot be written: {reason}"""


@click.command()
@click.argument("dsn", envvar="CARTSNITCH_DATABASE_URL")
@click.option("--skip", multiple=True, type=click.Choice([table.name for table in TABLES]), help="Leave a table out.")
@click.option(
    "--rejects", type=click.Path(dir_okay=False, path_type=Path), help="Also write rejected rows here, as NDJSON."
)
def cartsnitch(dsn: str, skip: tuple[str, ...], rejects: Path | None) -> None:
    """Publish what the shared database at DSN holds (or CARTSNITCH_DATABASE_URL, so that no password is in a command).

    It can be repeated: rows that were published as they are now are not published again. Rows that cannot be are
    listed, and the exit code is then 1.
    """
    tables = [table for table in TABLES if table.name not in skip]
    with (
        snapshot(dsn, tables) as source,
        reachable(Settings.load()) as found,
        redis.Redis.from_url(found.redis_url) as client,
        _lines(rejects) as file,
    ):
        for table, column in source.missing:
            click.echo(f"{table.name} has no column {column}: its events go without", err=True)
        counts = source.counts()
        tally = _publish(source, client, sum(counts.values()), file)
    _show(counts, tally)
    tally.check(counts)
    if rows := tally.rejected.total():
        raise RowsRejected(rows=f"{rows:,}", file=f" and in {rejects}" if rejects else "")


def _publish(source: Source, client: "redis.Redis", rows: int, file: IO[bytes] | None) -> Tally:
    tally = Tally()
    with shown("importing", rows) as progress:
        for part, rejected in imported(source, client):
            tally.add(part)
            for one in rejected:
                click.echo(_told(one), err=True)
            if file:
                file.writelines(map(as_line, rejected))
            progress(tally.total())
    return tally


def _told(one: Rejected) -> str:
    where = f"{one.column} {briefly(one.value)}: " if one.column else ""
    return f"rejected {one.table} {one.id}: {where}{one.reason}"


def _show(counts: dict[str, int], tally: Tally) -> None:
    click.echo(f"{'table':22}{'rows':>12}{'published':>12}{'unchanged':>12}{'rejected':>12}")
    for name, rows in counts.items():
        numbers = (rows, tally.published[name], tally.unchanged[name], tally.rejected[name])
        click.echo(f"{name:22}" + "".join(f"{number:>12,}" for number in numbers))


@contextmanager
def _lines(path: Path | None) -> Iterator[IO[bytes] | None]:
    """The file, which only its owner may read: rows may hold what is personal."""
    if path is None:
        yield None
        return
    try:
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise RejectsUnwritable(path=path, reason=error.strerror) from error
    with os.fdopen(descriptor, "wb") as file:
        yield file
