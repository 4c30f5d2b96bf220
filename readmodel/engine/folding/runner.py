"""One projection's runner: owns it by lease, folds batch after batch, and never gives up on what may pass."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TypeVar

from readmodel.archive.manifest import ArchiveDamaged
from readmodel.engine.blocking import to_its_end
from readmodel.engine.folding.batch import Batch, batch_of
from readmodel.engine.folding.committer import Committer
from readmodel.engine.folding.feed import Feed
from readmodel.engine.folding.lease import Leases
from readmodel.engine.folding.ownership import NotOwner, Owned, owned
from readmodel.engine.folding.progress import Progress, State
from readmodel.engine.folding.waiting import Ended, Waiting
from readmodel.engine.log.history import History, HistoryGap, HistoryUnavailable
from readmodel.engine.plan import Plan
from readmodel.errors import ReadModelError
from readmodel.events.position import format_position
from readmodel.stores.store import Cursor, CursorMoved, Store, StoreUnavailable

QUEUED_BATCHES = 8
GRACE = 2.0
"""Seconds that a full queue may hold up the feed before its projection falls behind."""
CHECK_EVERY = 2.0
"""Seconds between looks at whether the stream still holds the entry at the cursor."""
COMPACT_AFTER = 100_000
"""Appended rows, and a quarter of the table, before it is sorted again."""

T = TypeVar("T")
log = logging.getLogger(__name__)


class _Interrupted(Exception):
    """The lease was lost, or the process is to end."""


class _Reload(Exception):
    """Another build may have been shown, by somebody between two folds."""


class Runner:
    """Folds one plan's events. `run` ends only when asked to stop, or when going on would lose events."""

    def __init__(
        self, plan: Plan, store: Store, history: History, feed: Feed, leases: Leases, turn: asyncio.Lock
    ) -> None:
        self.plan = plan
        self.version = plan.as_version
        self.progress = Progress()
        self._store = store
        self._history = history
        self._feed = feed
        self._leases = leases
        # Folds of one store that wants no concurrent writers share a lock; otherwise it is this runner's alone.
        self._turn = turn
        self._committer = Committer(plan, store, self.version)
        self._queue: asyncio.Queue[Batch | None] = asyncio.Queue(QUEUED_BATCHES)
        self._joined = False
        self._waiting = Waiting()
        self._epoch: int | None = None
        self._must_reload = False
        self._is_live = False
        self._appended = 0
        # Up to where a stream was read although the cursor stands before it: what lies between is lost.
        self._skipped: dict[str, int] = {}

    @property
    def cursors(self) -> dict[str, int]:
        """Position per stream."""
        return {stream: cursor.position for stream, cursor in self.progress.cursors.items()}

    async def run(self) -> None:
        """Own the projection and fold, until stopped."""
        while not self._waiting.is_over:
            try:
                await self._own()
                await self._catch_up()
                await self._follow()
            except _Reload:
                pass
            except (_Interrupted, Ended):
                await self._give_up()
            except CursorMoved as error:
                log.warning("%s", error)
                await self._give_up()
            except (StoreUnavailable, HistoryUnavailable) as error:
                await self._back_off(error)
            except (HistoryGap, ArchiveDamaged) as error:
                await self._stop_until_whole(error)
            except ReadModelError as error:
                await self._stop_for(str(error))
            except Exception as error:
                log.exception("%s: unexpected error", self.plan.key)
                await self._stop_for(f"{type(error).__name__}: {error}")
            finally:
                self.fall_behind()
        await self._give_up()
        await self._blocking(self._store.close)

    def stop(self) -> None:
        """Finish the batch in hand, then end."""
        self._waiting.stop()
        self.fall_behind()

    async def offer(self, batch: Batch) -> None:
        """Take a batch from the feed; one that finds no room within GRACE makes this projection fall behind."""
        try:
            await asyncio.wait_for(self._queue.put(batch), GRACE)
        except TimeoutError:
            log.warning("%s is slow and falls behind; it catches up from history", self.plan.key)
            self.fall_behind()

    def fall_behind(self) -> None:
        """Leave the feed; what is queued is read from history again."""
        self._feed.leave(self)
        self._joined = False
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(None)

    @asynccontextmanager
    async def between_folds(self) -> AsyncIterator[Owned]:
        """See Keeper: the folds wait for the block to end, so it is to be short."""
        async with self._turn:
            if self._epoch is None:
                error = f": {self.progress.last_error}" if self.progress.last_error else ""
                raise NotOwner(projection=self.plan.key, reason=f"it is {self.progress.state}{error}")
            yield await to_its_end(owned, self._store, self.plan, self._epoch, self._reload)

    @property
    def is_stopped(self) -> bool:
        """Whether it has given up, until it is asked to try again."""
        return self.progress.state is State.STOPPED

    def resume(self) -> None:
        """Try again, if it has stopped: what stood in the way may be gone."""
        self._waiting.try_again()

    def _reload(self) -> None:
        self._must_reload = True
        self.fall_behind()

    async def _own(self) -> None:
        plan = self.plan
        if self._epoch is None:
            self.progress.state = State.WAITING
            holding = asyncio.create_task(self._leases.hold(plan.lease, self._lose))
            self._epoch = await self._waiting.for_result(holding)
        self._must_reload = False
        found = await self._blocking(partial(owned, self._store, plan, self._epoch, self._reload))
        self.version, self._committer, self.progress.cursors = found.version, found.committer, dict(found.cursors)

    def _lose(self) -> None:
        self._epoch = None
        self.fall_behind()

    async def _catch_up(self) -> None:
        self.progress.state = State.CATCHING_UP
        await self._check()
        while not self._feed.join(self, self._read_upto()):
            for stream in self.plan.streams:
                await self._read_history(stream, self._feed.delivered[stream])
        self._joined = True
        # What a detachment left behind in the queue is older than the cursors, and `past` drops it.
        if not self._is_live:
            await self._blocking(partial(self._store.go_live, self.version, self._owned()))
            self._is_live = True
        self.progress.state = State.LIVE
        self.progress.last_error = None

    def _read_upto(self) -> dict[str, int]:
        return {stream: max(position, self._skipped.get(stream, 0)) for stream, position in self.cursors.items()}

    async def _read_history(self, stream: str, upto: int) -> None:
        async for entries in self._history.pages(stream, self.cursors[stream], upto):
            await self._fold(await asyncio.to_thread(batch_of, stream, entries, self.cursors[stream]))
            self._go_on()
        if self.cursors[stream] < upto:
            self._skip_gap(stream, upto)

    def _skip_gap(self, stream: str, upto: int) -> None:
        """Be where history ends, when all that is missing up to there has been accepted as lost."""
        position = self.cursors[stream]
        if self._history.past_gaps(stream, position) < upto:
            reason = f"nothing is left up to {format_position(upto)}"
            raise HistoryGap(reader=self.plan.key, stream=stream, position=format_position(position), reason=reason)
        self._skipped[stream] = upto

    async def _follow(self) -> None:
        checked = time.monotonic()
        while self._joined:
            self._go_on()
            if batch := await self._next():
                await self._fold(batch)
            if time.monotonic() - checked > CHECK_EVERY:
                await self._check()
                checked = time.monotonic()
            if self._queue.empty():
                await self._compact()

    async def _next(self) -> Batch | None:
        """The next batch, or None when there is none for a while or when this runner has fallen behind."""
        try:
            batch = await asyncio.wait_for(self._queue.get(), CHECK_EVERY)
        except TimeoutError:
            return None
        if batch and batch.after > self.cursors[batch.stream]:
            # Whatever became of what lies between, it is in history.
            log.warning("%s: a batch of %s is missing; reading history", self.plan.key, batch.stream)
            self.fall_behind()
            return None
        return batch

    def _go_on(self) -> None:
        if self._epoch is None or self._waiting.is_over:
            raise _Interrupted
        if self._must_reload:
            raise _Reload

    async def _check(self) -> None:
        for stream, cursor in self.progress.cursors.items():
            await self._history.check(self.plan.key, stream, cursor.position, cursor.last_sha256)

    async def _fold(self, batch: Batch) -> None:
        batch = batch.past(self.cursors[batch.stream])
        if batch.entries:
            expected = self.cursors[batch.stream]
            await self._blocking(partial(self._committer.fold, batch, self._owned(), expected))
            self._note(batch)

    def _note(self, batch: Batch) -> None:
        stream, count = batch.stream, len(batch.entries)
        before = self.progress.cursors[stream]
        self.progress.cursors[stream] = Cursor(batch.upto, before.entries + count, batch.last_sha256)
        self.progress.folded(count)
        self.progress.last_error = None
        self._waiting.succeeded()
        self._appended += count

    def _owned(self) -> int:
        if self._epoch is None:
            raise _Interrupted
        return self._epoch

    async def _compact(self) -> None:
        total = sum(cursor.entries for cursor in self.progress.cursors.values())
        if self._appended > COMPACT_AFTER and self._appended * 4 > total:
            await self._blocking(partial(self._store.compact, self.version, self.plan.shapes()))
            self._appended = 0

    async def _back_off(self, error: ReadModelError) -> None:
        self.progress.state = State.RETRYING
        self.progress.last_error = str(error)
        seconds = self._waiting.next_pause()
        log.warning("%s: %s Trying again in %.1f s.", self.plan.key, error, seconds)
        await self._waiting.pause(seconds)

    async def _stop_for(self, reason: str) -> None:
        """Stop until asked to try again."""
        self._stopped(reason)
        await self._give_up()
        await self._waiting.idle()

    async def _stop_until_whole(self, error: ReadModelError) -> None:
        """Stop until the events are there again, restored or accepted as lost; look whether they are now and then."""
        self._stopped(str(error))
        await self._give_up()
        while not self._waiting.is_over:
            await self._waiting.idle(CHECK_EVERY)
            try:
                await self._check()
                for stream, position in self.cursors.items():
                    await self._history.read(stream, position, count=1)
            except ReadModelError as found:
                self.progress.last_error = str(found)
            else:
                return

    def _stopped(self, reason: str) -> None:
        self.progress.state = State.STOPPED
        self.progress.last_error = reason
        log.error("%s has stopped: %s", self.plan.key, reason)
        # What is offered to one who takes nothing would hold up the others.
        self.fall_behind()

    async def _give_up(self) -> None:
        self._epoch = None
        with suppress(StoreUnavailable):
            await self._leases.let_go(self.plan.lease)

    async def _blocking(self, call: Callable[[], T]) -> T:
        async with self._turn:
            return await asyncio.to_thread(call)
