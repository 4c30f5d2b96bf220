"""A disk without room: DuckDB's projections wait and say why, the others go on, and room is all that is needed."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from readmodel.stores.duckdb import ROOM
from tests.faults.cleanness import clean, settle
from tests.faults.publisher import Publisher
from tests.service import ServiceProcess, service_process, wait_until

SIZE = 2 * ROOM
PER_SECOND = 500
CHUNK = bytes(2**20)


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


def fill(path: Path, leave: int = 0) -> None:
    """Take all the room there is, or nearly."""
    with path.open("ab", buffering=0) as file, suppress(OSError):
        while shutil.disk_usage(path.parent).free > leave:
            file.write(CHUNK)


def errors(service: ServiceProcess, store: str) -> set[tuple[str, str]]:
    """States and errors of the projections in a store."""
    return {(s["state"], s["last_error"] or "") for s in service.statuses() if s["store"] == store}


def test_room_is_all_that_is_needed(service: ServiceProcess, disk: Path, redis_db: str, seed: int) -> None:
    """Folding into DuckDB stops with the reason in `status`, and goes on by itself; a kill later finds all intact."""
    ballast = disk / "ballast"

    def all_wait() -> bool:
        found = errors(service, "duckdb")
        return all(state == "retrying" and "make room" in error for state, error in found)

    with Publisher(redis_db, seed, PER_SECOND).publishing():
        # First so far that folds stop, and only then to the last byte: none is to be in the middle of its commit then.
        fill(ballast, leave=ROOM * 3 // 4)
        wait_until(all_wait, lambda: f"{service.statuses()}")
        fill(ballast)
        wait_until(lambda: "has 0 MiB free" in f"{errors(service, 'duckdb')}", lambda: f"{service.statuses()}")
        assert {state for state, _ in errors(service, "postgres")} == {"live"}
        ballast.unlink()
        wait_until(lambda: {state for state, _ in errors(service, "duckdb")} == {"live"}, service.log)
    settle(service)
    service.kill()
    service.start()
    settle(service)

    assert clean(service) == []
