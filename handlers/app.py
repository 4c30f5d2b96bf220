"""The consuming side put together: a broker with a subscriber per stream, started where the cursors stand."""

import importlib
import logging
import pkgutil
from collections.abc import Mapping
from typing import Any

from faststream.redis import RedisBroker
from faststream.redis.subscriber.usecases.stream_subscriber import StreamBatchSubscriber
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

import handlers
from readmodel.engine.feed import Feed
from readmodel.events.position import format_position

SILENCE = 5.0
"""Seconds without an answer after which a connection is given up; a read waits one second for entries at most."""

log = logging.getLogger(__name__)


class Consumer:
    """The stream subscribers of this process."""

    def __init__(self, redis_url: str, feed: Feed) -> None:
        # The framework's own logger reports every batch; ours reports what an operator can act on.
        quiet: Any = None
        self._broker = RedisBroker(
            redis_url,
            apply_types=False,
            logger=quiet,
            graceful_timeout=10,
            socket_timeout=SILENCE,
            socket_connect_timeout=SILENCE,
            retry=_through_a_restart(),
        )
        for module in sorted(module.name for module in pkgutil.iter_modules(handlers.__path__)):
            subscribe = getattr(importlib.import_module(f"handlers.{module}"), "subscribe", None)
            if subscribe is not None:
                subscribe(self._broker, feed)

    async def start(self, positions: Mapping[str, int]) -> None:
        """Read every stream from after its position; one without a position is read by no projection."""
        for subscriber in self._streams():
            position = positions.get(subscriber.stream_sub.name)
            subscriber.last_id = "$" if position is None else format_position(position)
        await self._broker.start()

    async def stop(self) -> None:
        """Read no more; the batch in hand is handed over first."""
        await self._broker.stop()

    def health(self) -> dict[str, bool]:
        """Whether each stream is being read."""
        return {subscriber.stream_sub.name: _is_reading(subscriber) for subscriber in self._streams()}

    @property
    def broker(self) -> RedisBroker:
        """For the AsyncAPI document."""
        return self._broker

    def _streams(self) -> list[StreamBatchSubscriber]:
        return [found for found in self._broker.subscribers if isinstance(found, StreamBatchSubscriber)]


def _is_reading(subscriber: Any) -> bool:
    return bool(subscriber.running and subscriber.tasks and not any(task.done() for task in subscriber.tasks))


def _through_a_restart() -> Retry:
    """For some three seconds: after an error that it sees, the framework pauses for five. Silence has lasted enough."""
    return Retry(ExponentialWithJitterBackoff(cap=0.5, base=0.05), 4, supported_errors=(RedisConnectionError,))
