"""What fault tests share: a seed that replays a run, and servers that may be killed."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.servers import Killable, killable_servers


@pytest.fixture
def seed() -> int:
    """Printed when the test fails; KILL_SEED replays it."""
    found = int(os.environ.get("KILL_SEED") or random.SystemRandom().randrange(2**32))
    print(f"KILL_SEED={found}")
    return found


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[Killable, Killable]]:
    """A Redis and a Postgres to kill."""
    for folder in (tmp_path.parent, tmp_path):
        folder.chmod(0o711)  # Postgres runs as another user
    with killable_servers(tmp_path / "servers") as started:
        yield started
