"""The service as an operator runs it: a process of its own, found through its data directory."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

READMODEL = Path(sys.executable).with_name("readmodel")
LONGEST_COMMAND = 240.0
"""Seconds; a command that takes longer hangs."""
SECRET = "a secret that only tests know, 32 bytes"


class ServiceProcess:
    """`readmodel serve` on given servers."""

    def __init__(self, redis_url: str, database_url: str, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.environment = os.environ | {
            "REDIS_URL": redis_url,
            "DATABASE_URL": database_url,
            "DATA_DIR": str(data_dir),
            "PORT": "0",
            "JWT_SECRET": SECRET,
            "SERVICE_KEY": SECRET,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it may take a while until it answers."""
        log = (self.data_dir / "service.log").open("ab")
        with log:
            self._process = subprocess.Popen([READMODEL, "serve"], env=self.environment, stderr=log)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        assert self._end(signal.SIGTERM) == 0, self.log()

    def pause(self) -> None:
        """Stop it in the middle of whatever it does, as a machine does that is suspended."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on as if no time had passed."""
        self._signal(signal.SIGCONT)

    def log(self) -> str:
        """What it has written so far."""
        return (self.data_dir / "service.log").read_text()

    def get(self, path: str, **headers: str) -> Any:
        """Ask it, and read the JSON."""
        request = urllib.request.Request(self.url() + path, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.loads(response.read())

    def text(self, path: str) -> str:
        """Ask it, and read the text."""
        return self.bytes(path).decode()

    def bytes(self, path: str, **headers: str) -> bytes:
        """Ask it, and read the body as it is."""
        request = urllib.request.Request(self.url() + path, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as response:
            body: bytes = response.read()
            return body

    def headers(self, path: str) -> Mapping[str, str]:
        """Ask it, and read the headers."""
        with urllib.request.urlopen(self.url() + path, timeout=30) as response:
            headers: Mapping[str, str] = response.headers
            return headers

    def url(self) -> str:
        """Where it answers, once it does."""
        announcement = self.data_dir / "service.json"

        def announced() -> bool:
            return announcement.exists() and json.loads(announcement.read_text())["pid"] == self._pid()

        wait_until(announced, lambda: f"the service did not start:\n{self.log()}")
        return str(json.loads(announcement.read_text())["url"])

    def statuses(self) -> list[dict[str, Any]]:
        """`readmodel status --json`, without starting another interpreter."""
        found: list[dict[str, Any]] = self.get("/api/v1/ops/projections", **{"X-Service-Key": SECRET})
        return found

    def wait_until_caught_up(self, seconds: float = 120) -> None:
        """Wait until no projection has anything left to fold."""

        def no_lag() -> bool:
            return not any(status["lag_events"] for status in self.statuses())

        wait_until(no_lag, lambda: f"not caught up: {self.statuses()}\n{self.log()[-2000:]}", seconds)

    def run(self, *arguments: str) -> str:
        """Run another `readmodel` command beside it: what it prints."""
        done = self.tried(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def tried(self, *arguments: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
        """Run another `readmodel` command, whatever comes of it."""
        command = [str(READMODEL), *arguments]
        return subprocess.run(
            command, env=self.environment, cwd=cwd, capture_output=True, text=True, check=False, timeout=LONGEST_COMMAND
        )

    def _signal(self, number: signal.Signals) -> None:
        assert self._process
        self._process.send_signal(number)

    def _end(self, how: signal.Signals) -> int:
        assert self._process
        self._signal(how)
        code = self._process.wait(60)
        self._process = None
        return code

    def _pid(self) -> int:
        assert self._process
        assert self._process.poll() is None, self.log()
        return self._process.pid


@contextmanager
def service_process(redis_url: str, database_url: str, data_dir: Path) -> Iterator[ServiceProcess]:
    """A service that does not outlive the block."""
    service = ServiceProcess(redis_url, database_url, data_dir)
    try:
        yield service
    finally:
        if service._process:
            service.kill()


def wait_until(condition: Callable[[], bool], complaint: Callable[[], str], seconds: float = 60) -> None:
    """Look again and again until the condition holds; fail when it takes longer than it ever should."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, complaint()
        time.sleep(0.02)
