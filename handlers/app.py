"""The consuming side put together: a broker with a subscriber per stream, started where the cursors stand."""

import importlib
import logging
import pkgutil
from collections.abc import Mapping
from typing import Any

from faststream.redis import RedisBroker
from faststream.redis.subscriber.usecases.stream_subscriber import StreamBatchSubscriber

import handlers
from handlers.patience import SILENCE, Patience
from readmodel.engine.folding.feed import Feed
from readmodel.events.position import format_position

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
            retry=Patience(),
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
    # Of the tasks it keeps those that ended as well; the last one is at work.
    return bool(subscriber.running and subscriber.tasks and not subscriber.tasks[-1].done())
