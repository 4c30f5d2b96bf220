"""The commands, one module each."""

import logging
import sys

import click

from readmodel.cli.addresses import env
from readmodel.cli.demo import demo
from readmodel.cli.erase import erase_user
from readmodel.cli.gaps import accept_gap
from readmodel.cli.imports import import_
from readmodel.cli.inspecting import audit, explain
from readmodel.cli.letters import dead_letters
from readmodel.cli.new import new
from readmodel.cli.publish import publish
from readmodel.cli.rebuild import rebuild, rollback, swap
from readmodel.cli.serve import migrate, serve
from readmodel.cli.status import status
from readmodel.cli.token import token
from readmodel.cli.verify import verify
from readmodel.errors import ReadModelError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="readmodel")
def commands() -> None:
    """The read side of CartSnitch: projections of the event log, and the API that serves them."""


SERVING, LOOKING = (serve, demo, migrate, token, env, new), (status, audit, explain, verify)
CHANGING = (rebuild, swap, rollback, dead_letters, accept_gap, erase_user, publish, import_)

for command in (*SERVING, *LOOKING, *CHANGING):
    commands.add_command(command)


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
