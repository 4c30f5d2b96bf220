"""From pub/sub to the streams, for today's services, which only PUBLISH.

What is heard on a channel is appended to the stream of the same name, with an id made from channel and bytes, so that
hearing a message twice is the same event twice. One process at a time listens, by lease.
"""

import asyncio
import hashlib
import logging
from typing import Any

import orjson
import redis.asyncio
import redis.exceptions
from redis.asyncio.client import PubSub

from readmodel.engine.folding.lease import Leases
from readmodel.engine.log.streams import CONNECTION_ERRORS
from readmodel.events.event import streams
from readmodel.stores.store import StoreUnavailable

LEASE = "bridge"
QUIET = 5.0
"""Seconds without a message after which the connection must show that it lives, in as many again."""
RETRY_AFTER = 1.0
"""Seconds to wait after an outage; what is published meanwhile is lost, as it always was with pub/sub."""

log = logging.getLogger(__name__)


class Bridge:
    """Listens on the channels named like the streams."""

    def __init__(self, client: "redis.asyncio.Redis", leases: Leases) -> None:
        self._client = client
        self._leases = leases
        self._listening: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Listen for ever, whenever the lease is ours."""
        while True:
            try:
                await self._leases.hold(LEASE, self._lose)
                self._listening = asyncio.create_task(self._listen())
                await self._listening
            except asyncio.CancelledError:
                if (task := asyncio.current_task()) and task.cancelling():
                    raise
                log.warning("the pub/sub bridge lost its lease")
            except (*CONNECTION_ERRORS, StoreUnavailable) as error:
                log.warning("the pub/sub bridge is interrupted: %s", error)
                await asyncio.sleep(RETRY_AFTER)

    async def _listen(self) -> None:
        async with self._client.pubsub() as channels:
            await channels.subscribe(*streams())
            while True:
                message = await _next(channels)
                if message["type"] == "message":
                    await self._append(message["channel"].decode(), message["data"])

    async def _append(self, channel: str, data: bytes) -> None:
        # Nobody sends it again, so what was heard is kept until the stream takes it.
        while True:
            try:
                await self._client.xadd(channel, {"data": with_id(channel, data)})
            except CONNECTION_ERRORS as error:
                log.warning("%s does not take what was published on its channel: %s", channel, error)
                await asyncio.sleep(RETRY_AFTER)
            else:
                return

    def _lose(self) -> None:
        if self._listening:
            self._listening.cancel()


async def _next(channels: PubSub) -> Any:
    """What is heard next. A connection that died without a word is quiet as well, so after a while it is asked."""
    message = await channels.get_message(timeout=QUIET)
    if message is None:
        await channels.ping()
        message = await channels.get_message(timeout=QUIET)
    if message is None:
        raise redis.exceptions.TimeoutError("the connection that listens is lost")
    return message


def with_id(channel: str, data: bytes) -> bytes:
    """The message with an id, if it is an event without one; anything else goes on as it came."""
    try:
        document: Any = orjson.loads(data)
    except orjson.JSONDecodeError:
        return data
    if not isinstance(document, dict):
        return data
    name = "event_id" if "event_type" in document else "id"
    if document.get(name):
        return data
    digest = hashlib.sha256(channel.encode() + b"\0" + data).hexdigest()[:32]
    return orjson.dumps({**document, name: digest})
