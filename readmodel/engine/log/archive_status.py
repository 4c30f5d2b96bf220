"""How the archive is doing, for operators."""

import asyncio
import logging
import time
from typing import Any

from readmodel.archive.archive import Archive, Superseded
from readmodel.archive.folder import ArchiveUnavailable
from readmodel.archive.manifest import ArchiveDamaged
from readmodel.engine.log.history import History, HistoryUnavailable
from readmodel.events.event import streams
from readmodel.events.position import START, format_position

log = logging.getLogger(__name__)

Shown = dict[str, Any]


class ArchiveStatus:
    """What the archiver says of itself, and what can be seen of the archive."""

    def __init__(self, history: History, archive: Archive) -> None:
        self.owned = False
        self._history = history
        self._archive = archive
        self._troubles: dict[str, str] = {}
        self._alarms: set[str] = set()

    def waits(self, stream: str, error: Exception) -> None:
        """Something is away and may come back."""
        self._note(stream, str(error), logging.WARNING)

    def stopped(self, stream: str, error: Exception) -> None:
        """Nothing of a stream is archived until somebody does something about it."""
        self._note(stream, str(error), logging.ERROR)
        self._alarms.add(stream)

    def goes_on(self, stream: str) -> None:
        """All is well."""
        if self._troubles.pop(stream, None):
            log.info("the archive of %s goes on", stream)
        self._alarms.discard(stream)

    def alarms(self) -> dict[str, str]:
        """Why it has stopped, by stream."""
        return {stream: self._troubles[stream] for stream in sorted(self._alarms)}

    async def shown(self) -> Shown:
        """Whether this process archives, and a row per stream."""
        return {"archiving": self.owned, "streams": [await self._row(stream) for stream in streams()]}

    def _note(self, stream: str, reason: str, level: int) -> None:
        if self._troubles.get(stream) != reason:
            log.log(level, "the archive of %s has stopped: %s", stream, reason)
        self._troubles[stream] = reason
        self._alarms.discard(stream)

    async def _row(self, stream: str) -> Shown:
        trouble, upto, segments, entries, lag = self._troubles.get(stream), START, 0, 0, 0.0
        try:
            chain = await asyncio.to_thread(self._archive.chain, stream, fresh=not self.owned)
            upto = chain[-1].segment.upto if chain else START
            segments, entries = len(chain), sum(link.segment.entries for link in chain)
            oldest = await self._history.oldest_after(stream, upto)
            lag = max(0.0, time.time() - oldest) if oldest else 0.0
        except (HistoryUnavailable, ArchiveUnavailable, ArchiveDamaged, Superseded) as error:
            trouble = trouble or str(error)
        return {
            "stream": stream,
            "archived_upto": format_position(upto),
            "segments": segments,
            "entries": entries,
            "lag_seconds": round(lag, 3),
            "last_error": trouble,
        }
