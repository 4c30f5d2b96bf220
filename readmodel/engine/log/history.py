"""History: every event at or below a position, from the archive and then from the stream, without gap or overlap.

The seam: archived entries are trimmed from the stream, but the last of them stays. So whoever has read the archive to
its end finds that entry in the stream, or the archive has grown meanwhile, or something is lost.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from pathlib import Path
from typing import TypeVar

import redis.asyncio

from readmodel.archive.archive import Archive, Superseded
from readmodel.archive.folder import ArchiveUnavailable
from readmodel.archive.manifest import Manifest
from readmodel.archive.segment import Rows
from readmodel.engine.log.archived import Archived
from readmodel.engine.log.gap import Fault, HistoryGap, fault_in_stream, fault_of_entry
from readmodel.engine.log.streams import PAGE, HistoryUnavailable, Streams, StreamState, entries_of
from readmodel.engine.relation import Relation
from readmodel.events.envelope import Entry, digest_of
from readmodel.events.position import START, format_position, position_milliseconds
from readmodel.stores.gaps import Gap, GapTable
from readmodel.stores.store import Cursor

__all__ = ["PAGE", "History", "HistoryGap", "HistoryUnavailable", "StreamState", "entries_of"]

T = TypeVar("T")
_END = 2**63 - 1


class History:
    """The log, read by position. Without an archive it is what the streams hold.

    HistoryUnavailable when something is away that may come back, ArchiveDamaged when the archive is.
    """

    def __init__(
        self, client: "redis.asyncio.Redis", archive: Archive | None = None, gaps: GapTable | None = None
    ) -> None:
        self.streams = Streams(client)
        self.archive = archive
        self.gaps = gaps
        self._archived_digests: dict[str, tuple[int, str | None]] = {}

    async def read(self, stream: str, after: int, upto: int | None = None, count: int = PAGE) -> list[Entry]:
        """The next entries after a position, in order; HistoryGap where some that were there are lost."""
        async with aclosing(self.pages(stream, after, _END if upto is None else upto, count)) as pages:
            async for entries in pages:
                return entries[:count]
        return []

    async def pages(self, stream: str, after: int, upto: int, size: int = PAGE) -> AsyncGenerator[list[Entry]]:
        """All entries after one position and up to another; HistoryGap where some that were there are lost."""
        while after < upto:
            async for reached, rows in self._archived(stream, after, upto):
                for start in range(0, len(rows), size):
                    yield [Entry(position, raw) for position, raw in rows[start : start + size]]
                after = reached
            tail = await self._tail(stream, after, upto, size) if after < upto else []
            if tail:
                yield tail
                after = tail[-1].position
            elif tail is not None:
                return

    async def standing(self, stream: str, upto: int) -> Cursor:
        """Where a reader stands that has read all there is at or below a position."""
        at = Cursor(START, 0)
        for link in await self._archive_call(lambda archive: archive.chain(stream)) if self.archive else ():
            segment = link.segment
            if segment.upto > upto or segment.after != link.after:
                break  # it has entries that are not meant, so they are counted one by one
            at = Cursor(segment.upto, at.entries + segment.entries, segment.last_sha256)
        async for entries in self.pages(stream, at.position, upto):
            last = entries[-1]
            at = Cursor(last.position, at.entries + len(entries), digest_of(last.raw))
        return at

    async def is_in_stream(self, stream: str, position: int) -> bool:
        """Whether the stream by itself has all that follows a position; else it takes the archive to know."""
        look = await self.streams.look(stream, {position})
        if position == START:
            return look.state.added == look.state.length
        return look.raws[position] is not None

    async def is_erased(self, stream: str, position: int) -> bool:
        """Whether an entry was archived and then taken out for good."""
        return bool(await self._archive_call(lambda archive: archive.erased(stream, position - 1, position)))

    async def state(self, stream: str) -> StreamState:
        """How long a stream is and where it ends."""
        return (await self.streams.look(stream)).state

    async def oldest_after(self, stream: str, position: int) -> float | None:
        """When the first entry after a position was added, in seconds since 1970; None when there is none.

        Of what is archived it is what the segment begins after, which is a little earlier.
        """
        if self.archive:
            links = await self._archive_call(lambda archive: archive.chain(stream))
            behind = next((link for link in links if link.segment.upto > position), None)
            if behind and (since := max(position, behind.after)) > START:
                return position_milliseconds(since) / 1000
        _, entries = await self.streams.after(stream, position, _END, 1)
        return position_milliseconds(entries[0].position) / 1000 if entries else None

    async def archived_upto(self, stream: str, *, fresh: bool = False) -> int:
        """Where the archive of a stream ends."""
        end = await self.end(stream, fresh=fresh)
        return end.upto if end else START

    async def end(self, stream: str, *, fresh: bool = False) -> Manifest | None:
        """The last segment of a stream."""
        return await self._archive_call(lambda archive: archive.end(stream, fresh=fresh)) if self.archive else None

    async def check(self, reader: str, stream: str, position: int, sha256: str | None = None) -> bool:
        """HistoryGap unless every event after a reader's position is still there, and its own is what it was.

        False when that is so only because an operator has accepted what is lost.
        """
        fault = await self.fault(stream, position, sha256)
        if still := await self.unaccepted(stream, fault):
            at = format_position(position)
            raise HistoryGap(reader=reader, stream=stream, position=at, reason=still.reason)
        return not fault

    async def fault(self, stream: str, position: int, sha256: str | None = None) -> Fault | None:
        """What is wrong for a reader at a position, accepted or not."""
        found = await self._fault(stream, position, sha256)
        if found and not self._known(stream, found.position):
            # The archive may have grown, and the stream been trimmed, since the archive was looked at.
            await self.end(stream, fresh=True)
            found = await self._fault(stream, position, sha256)
        return found

    async def unaccepted(self, stream: str, fault: Fault | None) -> Fault | None:
        """A fault that nobody has accepted, or what is wrong behind the gap that was accepted for it."""
        while fault and (gap := await self.gap_at(stream, fault.position)):
            fault = await self._fault_behind(gap)
        return fault

    async def archived_relations(
        self, stream: str, upto: int, wanted: Iterable[Relation], folder: Path
    ) -> Archived | None:
        """What the archive has of some relations; None where there is no archive."""
        if not self.archive:
            return None

        def gathered(archive: Archive) -> Archived:
            found = Archived(archive, stream, upto, wanted, folder)
            found.gather()
            return found

        return await self._archive_call(gathered)

    async def gap_at(self, stream: str, position: int) -> Gap | None:
        """What an operator has accepted as lost there."""
        return await self.gaps.covering(stream, position) if self.gaps else None

    def past_gaps(self, stream: str, position: int) -> int:
        """Where a reader of all there is up to a position is, when nothing follows that is not lost."""
        while (gap := self._known(stream, position)) and gap.upto > position:
            position = gap.upto
        return position

    def _known(self, stream: str, position: int) -> Gap | None:
        return self.gaps.known(stream, position) if self.gaps else None

    async def _archived(self, stream: str, after: int, upto: int) -> AsyncGenerator[tuple[int, Rows]]:
        if await self.archived_upto(stream) <= after:
            return
        parts = await self._archive_call(lambda archive: archive.entries(stream, after, upto))
        try:
            while part := await self._archive_call(lambda _: next(parts, None)):
                yield part
        finally:
            await asyncio.to_thread(parts.close)

    async def _tail(self, stream: str, after: int, upto: int, count: int) -> list[Entry] | None:
        """The next entries in the stream; None where they have been archived since the archive was looked at."""
        follows, entries = await self.streams.after(stream, after, upto, count)
        if follows:
            return entries
        # Looked at after the stream was read: nothing that is not archived even now has been trimmed by us before.
        end = await self.end(stream, fresh=True)
        if end and end.upto > after:
            return None
        if after == START:
            state = await self.state(stream)
            if state.added == state.length:
                return entries
        gap = await self.gap_at(stream, after)
        if gap and gap.upto > after:
            return await self._tail(stream, gap.upto, upto, count) if gap.upto < upto else []
        if (gap or (end and end.gap and end.upto == after)) and not (gap and _is_cut(gap, entries)):
            return entries
        reason = f"the entry there is gone, and the archive ends at {format_position(end.upto if end else START)}"
        raise HistoryGap(reader="A reader", stream=stream, position=format_position(after), reason=reason)

    async def _fault(self, stream: str, position: int, sha256: str | None) -> Fault | None:
        end = await self.end(stream)
        if end and end.gap and position <= end.upto:
            gap = await self.gap_at(stream, end.upto)
            if gap and (behind := await self._fault_behind(gap)):
                return behind
        seam = end.upto if end and not end.gap else START
        look = await self.streams.look(stream, {position, seam})
        if not end or position > end.upto:
            return fault_in_stream(look, position, sha256)
        if seam != START and (reason := fault_of_entry(look, seam, end.last_sha256)):
            return Fault(seam, f"the stream goes on where the archive ends, at {format_position(seam)}, and {reason}")
        if position == START or not sha256 or await self._archived_digest(stream, position, end) == sha256:
            return None
        if await self.is_erased(stream, position):
            return None
        return Fault(position, "the archive does not hold the entry that it read there")

    async def _fault_behind(self, gap: Gap) -> Fault | None:
        """What was lost since a gap was accepted, before anybody read on: the entry that followed it is gone."""
        first = gap.upto + 1
        look = await self.streams.look(gap.stream, {first} if gap.followed else ())
        reason = fault_of_entry(look, first, None) if gap.followed else None
        if not reason or await self.archived_upto(gap.stream, fresh=True) >= first:
            return None
        return Fault(first, f"what followed the gap that was accepted is lost, too: {reason}")

    async def _archived_digest(self, stream: str, position: int, end: Manifest) -> str | None:
        if position == end.upto:
            return end.last_sha256
        known = self._archived_digests.get(stream)
        if known is None or known[0] != position:
            raw = await self._archive_call(lambda archive: archive.find(stream, position))
            known = self._archived_digests[stream] = (position, None if raw is None else digest_of(raw))
        return known[1]

    async def _archive_call(self, call: Callable[[Archive], T]) -> T:
        assert self.archive
        archive = self.archive
        while True:
            try:
                return await asyncio.to_thread(call, archive)
            except Superseded:
                continue
            except ArchiveUnavailable as error:
                raise HistoryUnavailable(reason=error) from error


def _is_cut(gap: Gap, entries: list[Entry]) -> bool:
    """Whether what follows a gap is no longer what followed it when it was accepted."""
    return gap.followed and (not entries or entries[0].position != gap.upto + 1)
