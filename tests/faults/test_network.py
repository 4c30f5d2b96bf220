"""A bad network between the service and both servers: nobody is asked for help, and nothing is lost."""

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.cleanness import clean, settle
from tests.faults.proxy import BOTH, Proxy, Way
from tests.faults.publisher import Publisher
from tests.service import ServiceProcess, service_process

BAD_FOR = 60.0
"""Seconds."""
PER_SECOND = 500
FAULTS: tuple[tuple[str, Callable[[Proxy], None]], ...] = (
    ("slow", lambda proxy: proxy.delay(0.3)),
    ("cut", Proxy.cut),
    ("deaf", lambda proxy: proxy.half_open(frozenset({Way.THERE}))),
    ("mute", lambda proxy: proxy.half_open(frozenset({Way.BACK}))),
    ("gone", lambda proxy: proxy.half_open(BOTH)),
)


@pytest.fixture
def proxies(redis_db: str, database: str) -> Iterator[tuple[Proxy, Proxy]]:
    """The ways to Redis and to Postgres."""
    with Proxy(redis_db).running() as to_redis, Proxy(database).running() as to_postgres:
        yield to_redis, to_postgres


@pytest.fixture
def service(proxies: tuple[Proxy, Proxy], tmp_path: Path) -> Iterator[ServiceProcess]:
    """A service that knows no other way."""
    to_redis, to_postgres = proxies
    with service_process(to_redis.url, to_postgres.url, tmp_path) as started:
        started.start()
        started.url()
        yield started


def test_a_minute_of_bad_network_loses_and_doubles_nothing(
    service: ServiceProcess, proxies: tuple[Proxy, Proxy], redis_db: str, seed: int
) -> None:
    """Delays, resets and connections that die without a word, to both servers: then it goes on by itself."""
    chance = random.Random(seed)
    with Publisher(redis_db, seed, PER_SECOND).publishing():
        until = time.monotonic() + BAD_FOR
        while time.monotonic() < until:
            for proxy in proxies:
                name, fault = chance.choice(FAULTS)
                fault(proxy)
                print(name, end=" ")
            time.sleep(chance.uniform(0.2, 4))
            for proxy in proxies:
                proxy.heal()
            time.sleep(chance.uniform(0.2, 6))
        for proxy in proxies:
            proxy.half_open(BOTH)
            proxy.heal()
    settle(service)

    assert clean(service) == []
