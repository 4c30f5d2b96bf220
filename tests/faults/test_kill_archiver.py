"""kill -9 while streams are cut, merged and trimmed: every acknowledged event is in the archive, once."""

import random
import time
from pathlib import Path
from typing import Any

import redis as redis_client

from readmodel.archive.archive import Archive
from readmodel.archive.folder import Folder
from readmodel.events.position import parse_position
from tests.archive.conftest import PRICES, Raws, price
from tests.service import ServiceProcess, service_process, wait_until

KILLS = 6
LONGEST_RUN = 2.5
"""Seconds from the service's first answer to the kill, at most."""
SETTINGS = {
    "ARCHIVE_SEGMENT_ROWS": "100",
    "ARCHIVE_SEGMENT_SECONDS": "0.2",
    "ARCHIVE_GRACE_SECONDS": "0.5",
    "STREAM_TAIL_SECONDS": "0.5",
}


def test_every_acknowledged_event_is_archived_once(redis_db: str, database: str, tmp_path: Path, seed: int) -> None:
    """Whenever the service dies, the next one archives what is left; in the end no file is too many, none missing."""
    chance = random.Random(seed)
    sent: Raws = []
    with redis_client.Redis.from_url(redis_db) as client, service_process(redis_db, database, tmp_path) as service:
        service.environment |= SETTINGS
        for _ in range(KILLS):
            service.start()
            service.url()
            ends = time.monotonic() + chance.uniform(0.2, LONGEST_RUN)
            while time.monotonic() < ends:
                sent += publish(client, chance.randrange(1, 60), chance)
            service.kill()
        service.start()
        service.url()
        last = sent[-1][0]

        wait_until(lambda: archived_upto(tmp_path) == last, lambda: complaint(service, tmp_path, last), 120)
        wait_until(lambda: client.xlen(PRICES) == 1, lambda: f"{client.xlen(PRICES)} are left\n{service.log()[-2000:]}")
        wait_until(lambda: is_tidy(tmp_path), lambda: f"{files(tmp_path)}\n{service.log()[-2000:]}")
        service.stop()

    archive = Archive(Folder(str(tmp_path / "archive")))
    assert [row for _, rows in archive.entries(PRICES, 0, last) for row in rows] == sent
    assert list(archive.verify(PRICES)) == []


def publish(client: "redis_client.Redis", count: int, chance: random.Random) -> Raws:
    """Add price events: those that Redis has acknowledged."""
    raws = [price(chance.randrange(1, 29)) for _ in range(count)]
    with client.pipeline(transaction=False) as pipeline:
        for raw in raws:
            pipeline.xadd(PRICES, {"data": raw})
        added: list[Any] = pipeline.execute()
    return [(parse_position(entry_id.decode()), raw) for entry_id, raw in zip(added, raws, strict=True)]


def archived_upto(data_dir: Path) -> int:
    """Where the archive ends, as one who has just come sees it."""
    end = Archive(Folder(str(data_dir / "archive"))).end(PRICES)
    return end.upto if end else 0


def is_tidy(data_dir: Path) -> bool:
    """Whether there is nothing but the segments that count."""
    chain = Archive(Folder(str(data_dir / "archive"))).chain(PRICES)
    names = [link.segment.name for link in chain]
    return files(data_dir) == sorted([*names, *(f"{name}.json" for name in names)])


def files(data_dir: Path) -> list[str]:
    """What lies in the stream's folder."""
    return sorted(path.name for path in (data_dir / "archive" / PRICES).iterdir())


def complaint(service: ServiceProcess, data_dir: Path, last: int) -> str:
    """Why it takes so long."""
    return f"archived up to {archived_upto(data_dir)} of {last}\n{service.log()[-3000:]}"
