"""A service that publishes at a steady rate and repeats itself until it is answered, whatever happens to Redis."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from itertools import count, islice

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from readmodel.demo.market import Market

PER_SECOND = 2_000
AT_ONCE = 100
"""Events per round trip."""
Waiting = list[tuple[str, bytes]]
"""Streams and the events for them."""
Added = list[tuple[str, bytes]]
"""Entry ids and the bytes of the entries."""


class Publisher:
    """Appends events of every type from a thread of its own."""

    def __init__(self, url: str, seed: int, per_second: int = PER_SECOND) -> None:
        self.acknowledged: dict[str, Added] = defaultdict(list)
        self.repeated = 0
        self._client = redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_timeout=2)
        self._events = endless(seed)
        self._pause = AT_ONCE / per_second
        self._stopping = threading.Event()
        self._free = threading.Event()
        self._free.set()
        # A daemon, because where a test has failed to bring Redis back it tries for ever.
        self._thread = threading.Thread(target=self._publish, name="publisher", daemon=True)

    @property
    def count(self) -> int:
        """How many events have been acknowledged."""
        return sum(map(len, self.acknowledged.values()))

    @contextmanager
    def publishing(self) -> Iterator[None]:
        """Publish while the block runs; then everything that was begun is acknowledged."""
        self._thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            self._free.set()
            self._thread.join(60)
            self._client.close()
        assert not self._thread.is_alive(), "Redis never acknowledged the last events"

    @contextmanager
    def pausing(self) -> Iterator[None]:
        """Begin nothing new while the block runs."""
        self._free.clear()
        try:
            yield
        finally:
            self._free.set()

    def _publish(self) -> None:
        due = time.monotonic()
        while not self._stopping.is_set():
            self._free.wait()
            self._append(list(islice(self._events, AT_ONCE)))
            # After an outage it goes on at its rate; what it could not send meanwhile is sent later, not faster.
            due = max(due + self._pause, time.monotonic() - 1)
            self._stopping.wait(max(0.0, due - time.monotonic()))

    def _append(self, events: Waiting) -> None:
        """Repeat all of them, ids and all, until all are acknowledged: which of them had arrived is not known."""
        while True:
            with suppress(redis.RedisError):
                pipeline = self._client.pipeline(transaction=False)
                for stream, raw in events:
                    pipeline.xadd(stream, {"data": raw})
                for (stream, raw), entry_id in zip(events, pipeline.execute(), strict=True):
                    self.acknowledged[stream].append((entry_id.decode(), raw))
                return
            self.repeated += len(events)
            time.sleep(0.02)


def endless(seed: int) -> Iterator[tuple[str, bytes]]:
    """What happens in one market after the other, over the same shops and days."""
    for number in count(seed):
        for event in Market(number, date(2024, 1, 1), days=60, products=120).history():
            yield event.stream, event.to_json()
