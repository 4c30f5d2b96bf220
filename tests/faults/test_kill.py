"""kill -9 of anything at random moments under load: when all is folded, every table equals its definition."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.cleanness import clean, settle
from tests.faults.publisher import Publisher
from tests.faults.servers import Killable
from tests.service import ServiceProcess, service_process

SERVICE, REDIS, POSTGRES = "service", "redis", "postgres"
ROUNDS = {SERVICE: 8, REDIS: 28, POSTGRES: 14}
"""Fifty; a start of the service takes longest."""
LONGEST_RUN = 1.0
"""Seconds from one start to the next kill, at most."""


@pytest.fixture
def service(servers: tuple[Killable, Killable], tmp_path: Path) -> Iterator[ServiceProcess]:
    """A running service on them."""
    redis, postgres = servers
    with service_process(redis.url, postgres.url, tmp_path) as started:
        started.start()
        started.url()
        yield started


def test_fifty_kills_lose_and_double_nothing(
    service: ServiceProcess, servers: tuple[Killable, Killable], seed: int
) -> None:
    """Service, Redis and Postgres die fifty times under 2,000 events/s; the service needs no help but its own start."""
    redis, postgres = servers
    chance = random.Random(seed)
    rounds = [victim for victim, times in ROUNDS.items() for _ in range(times)]
    chance.shuffle(rounds)
    publisher = Publisher(redis.url, seed)
    interrupted = 0
    with publisher.publishing(), told(publisher):
        for victim in rounds:
            time.sleep(chance.uniform(0, LONGEST_RUN))
            if victim == SERVICE:
                interrupted += any(status["lag_events"] for status in service.statuses())
                service.kill()
                service.start()
                service.url()
            else:
                server = redis if victim == REDIS else postgres
                server.kill()
                server.start()
    assert interrupted, "no kill of the service came in the middle of anything"
    assert publisher.repeated, "no kill of Redis came in the middle of anything"
    settle(service)
    assert publisher.lost() == {}
    # The archive, once there is one, is to hold every acknowledged entry exactly once: that is asked here.
    assert clean(service) == []


@contextmanager
def told(publisher: Publisher) -> Iterator[None]:
    """Print what was published, and how fast."""
    began = time.monotonic()
    yield
    seconds = time.monotonic() - began
    print(f"{publisher.count:,} events in {seconds:.0f} s, {publisher.repeated:,} of them told again")
