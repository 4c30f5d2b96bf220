"""A disk without room: DuckDB's projections wait and say why, the others go on, and room is all that is needed."""

import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.cleanness import clean, settle
from tests.faults.publisher import Publisher
from tests.service import ServiceProcess, service_process, wait_until

SIZE = 128 * 2**20
PER_SECOND = 500
TIMES = 3
LONGEST_RUN = 1.5
"""Seconds with room, at most; so commits are at different points when there is none."""
CHUNK = bytes(2**16)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of the test's own."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder], check=False, capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def service(redis_db: str, database: str, disk: Path) -> Iterator[ServiceProcess]:
    """A running service whose DuckDB file is on the small disk."""
    with service_process(redis_db, database, disk) as started:
        started.start()
        started.url()
        yield started


def fill(path: Path) -> None:
    """Take all the room there is, to the last byte."""
    with path.open("ab", buffering=0) as file, suppress(OSError):
        while shutil.disk_usage(path.parent).free:
            file.write(CHUNK)


def states(service: ServiceProcess, store: str) -> set[str]:
    """How the projections in a store are."""
    return {status["state"] for status in service.statuses() if status["store"] == store}


def errors(service: ServiceProcess) -> str:
    """What is wrong with the projections in DuckDB."""
    return " ".join(status["last_error"] or "" for status in service.statuses() if status["store"] == "duckdb")


def test_room_is_all_that_is_needed(service: ServiceProcess, disk: Path, redis_db: str, seed: int) -> None:
    """Folding into DuckDB stops with the reason in `status`, and goes on by itself; a kill later finds all intact.

    It fills up in the middle of commits: the process must live through taking them back.
    """
    ballast, chance = disk / "ballast", random.Random(seed)
    with Publisher(redis_db, seed, PER_SECOND).publishing():
        for _ in range(TIMES):
            time.sleep(chance.uniform(0, LONGEST_RUN))
            fill(ballast)
            wait_until(lambda: "No space left on device" in errors(service), lambda: f"{service.statuses()}")
            assert states(service, "postgres") == {"live"}
            ballast.unlink()
            wait_until(lambda: states(service, "duckdb") == {"live"}, service.log)
    settle(service)
    service.kill()
    service.start()
    settle(service)

    assert clean(service) == []
