"""kill -9 of anything at random moments under load: when all is folded and archived, nothing is lost or doubled."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from tests.faults.archived import faults, settle_archive
from tests.faults.cleanness import clean, settle
from tests.faults.publisher import Publisher
from tests.faults.servers import Killable
from tests.service import ServiceProcess, service_process

SERVICE_KILLS, REDIS_KILLS, POSTGRES_KILLS = 8, 24, 18
"""Fifty; a start of the service takes longest."""
LONGEST_RUN = 1.0
"""Seconds from one start to the next kill, at most."""
SETTINGS = {
    # Streams are cut, merged and trimmed all the time, so that kills come in the middle of that, too.
    "ARCHIVE_SEGMENT_ROWS": "500",
    "ARCHIVE_SEGMENT_SECONDS": "1",
    "ARCHIVE_GRACE_SECONDS": "0.5",
    "STREAM_TAIL_SECONDS": "0.5",
}


class Victim(Protocol):
    """What can be killed and started again."""

    def kill(self) -> None:
        """End it as a power cut would."""

    def start(self) -> None:
        """Start it on the same data."""


@pytest.fixture
def service(servers: tuple[Killable, Killable], tmp_path: Path) -> Iterator[ServiceProcess]:
    """A running service on them."""
    redis, postgres = servers
    with service_process(redis.url, postgres.url, tmp_path) as started:
        started.environment |= SETTINGS
        started.start()
        started.url()
        yield started


def test_fifty_kills_lose_and_double_nothing(
    service: ServiceProcess, servers: tuple[Killable, Killable], seed: int
) -> None:
    """Service, Redis and Postgres die fifty times under 2,000 events/s; the service needs no help but its own start.

    Every acknowledged event is in the archive, once, and every table is what its definition makes of them.
    """
    redis, postgres = servers
    chance = random.Random(seed)
    rounds: list[Victim] = [*[service] * SERVICE_KILLS, *[redis] * REDIS_KILLS, *[postgres] * POSTGRES_KILLS]
    chance.shuffle(rounds)
    publisher = Publisher(redis.url, seed)
    interrupted = 0
    with publisher.publishing(), told(publisher):
        for victim in rounds:
            time.sleep(chance.uniform(0, LONGEST_RUN))
            interrupted += any(status["lag_events"] for status in service.statuses())
            victim.kill()
            # They start with what the load has left them, and not under it: that would only make the run longer, and
            # the more so the slower the machine is.
            with publisher.pausing():
                victim.start()
                service.url()
    assert interrupted, "no kill came in the middle of anything"
    assert publisher.repeated, "no kill of Redis came in the middle of anything"
    settle(service)
    settle_archive(service)

    assert clean(service) == []
    assert faults(service.data_dir, publisher) == []


@contextmanager
def told(publisher: Publisher) -> Iterator[None]:
    """Print what was published, and how fast."""
    began = time.monotonic()
    yield
    seconds = time.monotonic() - began
    print(f"{publisher.count:,} events in {seconds:.0f} s, {publisher.repeated:,} of them told again")
