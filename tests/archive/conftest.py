"""An archive and the streams that it is made of, on a real Redis."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from redis.asyncio import Redis

from readmodel.archive.archive import Archive
from readmodel.archive.folder import Folder
from readmodel.engine.folding.lease import TTL, Leases
from readmodel.engine.log.archiver import Archiver, Cutting
from readmodel.engine.log.history import History
from readmodel.engine.log.retention import Retention
from readmodel.events.position import parse_position
from readmodel.stores import postgres
from readmodel.stores.gaps import GapTable
from readmodel.stores.leases import LeaseTable

PRICES = "cartsnitch.prices"
PRODUCT = "22222222-0000-4000-8000-000000000001"

Raws = list[tuple[int, bytes]]


def price(day: int, **more: Any) -> bytes:
    """A price event."""
    data = {
        "product_id": PRODUCT,
        "store_slug": "corner",
        "observed_date": f"2024-01-{day:02}",
        "regular_price": "1.99",
    }
    return orjson.dumps({"type": "cartsnitch.prices.updated", "source": "test", "data": data | more})


def receipt(items: int) -> bytes:
    """A receipt, whose items are a relation of their own."""
    line = {"product_name_raw": "MILK", "quantity": 1, "unit_price": "1.00", "extended_price": "1.00"}
    data = {"user_id": "ada", "store_slug": "corner", "receipt_id": "1", "purchase_date": "2024-01-01", "total": "1.00"}
    data |= {"items": [line] * items}  # type: ignore[dict-item]
    return orjson.dumps({"type": "cartsnitch.receipts.ingested", "source": "test", "data": data})


@dataclass
class Log:
    """A Redis whose streams are archived when a test says so."""

    redis: Redis
    history: History
    archive: Archive
    leases: Leases
    tail: timedelta = timedelta(hours=1)
    sent: dict[str, Raws] = field(default_factory=dict)

    async def add(self, *raws: bytes, stream: str = PRICES) -> None:
        """Add entries to a stream."""
        for raw in raws:
            entry_id: Any = await self.redis.xadd(stream, {"data": raw})
            self.sent.setdefault(stream, []).append((parse_position(entry_id.decode()), raw))

    async def archived(self, rows: int = 1_000, grace: float = 3600, stream: str = PRICES) -> None:
        """Archive all there is, in segments of so many entries, merge and trim, as the service would by and by."""
        retention = Retention(self.history.streams, self.tail)
        archiver = Archiver(
            self.history, self.archive, self.leases, Cutting(rows, timedelta(0), timedelta(seconds=grace)), retention
        )
        await archiver._look_at(stream)

    async def read(self, stream: str = PRICES, after: int = 0, upto: int = 2**63 - 1) -> Raws:
        """What history has."""
        pages = self.history.pages(stream, after, upto)
        return [(entry.position, entry.raw) async for entries in pages for entry in entries]

    def segments(self, stream: str = PRICES) -> list[tuple[int, int]]:
        """Level and entries of each segment in the chain."""
        chain = self.archive.chain(stream, fresh=True)
        return [(link.segment.level, link.segment.entries) for link in chain]


Open = Callable[..., Log]


@pytest.fixture
async def open_log(redis: Redis, database: str) -> AsyncIterator[Open]:
    """Opens the log as a process that has just started would: it remembers nothing."""
    postgres.migrate(database)
    leases = Leases(LeaseTable(database, "tests", TTL))

    def opened(url: str | Path, sent: dict[str, Raws] | None = None) -> Log:
        archive = Archive(Folder(str(url)))
        return Log(redis, History(redis, archive, GapTable(database)), archive, leases, sent=sent or {})

    yield opened
    await leases.close()


@pytest.fixture
def log(open_log: Open, tmp_path: Path) -> Log:
    """A log with an empty archive in a folder."""
    return open_log(tmp_path / "archive")
