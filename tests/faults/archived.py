"""What the archive holds, read from its files one by one: the manifests say which of them count."""

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import redis

from readmodel.archive.archive import Archive
from readmodel.archive.folder import Folder
from readmodel.archive.segment import POSITION, RAW
from readmodel.events.event import streams
from readmodel.events.position import format_position, parse_position
from tests.faults.cleanness import last_ids
from tests.faults.publisher import Publisher
from tests.service import SECRET, ServiceProcess, wait_until

LONGEST = 60.0
"""Seconds to archive what is left after the last fault."""


def settle_archive(service: ServiceProcess) -> None:
    """Wait until all of every stream is archived, each trimmed down to its last entry, and no file too many."""
    ends = last_ids(service)

    def archived() -> dict[str, str]:
        rows = service.get("/api/v1/ops/archive", **{"X-Service-Key": SECRET})["streams"]
        return {row["stream"]: row["archived_upto"] for row in rows}

    wait_until(lambda: archived() == ends, lambda: f"{archived()} of {ends}\n{service.log()[-3000:]}", LONGEST)
    wait_until(lambda: not untidy(service.data_dir), lambda: f"{untidy(service.data_dir)}\n{service.log()[-3000:]}")
    with redis.Redis.from_url(service.environment["REDIS_URL"]) as client:

        def left() -> dict[str, Any]:
            return {stream: client.xlen(stream) for stream in streams()}

        wait_until(lambda: set(left().values()) == {1}, lambda: f"not trimmed: {left()}")


def untidy(data_dir: Path) -> list[str]:
    """Files and folders that belong to no segment that counts, or that are missing."""
    archive, odd = archive_in(data_dir), list[str]()
    for stream in streams():
        names = [link.segment.name for link in archive.chain(stream)]
        folder = data_dir / "archive" / stream
        found = {path.name for path in folder.iterdir()} if folder.exists() else set[str]()
        odd += sorted(found.symmetric_difference([*names, *(f"{name}.json" for name in names)]))
    return odd


def archive_in(data_dir: Path) -> Archive:
    """The archive as one sees it who has just come."""
    return Archive(Folder(str(data_dir / "archive")))


def faults(data_dir: Path, publisher: Publisher) -> list[str]:
    """Acknowledged events that are not in the archive, or not as they were; entries that are there twice; damage."""
    archive, wrong = archive_in(data_dir), list[str]()
    for stream in streams():
        wrong += [str(damage) for damage in archive.verify(stream)]
        held = rows(archive, data_dir, stream)
        counts, raws = Counter(position for position, _ in held), dict(held)
        wrong += [f"{stream} {format_position(at)} is there {n} times" for at, n in counts.items() if n > 1]
        sent = [(parse_position(entry_id), raw) for entry_id, raw in publisher.acknowledged[stream]]
        wrong += [f"{stream} {format_position(at)} is missing, or another" for at, raw in sent if raws.get(at) != raw]
    return wrong


def rows(archive: Archive, data_dir: Path, stream: str) -> list[tuple[int, bytes]]:
    """Position and bytes of all that the segments hold which count; what two of them hold counts in the second."""
    found: list[tuple[int, bytes]] = []
    for link in archive.chain(stream):
        for part in link.segment.parts:
            if part.has_raw:
                file = pq.read_table(data_dir / "archive" / link.segment.path_of(part), columns=[POSITION, RAW])
                held = zip(file[POSITION].to_pylist(), file[RAW].to_pylist(), strict=True)
                found += [(position, raw) for position, raw in held if position > link.after]
    return found
