"""What the first load has noted about somebody is forgotten with him."""

from typing import Any

from redis.asyncio import Redis

from readmodel.events.position import parse_position
from readmodel.importers.cartsnitch import NOTES
from readmodel.importers.notes import forget

STREAM = "cartsnitch.users"


async def test_his_notes_go_and_the_others_hold(redis: Redis) -> None:
    """Only rows of his id; and where the last entry is erased, the notes still fit the stream, so none is repeated."""
    notes = NOTES.format(stream=STREAM)
    for entry_id in ("5-0", "6-0", "7-0"):
        await redis.xadd(STREAM, {"data": b"{}"}, id=entry_id)
    fingerprints = {"registered ada": b"1", "registered ada-2": b"2", "registered bob": b"3", "last": b"6-0"}
    client: Any = redis
    await client.hset(notes, mapping=fingerprints)

    assert await forget(redis, STREAM, "ada", [parse_position("6-0")]) == 1
    assert await forget(redis, STREAM, "ada", [parse_position("6-0")]) == 0

    kept = await client.hgetall(notes)
    assert kept == {b"registered ada-2": b"2", b"registered bob": b"3", b"last": b"7-0"}
