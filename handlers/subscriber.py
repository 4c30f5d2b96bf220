"""How FastStream is made to read a stream for us: in batches, as raw entries, with nothing that could fail.

An own parser keeps the framework from decoding: what it cannot decode would never reach the handler, and what raises
in the parser is lost with its whole batch. Groups are not used either, because the stored cursor is the truth.
"""

from collections.abc import Callable
from functools import reduce
from operator import or_
from typing import Any

from faststream.redis import RedisBroker, StreamSub
from faststream.redis.message import RedisBatchStreamMessage

from readmodel.engine.folding.feed import Feed
from readmodel.events.event import contracts, stream_of

MOST_ENTRIES = 4_000
"""Per read."""
POLL_MILLISECONDS = 1_000

Subscribe = Callable[[RedisBroker, Feed], None]


def subscriber(stream: str, description: str | None) -> Subscribe:
    """What hands every entry of a stream to the feed."""

    def subscribe(broker: RedisBroker, feed: Feed) -> None:
        async def receive(events: Any) -> None:
            await feed.accept(stream, events)

        # Only the AsyncAPI document looks at the annotation: what comes in are raw entries, decoded in the feed.
        receive.__annotations__["events"] = list[reduce(or_, _models(stream))]  # type: ignore[misc]
        # Where reading begins is set before the broker starts.
        source = StreamSub(
            stream, batch=True, last_id="0", max_records=MOST_ENTRIES, polling_interval=POLL_MILLISECONDS
        )
        broker.subscriber(stream=source, parser=_parse, decoder=_decode, title=stream, description=description)(receive)

    return subscribe


def _models(stream: str) -> list[Any]:
    return [model for event_type, model in contracts().items() if stream_of(event_type) == stream]


async def _parse(message: Any) -> RedisBatchStreamMessage:
    nobody: Any = None  # there is no group to acknowledge to
    return RedisBatchStreamMessage(raw_message=message, body=b"", consumer=nobody, group=nobody)


async def _decode(message: RedisBatchStreamMessage) -> list[tuple[bytes, dict[bytes, bytes]]]:
    raw: Any = message.raw_message
    return list(zip(raw["message_ids"], raw["data"], strict=True))
