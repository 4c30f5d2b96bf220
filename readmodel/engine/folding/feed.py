"""The live feed: a stream's entries, decoded once and handed to the runner of every projection that reads them."""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from typing import Protocol

from readmodel.engine.folding.batch import Batch, batch_of
from readmodel.engine.log.history import History, entries_of
from readmodel.errors import ReadModelError
from readmodel.events.position import format_position

EVERYTHING = 2**63 - 1

log = logging.getLogger(__name__)


class NotFollowing(ReadModelError):
    """The entry at {position} has been trimmed from {stream}, so what was read need not follow it."""


class Taker(Protocol):
    """Someone who takes batches: a runner."""

    async def offer(self, batch: Batch) -> None:
        """Take a batch, or fall behind and catch up from history later; nothing is raised."""
        ...

    def fall_behind(self) -> None:
        """Catch up from history: the feed may have missed something."""
        ...


class Feed:
    """Where the handlers put what they read.

    `delivered` is the last position handed out per stream. A runner whose cursors have reached it joins; from then on
    the batches it is offered follow each other without a gap.
    """

    def __init__(self, history: History) -> None:
        self.delivered: dict[str, int] = {}
        self.unknown: dict[str, Counter[str]] = {}
        self._history = history
        self._takers: dict[str, list[Taker]] = {}

    def begin(self, positions: Mapping[str, int]) -> None:
        """Say where reading begins: it is as if all before had been delivered."""
        self.delivered = dict(positions)
        self._takers = {stream: [] for stream in positions}
        self.unknown = {stream: Counter() for stream in positions}

    def join(self, taker: Taker, cursors: Mapping[str, int]) -> bool:
        """Hand a runner every batch from here on, if it has all the batches before."""
        if any(position < self.delivered[stream] for stream, position in cursors.items()):
            return False
        for stream in cursors:
            self._takers[stream].append(taker)
        return True

    def leave(self, taker: Taker) -> None:
        """Hand a runner nothing more."""
        for takers in self._takers.values():
            if taker in takers:
                takers.remove(taker)

    async def accept(self, stream: str, found: list[tuple[bytes, dict[bytes, bytes]]]) -> None:
        """Take entries as Redis returned them; whatever goes wrong, the runners find them in history."""
        if stream not in self.delivered:
            return  # no projection reads it
        after = self.delivered[stream]
        try:
            entries = [entry for entry in entries_of(found) if entry.position > after]
            await self._check(stream, after)
            batch = await asyncio.to_thread(batch_of, stream, entries, after)
        except Exception as error:
            # Never raised: the framework would drop the batch and go on behind it. In history the runners either
            # find it, or the same error, which stops them.
            report = log.warning if isinstance(error, ReadModelError) else log.exception
            report("the feed of %s is interrupted: %s", stream, error)
            self._interrupt(stream, found)
            return
        if batch.entries:
            self.delivered[stream] = batch.upto
            self.unknown[stream] += batch.unknown
            await asyncio.gather(*(taker.offer(batch) for taker in list(self._takers[stream])))

    async def _check(self, stream: str, after: int) -> None:
        """Raise unless nothing is missing between a position and what was read after it."""
        await self._history.check("the feed", stream, after)
        if not await self._history.is_in_stream(stream, after):
            raise NotFollowing(stream=stream, position=format_position(after))

    def _interrupt(self, stream: str, found: list[tuple[bytes, dict[bytes, bytes]]]) -> None:
        try:
            self.delivered[stream] = entries_of(found[-1:])[0].position
        except ReadModelError:
            self.delivered[stream] = EVERYTHING
        for taker in list(self._takers[stream]):
            taker.fall_behind()
