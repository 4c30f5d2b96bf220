"""Appending events to the streams."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from itertools import islice

import redis.asyncio

from readmodel.events.cloudevent import CloudEvent

AT_ONCE = 1_000
"""Events per round trip."""


async def publish(client: "redis.asyncio.Redis", events: Iterable[CloudEvent]) -> AsyncIterator[int]:
    """Append events in order, and say after each round trip how many have been appended in all."""
    waiting, done = iter(events), 0
    # In a thread, because making events may be work.
    while part := await asyncio.to_thread(
        lambda: [(event.stream, event.to_json()) for event in islice(waiting, AT_ONCE)]
    ):
        async with client.pipeline(transaction=False) as pipeline:
            for stream, event in part:
                pipeline.xadd(stream, {"data": event})
            await pipeline.execute()
        done += len(part)
        yield done
