"""Forgetting what the first load has noted beside a stream about someone who was erased."""

from collections.abc import Sequence
from typing import Any

import redis.asyncio
import redis.exceptions

from readmodel.errors import ReadModelError
from readmodel.events.position import format_position
from readmodel.importers.cartsnitch import NOTES


class NotesUnavailable(ReadModelError):
    """What was imported is noted in Redis, which does not answer: {reason}"""


async def forget(client: "redis.asyncio.Redis", stream: str, subject: str, erased: Sequence[int]) -> int:
    """Delete the notes that name the subject: how many.

    They also name the last entry appended, by which the next import knows that the stream is the one they speak of;
    where that one is erased, the last entry of the stream takes its place.
    """
    notes = NOTES.format(stream=stream)
    try:
        rows = [row async for row, _ in client.hscan_iter(notes) if subject.encode() in row.split(b" ")]
        deleted = sum([int(await _answer(client.hdel(notes, row))) for row in rows])
        last = await _answer(client.hget(notes, "last"))
        if last and last.decode() in set(map(format_position, erased)):
            newest: Any = await client.xrevrange(stream, count=1)
            await _answer(client.hset(notes, "last", newest[0][0]))
    except redis.exceptions.RedisError as error:
        raise NotesUnavailable(reason=error) from error
    return deleted


async def _answer(asked: Any) -> Any:
    """redis-py types answers as awaitable or not; of an asynchronous client they are."""
    return await asked
