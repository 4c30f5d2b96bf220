"""`readmodel token USER`: a bearer token for development."""

import click

from gateway.auth import make_token
from readmodel.settings import Settings


@click.command()
@click.argument("user")
@click.option("--role", default="user", show_default=True, help="user or admin.")
@click.option("--hours", default=24.0, show_default=True, help="How long it holds.")
def token(user: str, role: str, hours: float) -> None:
    """Print an access token for USER, signed with this service's key."""
    keys = Settings.load().with_secrets().signing_keys()
    click.echo(make_token(keys, user, role=role, seconds=int(hours * 3600)))
