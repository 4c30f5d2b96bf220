"""`readmodel erase-user`: all that was ever published of a user, gone for good, with or without the running service."""

import asyncio
import os
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import click
import orjson

from readmodel.cli.addresses import complete, service_url
from readmodel.cli.asking import ask_lines
from readmodel.cli.background import in_background
from readmodel.cli.operating import without_service
from readmodel.cli.steps import steps_shown
from readmodel.settings import Settings

PATH = "/api/v1/ops/erase-user"

Shown = dict[str, Any]


@click.command("erase-user")
@click.argument("user", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="The record as one JSON object, for scripts; needs --yes.")
def erase_user(user: str, yes: bool, as_json: bool) -> None:
    """Erase a user everywhere: tables, archive, streams, dead letters, older builds. There is no way back.

    Interrupted, it is finished by being repeated. It prints what was removed from where; the record is kept in
    Postgres and beside the archive, with a digest in place of ID.
    """
    if as_json and not yes:
        raise click.UsageError("--json needs --yes: there is nobody to ask.")
    if not yes:
        click.confirm(f"Erase all that was ever published of {user}, for good?", abort=True)
    record = _erased(user)
    if as_json:
        click.echo(orjson.dumps(record, option=orjson.OPT_INDENT_2))
    else:
        _print(record)


def _erased(user: str) -> Shown:
    settings, by = Settings.load(), os.environ.get("USER") or f"uid {os.getuid()}"
    with steps_shown() as show:
        if url := service_url(settings):
            found = [outcome for step in ask_lines(settings, url, PATH, user=user, by=by) for outcome in show(step)]
        else:
            with complete(settings) as completed:
                found = asyncio.run(_directly(completed, user, by, show))
    (record,) = found
    return record


async def _directly(settings: Settings, user: str, by: str, show: Callable[[Shown], list[Shown]]) -> list[Shown]:
    async with (
        without_service(settings) as operating,
        in_background(operating.archiver.run()),
        aclosing(operating.erasing.erase(user, by)) as steps,
    ):
        return [outcome async for step in steps for outcome in show(step)]


def _print(record: Shown) -> None:
    removed = dict(record["removed"])
    builds, letters = removed.pop("builds"), removed.pop("dead_letters")
    for stream, found in removed.items():
        entries = sum(found["archive"].values())
        if entries or found["stream"] or found["notes"]:
            click.echo(
                f"{stream}: {entries:,} entries from {len(found['archive'])} segments of the archive,"
                f" {found['stream']:,} from the stream, {found['notes']:,} notes of imports"
            )
        if found["named_in_others"]:
            click.echo(f"{stream}: {found['named_in_others']:,} events of others name the id, and were left")
    for store, count in letters.items():
        click.echo(f"{store}: {count:,} dead letters")
    click.echo(f"builds dropped: {', '.join(builds) or 'none'}")
    click.echo(f"the record is kept as {record['subject_sha256']}, begun at {record['began_at']}")
