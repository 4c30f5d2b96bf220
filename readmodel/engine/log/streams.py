"""The streams in Redis, read by position."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import redis.asyncio
import redis.exceptions

from readmodel.errors import ReadModelError
from readmodel.events.envelope import Entry, entry_bytes
from readmodel.events.position import START, format_position, parse_position

CONNECTION_ERRORS = (redis.exceptions.RedisError, OSError, RuntimeError)
"""What the client raises when Redis cannot be asked; uvloop says RuntimeError where a connection is closed already."""
PAGE = 4_000
"""Entries per read."""
DELETED_AT_ONCE = 500
"""Entries per command that deletes them one by one."""


class HistoryUnavailable(ReadModelError):
    """The events cannot be read at the moment: {reason}"""


@dataclass(frozen=True, slots=True)
class StreamState:
    """What Redis says about a stream. Without entries all of it is 0."""

    length: int = 0
    last: int = START
    added: int = 0
    first: int = START


@dataclass(frozen=True, slots=True)
class Look:
    """A stream and some of its entries, at one moment; of an entry that is not there the bytes are None."""

    state: StreamState
    raws: Mapping[int, bytes | None]


class Streams:
    """What Redis holds. Every method raises HistoryUnavailable when it is away."""

    def __init__(self, client: "redis.asyncio.Redis") -> None:
        self.client = client

    async def after(self, stream: str, position: int, upto: int, count: int) -> tuple[bool, list[Entry]]:
        """The next entries after a position, and whether the one at it is there: then none is missing between them."""
        try:
            found = await self.client.xrange(stream, format_position(position), format_position(upto), count + 1)
        except CONNECTION_ERRORS as error:
            raise HistoryUnavailable(reason=str(error)) from error
        entries = entries_of(found or [])
        if entries and entries[0].position == position:
            return True, entries[1:]
        return False, entries[:count]

    async def before(self, stream: str, position: int) -> int:
        """The position of the last entry before one; 0 where there is none."""
        try:
            found = await self.client.xrevrange(stream, f"({format_position(position)}", "-", 1) if position else []
        except CONNECTION_ERRORS as error:
            raise HistoryUnavailable(reason=str(error)) from error
        return entries_of(found)[0].position if found else START

    async def look(self, stream: str, positions: Collection[int] = ()) -> Look:
        """How long a stream is, where it ends, and the entries at some positions, all at one moment."""
        wanted = [position for position in positions if position != START]
        try:
            async with self.client.pipeline(transaction=True) as pipeline:
                pipeline.xinfo_stream(stream)
                for position in wanted:
                    pipeline.xrange(stream, format_position(position), format_position(position))
                info, *found = await pipeline.execute(raise_on_error=False)
        except CONNECTION_ERRORS as error:
            raise HistoryUnavailable(reason=str(error)) from error
        for answer in (info, *found):
            if isinstance(answer, Exception) and "no such key" not in str(answer):
                raise HistoryUnavailable(reason=str(answer)) from answer
        raws = {at: next((e.raw for e in entries_of(one)), None) for at, one in zip(wanted, found, strict=True)}
        return Look(_state(info), raws)

    async def append(self, stream: str, raw: bytes) -> int:
        """Add an entry at the end: its position."""
        try:
            entry_id: Any = await self.client.xadd(stream, {"data": raw})
        except CONNECTION_ERRORS as error:
            raise HistoryUnavailable(reason=str(error)) from error
        return parse_position(entry_id.decode())

    async def delete(self, stream: str, positions: Sequence[int]) -> int:
        """Delete entries: how many of them there were."""
        ids = [format_position(position) for position in positions]
        try:
            return sum([int(await self.client.xdel(stream, *part)) for part in _in_parts(ids)])
        except CONNECTION_ERRORS as error:
            raise HistoryUnavailable(reason=str(error)) from error

    async def trim(self, stream: str, before: int) -> int:
        """Delete the entries before a position: how many there were."""
        try:
            return int(await self.client.xtrim(stream, minid=format_position(before), approximate=False))
        except CONNECTION_ERRORS as error:
            raise HistoryUnavailable(reason=str(error)) from error

    async def milliseconds(self) -> int:
        """The server's clock, which entry ids are made of."""
        try:
            seconds, micros = await self.client.time()
        except CONNECTION_ERRORS as error:
            raise HistoryUnavailable(reason=str(error)) from error
        return int(seconds) * 1_000 + int(micros) // 1_000


def _in_parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """The ids in parts that hold up the server's other clients for no time."""
    return (ids[start : start + DELETED_AT_ONCE] for start in range(0, len(ids), DELETED_AT_ONCE))


def entries_of(found: Iterable[Any]) -> list[Entry]:
    """Entries as Redis returns them, `(id, fields)`, in our terms."""
    return [Entry(parse_position(entry_id.decode()), entry_bytes(fields)) for entry_id, fields in found]


def _state(info: Any) -> StreamState:
    if isinstance(info, Exception):
        return StreamState()  # there is no such stream yet
    first = parse_position(info["first-entry"][0].decode()) if info["first-entry"] else START
    last = parse_position(info["last-generated-id"].decode())
    return StreamState(info["length"], last, info["entries-added"], first)
