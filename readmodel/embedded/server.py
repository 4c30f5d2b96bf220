"""One server of ours: found again or launched, awaited, stopped."""

import logging
import os
import secrets
import signal
import subprocess
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Final

import psutil

from readmodel import datadir
from readmodel.embedded.account import Account
from readmodel.embedded.process import free_port, is_dead, is_free, wait_until
from readmodel.errors import EmbeddedServerFailed

# Replaying a long append-only file or write-ahead log takes minutes; a server that needs more is stuck.
START_SECONDS: Final = 300
STOP_SECONDS: Final = 30
LAUNCHES: Final = 3
log = logging.getLogger(__name__)


class Server(ABC):
    """A server that lives in a folder of the data directory, listens on loopback and asks for a password.

    TCP, because the path of a Unix socket ends at 107 bytes. A session of its own, because Ctrl-C in a
    terminal goes to the whole group and would take the server away before the service has drained.
    """

    name: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]

    def __init__(self, data_dir: Path) -> None:
        """Starts nothing and writes nothing but the password, which stays the same from then on."""
        self.folder = data_dir / self.name
        self.log_file = data_dir / f"{self.name}.log"
        self.port_file = data_dir / f"{self.name}.port"
        self.password = datadir.keep(
            datadir.prepare(data_dir / "secrets") / f"{self.name}_password", secrets.token_hex(32)
        )
        self.process: psutil.Process | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """Where clients find it, password included."""

    @abstractmethod
    def find(self) -> psutil.Process | None:
        """The process that serves the folder already, left behind by a service that was killed."""

    @abstractmethod
    def prepare(self) -> Account:
        """Make the folder ready for a launch; returns whom it is launched as."""

    @abstractmethod
    def command(self) -> list[str]:
        """The program and its arguments, which other users can read: no password."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether it answers clients."""

    @property
    def port(self) -> int:
        """The port of the last launch; remembered, so that a restart leaves everybody's URL as it was."""
        return int(self.port_file.read_text(encoding="ascii")) if self.port_file.exists() else 0

    def begin(self) -> None:
        """Adopt the server that runs, or launch one; does not wait for it."""
        self.process = self.find()
        if self.process is None:
            self._launch()
        else:
            log.warning("Adopted %s, left behind by an earlier run (pid %d).", self.name, self.process.pid)

    def await_ready(self) -> None:
        """Return when it answers. Raises `EmbeddedServerFailed` with the end of its log."""
        for _ in range(LAUNCHES):
            if wait_until(lambda: self._is_gone() or self.is_ready(), START_SECONDS) and not self._is_gone():
                return
            if not self._is_gone() or is_free(self.port):
                break
            self._launch()  # somebody took the port between our look and the server's
        raise EmbeddedServerFailed(server=self.name, path=self.folder, log=self.log_file, tail=self._tail())

    def ask_to_stop(self) -> None:
        """Send the signal for an orderly stop; does not wait for it."""
        self._signal(self.stop_signal)

    def await_stop(self) -> None:
        """Return when the process is gone; if too slow it is killed and recovers when next started."""
        if not wait_until(self._is_gone, STOP_SECONDS):
            log.error("%s did not stop within %d s: killing it.", self.name, STOP_SECONDS)
            self._signal(signal.SIGKILL)
            wait_until(self._is_gone, STOP_SECONDS)

    def _launch(self) -> None:
        port = self.port if self.port and is_free(self.port) else free_port()
        datadir.write_private(self.port_file, str(port))
        account = self.prepare()
        if self.log_file.exists():
            self.log_file.replace(self.log_file.with_suffix(".log.old"))
        with self.log_file.open("wb") as output:
            self.process = psutil.Popen(
                [*account.prefix, *self.command()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=clean_environment(),
                start_new_session=True,
                **account.identity(),
            )

    def _is_gone(self) -> bool:
        if isinstance(self.process, psutil.Popen):
            return self.process.poll() is not None
        return self.process is None or is_dead(self.process)

    def _signal(self, number: signal.Signals) -> None:
        if self.process is not None and not self._is_gone():
            self.process.send_signal(number)

    def _tail(self) -> str:
        return self.log_file.read_text(encoding="utf-8", errors="replace")[-600:].strip()


def clean_environment() -> dict[str, str]:
    """Our environment without what would configure the servers behind our back (PGDATA, PGPORT, a locale)."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}
