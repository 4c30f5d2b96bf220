"""Servers of a test's own, which it may kill: the same port and the same data afterwards, as after a power cut."""

import os
import random
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from readmodel import datadir
from readmodel.embedded.postgres import Postgres
from readmodel.embedded.process import is_dead, is_free, wait_until
from readmodel.embedded.server import Server
from readmodel.embedded.valkey import Valkey

PORTS = range(15_000, 30_000)
"""Below those that the system gives to clients, one of which could take a dead server's port."""


class Killable:
    """A server as the product starts it, killed and started again at will."""

    def __init__(self, server: Server) -> None:
        self._server = server
        port = next(port for port in random.sample(PORTS, 100) if is_free(port))
        datadir.write_private(server.port_file, str(port))
        self.url = ""

    @property
    def name(self) -> str:
        """Which it is."""
        return self._server.name

    def start(self) -> None:
        """Start it and wait until it answers; where it answered before, if it ever did."""
        self._server.begin()
        self._server.await_ready()
        url = self._server.url
        assert self.url in ("", url), "the server has moved to another port"
        self.url = url

    def kill(self) -> None:
        """kill -9 of it and of every process that it has made."""
        main = self._server.process
        assert main
        killed = [main, *main.children(recursive=True)]
        for process in killed:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        main.wait(30)
        # Whether somebody has collected the others is not waited for: a container's first process may take seconds.
        assert wait_until(lambda: all(map(is_dead, killed)), 30), f"{self.name} outlived kill -9"


class RealRedis(Valkey):
    """The machine's own Redis, with the configuration that the product gives to its Valkey."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir)
        self.program = Path(shutil.which("redis-server") or self.program)


@contextmanager
def killable_servers(data_dir: Path) -> Iterator[tuple[Killable, Killable]]:
    """A Redis and a Postgres that run and do not outlive the block.

    Those of REDIS_URL and DATABASE_URL are somebody else's, and never killed. But where REDIS_URL asks for a real one,
    the machine's own program is used, if there is one.
    """
    wanted = RealRedis if os.environ.get("REDIS_URL") else Valkey
    redis, postgres = Killable(wanted(data_dir)), Killable(Postgres(data_dir))
    started: list[Killable] = []
    try:
        for server in (redis, postgres):
            server.start()
            started.append(server)
        yield redis, postgres
    finally:
        for server in started:
            server.kill()
