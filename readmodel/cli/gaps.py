"""`readmodel accept-gap`: go on without events that are lost. Asks the running service; else acts on the stores."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

import click
import orjson

from readmodel.cli.addresses import complete, service_url
from readmodel.cli.asking import ask
from readmodel.cli.operating import without_service
from readmodel.engine.log.losses import Losses
from readmodel.settings import Settings

PATH = "/api/v1/ops/gaps"

Shown = dict[str, Any]


@click.command("accept-gap")
@click.argument("stream")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--reason", metavar="TEXT", help="Kept with it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for scripts; needs --yes.")
def accept_gap(stream: str, yes: bool, reason: str | None, as_json: bool) -> None:
    """Go on without events of STREAM that are lost, having said which.

    What has stopped for them goes on by itself, in a few seconds. What is missing stays missing: where there is a
    backup of the stream or of the archive, restore it instead.
    """
    if as_json and not yes:
        raise click.UsageError("--json needs --yes: there is nobody to ask.")
    shown = _done("GET", stream, {}, lambda losses: losses.shown(stream))
    if not as_json:
        _print(shown)
    if not yes:
        click.confirm("Go on without them?", abort=True)
    by, after = os.environ.get("USER") or f"uid {os.getuid()}", shown["lost_after"]
    asked = {"lost_after": after, "by": by, "reason": reason}
    accepted = _done("POST", stream, asked, lambda losses: losses.accept(stream, after, by, reason))
    click.echo(orjson.dumps(accepted, option=orjson.OPT_INDENT_2) if as_json else "accepted")


def _print(shown: Shown) -> None:
    since = shown["from"] or "the beginning"
    click.echo(f"Lost of {shown['stream']}: everything after {shown['lost_after']} and up to {shown['lost_upto']}")
    click.echo(f"that is in neither stream nor archive; it was published between {since} and {shown['to']}.")
    if shown["passed_over"]:
        click.echo(f"{shown['passed_over']} entries in the stream lie in between; who stopped there passes over them.")
    for stopped in shown["stopped"]:
        click.echo(f"  {stopped['reader']} at {stopped['position']}: {stopped['reason']}")


def _done(method: str, stream: str, asked: Shown, directly: Callable[[Losses], Awaitable[Shown]]) -> Shown:
    settings = Settings.load()
    if url := service_url(settings):
        answer: Shown = ask(settings, url, method, f"{PATH}/{stream}", **asked)
        return answer
    with complete(settings) as completed:
        return asyncio.run(_without_service(completed, directly))


async def _without_service(settings: Settings, work: Callable[[Losses], Awaitable[Shown]]) -> Shown:
    async with without_service(settings) as operating:
        return await work(operating.losses)
