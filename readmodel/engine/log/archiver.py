"""The archiver: cuts every stream into segments, merges them, trims the streams. One process at a time, by lease.

The manifests are its cursor, so there is nothing to get out of step, and two that archive at once, one of them
believed dead, write the same events twice, which readers see through.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from readmodel.archive import compaction
from readmodel.archive.archive import Archive, Superseded
from readmodel.archive.folder import ArchiveUnavailable
from readmodel.archive.manifest import Manifest
from readmodel.archive.segment import Rows
from readmodel.engine.folding.lease import TTL, Leases
from readmodel.engine.log.archive_status import ArchiveStatus
from readmodel.engine.log.history import History, HistoryUnavailable
from readmodel.engine.log.retention import Retention
from readmodel.engine.log.streams import PAGE
from readmodel.engine.log.typed import digests, typed
from readmodel.errors import ReadModelError
from readmodel.events.envelope import digest_of
from readmodel.events.event import streams
from readmodel.events.position import START, position_milliseconds
from readmodel.stores.store import StoreUnavailable

LEASE = "archive"
LOOK_EVERY = 1.0
"""Seconds between looks at whether anything is due."""
CHECK_EVERY = 60.0
"""Seconds between looks at the files, unless the grace of those to delete is shorter."""

PATIENCE = 2 * TTL.total_seconds()
"""Seconds to wait for the lease, which is longer than one outlives a dead owner."""

log = logging.getLogger(__name__)


class NotArchiver(ReadModelError):
    """This process does not keep the archive: {reason}"""


@dataclass(frozen=True, slots=True)
class Cutting:
    """When a segment is cut: with so many entries, or when its first is so old. And how long what is merged stays."""

    rows: int = 50_000
    age: timedelta = timedelta(seconds=60)
    grace: timedelta = timedelta(hours=1)


class Archiver:
    """Archives for ever, whenever the lease is ours. What it cannot go on with shows in `status`, by stream."""

    def __init__(
        self, history: History, archive: Archive, leases: Leases, cutting: Cutting, retention: Retention
    ) -> None:
        self.status = ArchiveStatus(history, archive)
        self._history = history
        self._archive = archive
        self._leases = leases
        self._cutting = cutting
        self._retention = retention
        self._working: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._owns = asyncio.Event()
        # Rises with every time that the lease is got.
        self._term = 0
        # Entries added to each stream in its life less those that wait: what `entries-added` is compared with.
        self._done: dict[str, int] = {}
        self._checked: dict[str, float] = {}

    async def run(self) -> None:
        """Archive whenever the lease is ours."""
        while True:
            try:
                await self._leases.hold(LEASE, self._lose)
                self.status.owned = True
                self._term += 1
                self._owns.set()
                self._checked.clear()  # another may have written meanwhile
                self._working = asyncio.create_task(self._work())
                await self._working
            except asyncio.CancelledError:
                if (task := asyncio.current_task()) and task.cancelling():
                    await self._end_work()
                    raise
                log.warning("the archiver lost its lease")
            except StoreUnavailable as error:
                log.warning("the archiver waits for its lease: %s", error)
                await asyncio.sleep(LOOK_EVERY)
            finally:
                self.status.owned = False
                self._owns.clear()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """A block in which nobody else writes to the archive; NotArchiver where, before or after, another does."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._owns.wait()
        except TimeoutError:
            reason = "another one does; set READMODEL_URL to where that one answers"
            raise NotArchiver(reason=reason) from None
        term = self._term
        async with self._turn:
            yield
        if not self.status.owned or self._term != term:
            raise NotArchiver(reason="its lease was lost meanwhile; do it again")

    async def cut_all(self, stream: str) -> int:
        """Archive a stream to its end, due or not, from within `alone`: up to where; HistoryGap where some is lost."""
        end = await self._history.end(stream, fresh=True)
        upto = end.upto if end else START
        await self._history.check("The archiver", stream, upto, end.last_sha256 if end else None)
        while (await self._history.state(stream)).last > upto and (cut := await self._cut(stream, upto)):
            upto = cut.upto
        return upto

    async def _end_work(self) -> None:
        if self._working:
            self._working.cancel()
            await asyncio.wait([self._working])

    def _lose(self) -> None:
        if self._working:
            self._working.cancel()

    async def _work(self) -> None:
        while True:
            for stream in streams():
                await self._guarded(stream, self._look_at)
            await asyncio.sleep(LOOK_EVERY)

    async def _guarded(self, stream: str, work: Callable[[str], Awaitable[None]]) -> None:
        try:
            async with self._turn:
                await work(stream)
        except Superseded:
            return  # somebody else merged the same segments; the next look sees that
        except (HistoryUnavailable, StoreUnavailable, ArchiveUnavailable, OSError) as error:  # a full disk is the last
            self.status.waits(stream, error)
        except ReadModelError as error:
            self.status.stopped(stream, error)
        except Exception as error:
            self.status.stopped(stream, error)
            log.debug("archiving %s", stream, exc_info=True)
        else:
            self.status.goes_on(stream)

    async def _look_at(self, stream: str) -> None:
        """Do what is due. Nothing is trimmed, merged or deleted of a stream whose archive or seam is not whole."""
        await self._check_now_and_then(stream)
        end = await self._history.end(stream)
        upto = end.upto if end else START
        if not await self._history.check("The archiver", stream, upto, end.last_sha256 if end else None):
            await self._skip_gap(stream, upto)
            return
        while await self._is_due(stream, upto) and (cut := await self._cut(stream, upto)):
            upto = cut.upto
        while run := compaction.due(await asyncio.to_thread(self._archive.chain, stream)):
            await asyncio.to_thread(compaction.merge, self._archive, run, digests(), typed)
            await self._history.end(stream, fresh=True)
        await self._retention.trim(stream, upto)

    async def _check_now_and_then(self, stream: str) -> None:
        """Look whether all files are there, and delete those that are not needed any more."""
        every = min(CHECK_EVERY, max(LOOK_EVERY, self._cutting.grace.total_seconds()))
        if time.monotonic() - self._checked.get(stream, -CHECK_EVERY) < every:
            return
        await self._history.end(stream, fresh=True)
        await asyncio.to_thread(self._archive.check, stream)
        for name in await asyncio.to_thread(compaction.clean, self._archive, stream, self._cutting.grace):
            log.info("deleted %s/%s: others hold what it held", stream, name)
        self._checked[stream] = time.monotonic()

    async def _skip_gap(self, stream: str, upto: int) -> None:
        """Let the archive go on behind what an operator has accepted as lost: a segment without entries."""
        gap = await self._history.gap_at(stream, upto)
        if gap and gap.upto > upto:
            lost = Manifest(stream=stream, after=upto, upto=gap.upto, gap=True)
            await asyncio.to_thread(self._archive.writer(lost, {}).finish)
            await self._history.end(stream, fresh=True)
            log.warning("the archive of %s goes on behind what is lost: %s", stream, lost.name)

    async def _is_due(self, stream: str, upto: int) -> bool:
        state = await self._history.state(stream)
        if state.last <= upto:
            return False
        if stream not in self._done:
            chain = await asyncio.to_thread(self._archive.chain, stream)
            self._done[stream] = sum(link.segment.entries for link in chain)
        if state.added - self._done[stream] >= self._cutting.rows:
            return True
        _, following = await self._history.streams.after(stream, upto, state.last, 1)
        age = time.time() - position_milliseconds(following[0].position) / 1000 if following else 0.0
        return age >= self._cutting.age.total_seconds()

    async def _cut(self, stream: str, after: int) -> Manifest | None:
        """Archive the next entries, as many as a segment takes."""
        added = (await self._history.state(stream)).added
        rows: Rows = []
        async for entries in self._history.pages(stream, after, 2**63 - 1, min(PAGE, self._cutting.rows)):
            rows += [(entry.position, entry.raw) for entry in entries]
            if len(rows) >= self._cutting.rows:
                break
        rows = rows[: self._cutting.rows]
        if not rows:
            return None
        # Where the stream was read to its end, so much is certain; the entries that were lost count as done, too.
        self._done[stream] = added if len(rows) < self._cutting.rows else self._done.get(stream, 0) + len(rows)
        draft = Manifest(stream=stream, after=after, upto=rows[-1][0], last_sha256=digest_of(rows[-1][1]))
        manifest = await asyncio.to_thread(self._write, draft, rows)
        await self._history.end(stream, fresh=True)
        log.info("archived %s up to %s: %d entries", stream, manifest.name, manifest.entries)
        return manifest

    def _write(self, draft: Manifest, rows: Rows) -> Manifest:
        writer = self._archive.writer(draft, digests())
        try:
            for start in range(0, len(rows), PAGE):
                for relation, table in typed(draft.stream, rows[start : start + PAGE]).items():
                    writer.write(relation, table)
        except BaseException:
            writer.give_up()
            raise
        return writer.finish()
