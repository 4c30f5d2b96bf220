"""The archive as the settings say."""

from datetime import timedelta

import redis.asyncio

from readmodel.archive.archive import Archive
from readmodel.archive.folder import Folder
from readmodel.engine.folding.lease import Leases
from readmodel.engine.log.archiver import Archiver, Cutting
from readmodel.engine.log.history import History
from readmodel.engine.log.retention import Retention
from readmodel.settings import Settings
from readmodel.stores.gaps import GapTable


def history_of(settings: Settings, client: "redis.asyncio.Redis") -> History:
    """The events in the archive and in the streams, with the gaps that operators have accepted."""
    return History(client, Archive(Folder(settings.archive)), GapTable(str(settings.database_url)))


def archiver_of(settings: Settings, history: History, leases: Leases) -> Archiver:
    """What keeps the archive of a history."""
    assert history.archive
    cutting = Cutting(
        settings.archive_segment_rows,
        timedelta(seconds=settings.archive_segment_seconds),
        timedelta(seconds=settings.archive_grace_seconds),
    )
    retention = Retention(history.streams, timedelta(seconds=settings.stream_tail_seconds))
    return Archiver(history, history.archive, leases, cutting, retention)
