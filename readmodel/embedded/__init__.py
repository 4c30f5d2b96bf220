"""Valkey and Postgres from wheels under the data directory, where REDIS_URL or DATABASE_URL is not set."""

import json
import logging
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from readmodel import datadir
from readmodel.embedded.postgres import Postgres
from readmodel.embedded.process import accepts
from readmodel.embedded.server import Server
from readmodel.embedded.valkey import Valkey
from readmodel.errors import DataDirUnusable
from readmodel.settings import Settings

STATE_FILE: Final = "servers.json"
ENDS: Final = (signal.SIGTERM, signal.SIGHUP)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Servers:
    """Where the service's Redis and Postgres are; the URLs hold passwords."""

    redis_url: str = field(repr=False)
    database_url: str = field(repr=False)


@contextmanager
def servers(settings: Settings) -> Iterator[Servers]:
    """Hold the data directory and yield both URLs; for one that is not set, a server is started or adopted.

    Servers of ours are stopped on the way out and keep their data. Raises `DataDirLocked`, `DataDirUnusable`,
    `EmbeddedServerMissing` or `EmbeddedServerFailed`.
    """
    with _signals_as_exit(), datadir.locked(settings.data_dir) as folder:
        valkey = None if settings.redis_url else Valkey(folder)
        postgres = None if settings.database_url else Postgres(folder)
        with _running([server for server in (valkey, postgres) if server]):
            addresses = Servers(
                redis_url=valkey.url if valkey else settings.redis_url or "",
                database_url=postgres.url if postgres else settings.database_url or "",
            )
            with _published(addresses, folder / STATE_FILE):
                yield addresses


def running(data_dir: Path) -> Servers | None:
    """The servers of the service on `data_dir`, or None where they do not run (any more).

    Raises `DataDirUnusable` where only another user may know.
    """
    try:
        text = (data_dir.expanduser() / STATE_FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise DataDirUnusable(path=data_dir, reason="it belongs to another user") from error
    addresses = Servers(**json.loads(text))
    return addresses if all(map(_listens, (addresses.redis_url, addresses.database_url))) else None


@contextmanager
def _running(started: Sequence[Server]) -> Iterator[None]:
    """Both start, and later stop, at the same time."""
    try:
        for server in started:
            server.begin()
        for server in started:
            server.await_ready()
            log.warning("Running our own %s in %s (its URL is not set).", server.name, server.folder)
        yield
    finally:
        for server in started:
            server.ask_to_stop()
        for server in started:
            server.await_stop()


@contextmanager
def _published(addresses: Servers, path: Path) -> Iterator[None]:
    """For `readmodel env` and whoever else may read the owner's files, for as long as the servers run."""
    datadir.write_private(path, json.dumps(asdict(addresses), indent=2))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def _signals_as_exit() -> Iterator[None]:
    """Let SIGTERM, and the end of the terminal, unwind the stack, where nobody else handles them.

    Their default would end us at once and leave the servers running.
    """
    on_main = threading.current_thread() is threading.main_thread()
    unhandled = [number for number in ENDS if on_main and signal.getsignal(number) is signal.SIG_DFL]
    for number in unhandled:
        signal.signal(number, lambda received, _frame: sys.exit(128 + received))
    try:
        yield
    finally:
        for number in unhandled:
            signal.signal(number, signal.SIG_DFL)


def _listens(url: str) -> bool:
    """Only a server on this machine can be asked cheaply; another one is taken to run."""
    address = urlsplit(url)
    if address.hostname is None or address.port is None:
        return True
    return accepts(address.hostname, address.port)
