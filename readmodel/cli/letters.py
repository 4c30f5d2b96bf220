"""`readmodel dead-letters`: what could not be taken. Asks the running service; where none runs, acts on the stores."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import click
import orjson

from readmodel.cli.addresses import complete, service_url
from readmodel.cli.asking import ask
from readmodel.cli.operating import without_service
from readmodel.engine.folding.letters import DISCARDED, OPEN, SHOWN, Letters, Selection, name_of, only
from readmodel.events.position import format_position, parse_position
from readmodel.settings import Settings

PATH = "/api/v1/ops/dead-letters"

Shown = dict[str, Any]
Work = Callable[[Letters], Awaitable[Shown]]
F = TypeVar("F", bound=Callable[..., Any])


@click.group()
def dead_letters() -> None:
    """Events that could not be taken: see them, fold them after all, or give them up.

    PROJECTION is a name, or name@store. POSITION is an entry id, or stream=id, as `list` prints them.
    """


def selecting(command: F) -> F:
    """The ways to say which letters are meant."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="One JSON object, for scripts."),
        click.option("--error", metavar="TEXT", help="Only those whose error contains TEXT."),
        click.option("--type", "event_type", metavar="TYPE", help="Only events of this type."),
        click.argument("position", required=False),
        click.argument("projection", required=False),
    ):
        command = option(command)
    return command


@dead_letters.command("list")
@selecting
@click.option("--state", type=click.Choice(["open", "discarded", "all"]), default="open", show_default=True)
@click.option("--limit", type=click.IntRange(1, 1_000), default=SHOWN, show_default=True)
def list_(as_json: bool, state: str, limit: int, **chosen: str | None) -> None:
    """List them, with what was wrong."""
    found = _listed(_selection(**chosen, state=None if state == "all" else state), limit)
    if as_json:
        _print_json(found)
        return
    _print_letters(found["letters"])
    rest = found["total"] - len(found["letters"])
    click.echo(f"{found['total']} dead letters" + (f", {rest} of them not shown (--limit)" if rest else ""))


@dead_letters.command()
@click.argument("projection")
@click.argument("position")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for scripts.")
def show(projection: str, position: str, as_json: bool) -> None:
    """Print one whole: its event, what was wrong, since when."""
    selection = _selection(projection, position, None, None, None)
    found = _whole(selection)
    if as_json:
        _print_json(found)
        return
    event, text = found.pop("event"), found.pop("text")
    for name, value in found.items():
        if value is not None:
            click.echo(f"{name + ':':14} {value}")
    click.echo(orjson.dumps(event, option=orjson.OPT_INDENT_2).decode() if text is None else repr(text)[1:-1])


@dead_letters.command()
@selecting
@click.option("--all", "all_", is_flag=True, help="All that are open.")
def retry(as_json: bool, all_: bool, **chosen: str | None) -> None:
    """Fold them after all, once what was wrong has been put right. Exits with 1 when one is refused again."""
    selection = _decided(all_, **chosen)
    asked = _parameters(selection) | {"all": "true"}
    done = _done("POST", f"{PATH}/retry", asked, lambda letters: letters.retry(selection))
    if as_json:
        _print_json(done)
    else:
        _print_letters(done["letters"])
        click.echo(f"{done['retried']} folded, {done['refused']} refused again")
    if done["refused"]:
        sys.exit(1)


@dead_letters.command()
@selecting
@click.option("--all", "all_", is_flag=True, help="All that are open.")
@click.option("--reason", metavar="TEXT", help="Kept with them.")
def discard(as_json: bool, all_: bool, reason: str | None, **chosen: str | None) -> None:
    """Give them up. They are kept, out of the way: `list --state discarded`, and `retry` with their position."""
    selection, by = _decided(all_, **chosen), _me()
    asked = _parameters(selection) | {"all": "true", "by": by, "reason": reason}
    done = _done("POST", f"{PATH}/discard", asked, lambda letters: letters.discard(selection, by, reason))
    if as_json:
        _print_json(done)
    else:
        click.echo(f"{done['discarded']} discarded")


def _selection(
    projection: str | None, position: str | None, event_type: str | None, error: str | None, state: str | None
) -> Selection:
    stream, equals, entry_id = (position or "").rpartition("=")
    at = parse_position(entry_id) if position else None
    return Selection(projection, stream if equals else None, at, event_type, error, state)


def _decided(all_: bool, **chosen: str | None) -> Selection:
    if not all_ and not any(chosen.values()):
        raise click.UsageError("Say which: PROJECTION, PROJECTION POSITION, --type, --error or --all.")
    # What is named by its position may have been discarded; the rest of them are left in peace.
    return _selection(**chosen, state=None if chosen["position"] else OPEN)


def _listed(selection: Selection, limit: int) -> Shown:
    asked = _parameters(selection) | {"state": selection.state or "all", "limit": limit}
    return _done("GET", PATH, asked, lambda letters: letters.listed(selection, limit))


def _whole(selection: Selection) -> Shown:
    settings = Settings.load()
    if not (url := service_url(settings)):
        return _directly(settings, lambda letters: letters.whole(selection))
    found = ask(settings, url, "GET", PATH, state="all", **_parameters(selection))
    letter = only(found["letters"], selection)
    address = "/".join(letter[part] for part in ("projection", "store", "stream", "position"))
    whole: Shown = ask(settings, url, "GET", f"{PATH}/{address}")
    return whole


def _done(method: str, path: str, asked: Shown, directly: Work) -> Shown:
    """Ask the running service; where none runs, do it here."""
    settings = Settings.load()
    if not (url := service_url(settings)):
        return _directly(settings, directly)
    answer: Shown = ask(settings, url, method, path, **asked)
    return answer


def _parameters(selection: Selection) -> Shown:
    return {
        "projection": selection.projection,
        "stream": selection.stream,
        "position": None if selection.position is None else format_position(selection.position),
        "type": selection.event_type,
        "error": selection.error,
    }


def _directly(settings: Settings, work: Work) -> Shown:
    with complete(settings) as completed:
        return asyncio.run(_without_service(completed, work))


async def _without_service(settings: Settings, work: Work) -> Shown:
    async with without_service(settings) as operating:
        return await work(operating.letters)


def _print_letters(letters: Sequence[Shown]) -> None:
    """Two lines each: what `show`, `retry` and `discard` take, and what was wrong."""
    for letter in letters:
        discarded = ", discarded" if letter["state"] == DISCARDED else ""
        click.echo(f"{name_of(letter)}  {letter['event_type'] or 'unreadable'}{discarded}")
        click.echo(f"    {letter['error']}")


def _print_json(found: Shown) -> None:
    click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))


def _me() -> str:
    return os.environ.get("USER") or f"uid {os.getuid()}"
