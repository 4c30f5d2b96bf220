"""History: every event at or below a position. Here that is the stream itself, read in pages."""

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import redis.asyncio
import redis.exceptions

from readmodel.errors import ReadModelError
from readmodel.events.envelope import Entry, entry_bytes
from readmodel.events.position import START, format_position, parse_position, position_milliseconds

PAGE = 4_000
"""Entries per read."""
CONNECTION_ERRORS = (redis.exceptions.RedisError, OSError, RuntimeError)
"""What the client raises when Redis cannot be asked; uvloop says RuntimeError where a connection is closed already."""


class HistoryUnavailable(ReadModelError):
    """Redis cannot be used at the moment: {reason}"""


class HistoryGap(ReadModelError):
    """{projection} stands at {position} in {stream}, but {reason}. Events may be lost, so it does not go on by
    itself: restore the stream from a backup and start the service again."""


@dataclass(frozen=True, slots=True)
class StreamState:
    """What Redis says about a stream. Without entries all of it is 0."""

    length: int = 0
    last: int = START
    added: int = 0
    first: int = START


class History:
    """The streams, read by position."""

    def __init__(self, client: "redis.asyncio.Redis") -> None:
        self._client = client

    async def read(self, stream: str, after: int, upto: int | None = None, count: int = PAGE) -> list[Entry]:
        """The next entries after a position, in order; HistoryUnavailable when Redis is away."""
        end = "+" if upto is None else format_position(upto)
        with _asking():
            found = await self._client.xrange(stream, f"({format_position(after)}", end, count)
        return entries_of(found or [])

    async def pages(self, stream: str, after: int, upto: int) -> AsyncIterator[list[Entry]]:
        """All entries after one position and up to another."""
        while after < upto and (entries := await self.read(stream, after, upto)):
            yield entries
            after = entries[-1].position

    async def state(self, stream: str) -> StreamState:
        """How long a stream is and where it ends."""
        with _asking():
            try:
                info = await self._client.xinfo_stream(stream)
            except redis.exceptions.ResponseError as error:
                # Other refusals, as while a script runs or a disk is full, are no sign that the stream is gone.
                if "no such key" not in str(error):
                    raise
                return StreamState()
        first = parse_position(info["first-entry"][0].decode()) if info["first-entry"] else START
        last = parse_position(info["last-generated-id"].decode())
        return StreamState(info["length"], last, info["entries-added"], first)

    async def check(self, projection: str, stream: str, position: int) -> None:
        """HistoryGap unless every event after `position` is still there.

        The entry at the cursor must exist: were it gone, those after it might be too. A projection that has not
        begun needs the stream from its first entry on.
        """
        state = await self.state(stream)
        reason = None
        if position > state.last:
            reason = f"the stream ends at {format_position(state.last)}: it was flushed, recreated or failed over"
        elif position > START and not await self._holds(stream, position):
            reason = f"that entry is gone; the oldest left is {format_position(state.first)}"
        elif position == START and state.added > state.length:
            reason = f"{state.added - state.length} older entries were trimmed or deleted"
        if reason:
            raise HistoryGap(projection=projection, stream=stream, position=format_position(position), reason=reason)

    async def oldest_after(self, stream: str, position: int) -> float | None:
        """When the first entry after a position was added, in seconds since 1970; None when there is none."""
        found = await self.read(stream, position, count=1)
        return position_milliseconds(found[0].position) / 1000 if found else None

    async def _holds(self, stream: str, position: int) -> bool:
        entry_id = format_position(position)
        with _asking():
            return bool(await self._client.xrange(stream, entry_id, entry_id))


@contextmanager
def _asking() -> Iterator[None]:
    """Errors of Redis, and of the way there, as HistoryUnavailable."""
    try:
        yield
    except CONNECTION_ERRORS as error:
        raise HistoryUnavailable(reason=str(error)) from error


def entries_of(found: Iterable[Any]) -> list[Entry]:
    """Entries as Redis returns them, `(id, fields)`, in our terms."""
    return [Entry(parse_position(entry_id.decode()), entry_bytes(fields)) for entry_id, fields in found]
