"""Retention: the streams keep what is young, and the last entry that is archived; the archive keeps all."""

import time
from datetime import timedelta

from readmodel.engine.log.streams import Streams
from readmodel.events.position import START, parse_position


class Retention:
    """Trims streams. What is archived need not be folded: a projection that is late reads the archive."""

    def __init__(self, streams: Streams, tail: timedelta) -> None:
        self._streams = streams
        self._tail = tail

    async def trim(self, stream: str, archived_upto: int) -> int:
        """Delete what is archived and older than the tail: how many entries; HistoryUnavailable when Redis is away.

        The last entry archived stays: that it is there shows that the stream goes on where the archive ends.
        """
        young = parse_position(str(int((time.time() - self._tail.total_seconds()) * 1000)))
        before = min(archived_upto, young)
        return await self._streams.trim(stream, before) if before > START else 0
