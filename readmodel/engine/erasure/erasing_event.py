"""The event that erases a user: published once, and folded by every projection that reads it."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from readmodel.engine.blocking import to_its_end
from readmodel.engine.erasure.subject import Subject
from readmodel.engine.folding.batch import batch_of
from readmodel.engine.folding.ownership import Keeper
from readmodel.engine.log.history import History
from readmodel.engine.log.relations import relations_upto
from readmodel.engine.plan import Plan
from readmodel.engine.projection import Erasure, StoreName
from readmodel.engine.relation import relations_of
from readmodel.events.cloudevent import CloudEvent
from readmodel.events.event import stream_of
from readmodel.events.ids import stable_id
from readmodel.events.position import START
from readmodel.stores.reading import Reader
from readmodel.stores.sql import read_sql
from readmodel.stores.store import Cursor

LOOK_EVERY = 0.1
"""Seconds between looks at a cursor."""

_VERSIONS = read_sql("readmodel.stores", "reading.sql").sections["versions"]


@dataclass(frozen=True)
class ErasingEvent:
    """Publishes it, and waits until it is folded; what nobody has folded for `patience` seconds is folded here."""

    plans: tuple[Plan, ...]
    history: History
    readers: Mapping[StoreName, Reader]
    keepers: Mapping[str, Keeper]
    scratch: Path
    patience: float

    async def published(self, subject: Subject) -> int:
        """Publish the event, unless the log has one for this subject: its position, of several the last."""
        event = subject.erasure.event
        stream = stream_of(event.type)
        upto = (await self.history.state(stream)).last
        relations = await relations_upto(self.history, [event], {stream: upto}, self.scratch)
        query = f"SELECT max(position) FROM {relations_of(event)[0].name} WHERE {subject.erasure.column} = $value"
        with duckdb.connect() as connection:
            relations.attach(connection)
            found = connection.execute(query, {"value": subject.value}).fetchone()
        relations.close()
        if found and found[0] is not None:
            return int(found[0])
        event_id = stable_id(event.type, subject.value)
        raw = CloudEvent(event.type, "readmodel", datetime.now(UTC), subject.event_data, event_id).to_json()
        return await self.history.streams.append(stream, raw)

    async def folded(self, erasure: Erasure, at: int) -> None:
        """Wait until every projection that reads the event is past it.

        NotOwner where a process that cannot be asked keeps one that does not go on; what folding and history raise.
        """
        stream = stream_of(erasure.event.type)
        for plan in (plan for plan in self.plans if erasure.event in plan.events):
            await self._folded(plan, stream, at)

    async def position(self, store: StoreName, name: str, version: int, stream: str) -> int:
        """How far a version of a projection is in a stream."""
        async with self.readers[store].snapshot() as snapshot:
            rows = await snapshot.fetch(_VERSIONS, {})
        meant = (row for row in rows if (row["projection"], row["version"], row["stream"]) == (name, version, stream))
        return next((int(row["position"]) for row in meant), START)

    async def _folded(self, plan: Plan, stream: str, at: int) -> None:
        since, seen = time.monotonic(), START
        while (position := await self.position(plan.store, plan.name, plan.version, stream)) < at:
            if position > seen:
                since, seen = time.monotonic(), position
            if time.monotonic() - since >= self.patience:
                await self._fold(plan, stream, at)
            else:
                await asyncio.sleep(LOOK_EVERY)

    async def _fold(self, plan: Plan, stream: str, at: int) -> None:
        async with self.keepers[plan.key].between_folds() as owned:
            cursor = owned.cursors[stream]
            async for entries in self.history.pages(stream, cursor.position, at):
                batch = await asyncio.to_thread(batch_of, stream, entries, cursor.position)
                await to_its_end(owned.committer.fold, batch, owned.epoch, cursor.position)
                cursor = Cursor(batch.upto, cursor.entries + len(entries), batch.last_sha256)
            owned.reload()
