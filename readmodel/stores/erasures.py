"""The record of erasures: what was removed from where, when and by whom."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
import psycopg
from psycopg.rows import TupleRow

from readmodel.stores.connections import CONNECT_SECONDS, AsyncLimited
from readmodel.stores.sql import for_psycopg, read_sql
from readmodel.stores.store import StoreUnavailable

_SQL = {name: for_psycopg(text) for name, text in read_sql("readmodel.stores", "erasures.sql").sections.items()}


@dataclass(slots=True)
class Record:
    """One erasure; the subject is known by the SHA-256 of its id alone."""

    subject_sha256: str
    erased_by: str
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    finished_at: datetime | None = None
    removed: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As an answer shows it, and as it is kept beside the archive."""
        return {
            "subject_sha256": self.subject_sha256,
            "erased_by": self.erased_by,
            "began_at": _instant(self.began_at),
            "finished_at": self.finished_at and _instant(self.finished_at),
            "removed": self.removed,
        }


class ErasureTable:
    """The table. It is rarely asked, so each time on a connection of its own."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def save(self, record: Record) -> None:
        """Keep a record as it is now; StoreUnavailable when Postgres is away."""
        values = {
            "subject_sha256": record.subject_sha256,
            "began_at": record.began_at,
            "finished_at": record.finished_at,
            "erased_by": record.erased_by,
            "removed": orjson.dumps(record.removed).decode(),
        }
        await self._run("save", values)

    async def unfinished(self) -> list[tuple[str, datetime]]:
        """Digest and beginning of those that were interrupted."""
        return [(str(digest), began) for digest, began in await self._run("unfinished", {})]

    async def _run(self, statement: str, values: Mapping[str, Any]) -> list[Any]:
        try:
            async with await AsyncLimited[TupleRow].connect(
                self._url, autocommit=True, connect_timeout=CONNECT_SECONDS
            ) as connection:
                cursor = await connection.execute(_SQL[statement], values)
                return await cursor.fetchall() if cursor.description else []
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise StoreUnavailable(store="Postgres", reason=str(error).strip()) from error


def _instant(value: datetime) -> str:
    return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"
