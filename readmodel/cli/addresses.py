"""Where things are: the servers of the running service, and the service itself."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import orjson

from readmodel import datadir
from readmodel.embedded import Servers, running, servers
from readmodel.errors import ReadModelError
from readmodel.settings import Settings

SERVICE_FILE = "service.json"


class NothingRuns(ReadModelError):
    """Nothing runs on the data directory {path}; start it with `readmodel serve`, or set REDIS_URL and DATABASE_URL."""


@contextmanager
def complete(settings: Settings) -> Iterator[Settings]:
    """The settings with every secret and both URLs, for as long as the servers that we start ourselves run."""
    with_secrets = settings.with_secrets()
    with servers(settings) as found:
        yield with_secrets.model_copy(update={"redis_url": found.redis_url, "database_url": found.database_url})


@contextmanager
def reachable(settings: Settings) -> Iterator[Servers]:
    """The servers of the running service; where none runs, its own are started for as long as this takes."""
    if settings.redis_url and settings.database_url:
        yield Servers(redis_url=settings.redis_url, database_url=settings.database_url)
    elif found := running(settings.data_dir):
        yield found
    else:
        with servers(settings) as started:
            yield started


@contextmanager
def announced(settings: Settings, url: str) -> Iterator[None]:
    """Let the operators' commands find the service through its data directory."""
    path = settings.data_dir.expanduser() / SERVICE_FILE
    datadir.write_private(path, orjson.dumps({"url": url, "pid": os.getpid()}).decode())
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def service_url(settings: Settings) -> str | None:
    """Where the service answers: READMODEL_URL, or what the one on our data directory announced, if it still runs."""
    if url := os.environ.get("READMODEL_URL"):
        return url.rstrip("/")
    path = settings.data_dir.expanduser() / SERVICE_FILE
    if not path.exists():
        return None
    announcement = orjson.loads(path.read_bytes())
    return str(announcement["url"]) if Path(f"/proc/{announcement['pid']}").exists() else None


@click.command()
def env() -> None:
    """Print the addresses of the running service for a shell: eval "$(readmodel env)"."""
    settings = Settings.load()
    found = running(settings.data_dir)
    redis_url = settings.redis_url or (found and found.redis_url)
    database_url = settings.database_url or (found and found.database_url)
    if not redis_url or not database_url:
        raise NothingRuns(path=settings.data_dir)
    click.echo(f"export REDIS_URL='{redis_url}'\nexport DATABASE_URL='{database_url}'")
    if url := service_url(settings):
        click.echo(f"export READMODEL_URL='{url}'")
