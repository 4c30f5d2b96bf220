"""The commands, one module each."""

import logging
import sys
from importlib import import_module

import click

from readmodel.errors import ReadModelError

COMMANDS = {
    "serve": "serve:serve",
    "demo": "demo:demo",
    "migrate": "serve:migrate",
    "token": "token:token",
    "env": "addresses:env",
    "new": "new:new",
    "status": "status:status",
    "audit": "inspecting:audit",
    "explain": "inspecting:explain",
    "rebuild": "rebuild:rebuild",
    "swap": "rebuild:swap",
    "rollback": "rebuild:rollback",
    "dead-letters": "letters:dead_letters",
    "accept-gap": "gaps:accept_gap",
    "publish": "publish:publish",
    "import": "imports:import_",
    "erase-user": "erase:erase_user",
    "verify": "verify:verify",
}
"""Where each of them is, in this package."""


class Commands(click.Group):
    """Imports only the command that is asked for: all of them together take longer than most take to answer."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """See click."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """See click."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"readmodel.cli.{module}"), attribute)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="readmodel")
def commands() -> None:
    """The read side of CartSnitch: projections of the event log, and the API that serves them."""


def main() -> None:
    """Run a command. Exit codes: 0 done, 1 failed, 2 usage, 3 the audit found a difference."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)-7s %(message)s")
    try:
        commands.main(standalone_mode=False)
    except ReadModelError as error:
        click.secho(f"error: {error}", fg="red", err=True)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
