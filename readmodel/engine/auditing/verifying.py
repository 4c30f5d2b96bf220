"""Do archive, streams and stores fit together, and what will a start make of it? For after a restore; it only looks."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path

import duckdb

from readmodel.archive.archive import Superseded
from readmodel.engine.builds.work import Shown, Work, followed
from readmodel.engine.log.gap import Fault, HistoryGap
from readmodel.engine.log.history import History
from readmodel.engine.log.relations import relations_upto
from readmodel.engine.plan import Plan
from readmodel.engine.projection import POSTGRES, StoreName
from readmodel.engine.relation import relations_of
from readmodel.events.event import contracts, stream_of, streams
from readmodel.events.position import START, format_position
from readmodel.stores.erasures import ErasureTable
from readmodel.stores.reading import Reader, Row
from readmodel.stores.sql import read_sql
from readmodel.stores.store import StatementRefused

_SQL = read_sql("readmodel.stores", "verifying.sql").sections
_NAMED = 10
"""Users that one finding names."""


class State(StrEnum):
    """What becomes of it."""

    FINE = "fine"
    BY_ITSELF = "by itself"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about something, what becomes of it, and what an operator types if it is up to one."""

    about: str
    state: State
    says: str
    type: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Stream:
    """How far a stream goes, and what is wrong where the archive ends."""

    archived: int
    last: int
    fault: Fault | None

    @property
    def head(self) -> int:
        return max(self.archived, self.last)


@dataclass(frozen=True)
class Verifier:
    """Looks at everything that a restore may have left at different moments."""

    plans: Sequence[Plan]
    history: History
    readers: Mapping[StoreName, Reader]
    erasures: ErasureTable
    scratch: Path
    beforehand: Sequence[Finding] = ()

    async def verify(self) -> AsyncGenerator[Shown, None]:
        """What is being looked at, again and again, and at last the findings as the outcome.

        HistoryUnavailable, StoreUnavailable where it cannot be told.
        """
        work = Work()
        async with aclosing(followed(work, self._verify(work))) as steps:
            async for step in steps:
                yield step

    async def _verify(self, work: Work) -> Shown:
        found, ends = list(self.beforehand), dict[str, _Stream]()
        for stream in streams():
            work.begin(f"reading the archive of {stream}")
            damage = await asyncio.to_thread(self._damage, stream, work)
            found += damage
            if not damage:
                ends[stream], about = await self._stream(stream)
                found.append(about)
        work.begin("looking at cursors")
        rows = {store: await self._rows(store, "cursors") for store in self.readers}
        for plan in self.plans:
            found += await self._plan(plan, [row for row in rows[plan.store] if _is_of(plan, row)], ends)
        found += self._leases(await self._rows(POSTGRES, "leases"), rows)
        work.begin("looking for erased users")
        found += await self._erasures(ends)
        return {"findings": [asdict(finding) for finding in found]}

    def _damage(self, stream: str, work: Work) -> list[Finding]:
        archive = self.history.archive
        assert archive
        what = f"the archive of {stream}"
        try:
            damage = list(archive.verify(stream, work.add))
        except Superseded:
            return self._damage(stream, work)
        return [Finding(what, State.OPERATOR, str(error)) for error in damage]

    async def _stream(self, stream: str) -> tuple[_Stream, Finding]:
        end = await self.history.end(stream, fresh=True)
        archived, sha256 = (end.upto, end.last_sha256) if end else (START, None)
        last = (await self.history.state(stream)).last
        fault = await self.history.fault(stream, archived, sha256)
        if fault and await self.history.gap_at(stream, fault.position):
            fault = None
        ends = f"archived up to {format_position(archived)}, and the stream ends at {format_position(last)}"
        if fault:
            says = (
                f"{ends}: {fault.reason}. What was published in between is lost, unless the stream is restored; nothing"
                " of it is folded or archived until then"
            )
            return _Stream(archived, last, fault), Finding(stream, State.OPERATOR, says, (f"accept-gap {stream}",))
        return _Stream(archived, last, None), Finding(stream, State.FINE, ends)

    async def _plan(self, plan: Plan, rows: Sequence[Row], ends: Mapping[str, _Stream]) -> list[Finding]:
        live = {row["stream"]: row for row in rows if row["is_live"]}
        return [
            await self._cursor(plan, live.get(stream), ends[stream], stream)
            if stream in ends
            else Finding(plan.key, State.OPERATOR, f"stops until the archive of {stream} is whole")
            for stream in plan.streams
        ]

    async def _cursor(self, plan: Plan, row: Row | None, end: _Stream, stream: str) -> Finding:
        position, sha256 = (row["position"], row["last_sha256"]) if row else (START, None)
        at = f"is at {format_position(position)} of {stream}"
        fault = await self.history.fault(stream, position, sha256)
        if fault and not await self.history.gap_at(stream, fault.position):
            types = [f"accept-gap {stream}"]
            if position > end.archived or fault.position == position:
                # What it has folded is in no history any more, so its tables are not what history says either.
                types.append(f"rebuild {plan.key}")
            says = f"{at}, and stops: {fault.reason}; what is left ends at {format_position(end.head)}"
            return Finding(plan.key, State.OPERATOR, says, types)
        if position >= end.head:
            return Finding(plan.key, State.FINE, at)
        older = position < end.archived
        behind = f"older than the archive's end, {format_position(end.archived)}" if older else "behind the stream"
        return Finding(plan.key, State.BY_ITSELF, f"{at}, {behind}: it catches up by itself")

    def _leases(self, leases: Sequence[Row], rows: Mapping[StoreName, Sequence[Row]]) -> list[Finding]:
        found = [
            Finding(
                f"the lease of {row['projection']}",
                State.FINE,
                f"is held by {row['owner']}, which runs, or ran a moment ago",
            )
            for row in leases
            if row["is_held"]
        ]
        epochs = {row["projection"]: row["epoch"] for row in leases}
        for plan in self.plans:
            epoch = max((row["epoch"] for row in rows[plan.store] if _is_of(plan, row)), default=0)
            if epoch > epochs.get(plan.lease, 0):
                says = f"has the epoch {epoch}, beyond that of its lease, as Postgres is older: it is passed by itself"
                found.append(Finding(plan.key, State.BY_ITSELF, says))
        return found

    async def _erasures(self, ends: Mapping[str, _Stream]) -> list[Finding]:
        found: list[Finding] = []
        try:
            for digest, began in await self.erasures.unfinished():
                says = f"of {digest[:12]}..., begun at {began:%Y-%m-%d %H:%M:%S} UTC, is not finished: repeat it"
                found.append(Finding("an erasure", State.OPERATOR, says, ("erase-user ID",)))
        except StatementRefused:
            pass  # Postgres is empty
        if all(stream in ends and not ends[stream].fault for stream in streams()):
            found += await self._came_back(ends)
        return found

    async def _came_back(self, ends: Mapping[str, _Stream]) -> list[Finding]:
        """Users that are erased, and whose events history has all the same, because it is older than their erasure."""
        archive = self.history.archive
        assert archive
        found: list[Finding] = []
        for stream, end in ends.items():
            first = (await self.history.state(stream)).first
            erased = await asyncio.to_thread(archive.erased, stream, max(START, first - 1), end.last)
            raws = (await self.history.streams.look(stream, erased)).raws if erased else {}
            if count := sum(raw is not None for raw in raws.values()):
                says = f"has {count} entries that were erased, from an older backup"
                found.append(Finding(stream, State.OPERATOR, says, ("erase-user ID, of any of those erased",)))
        try:
            users = await self._erased_with_events(ends)
        except HistoryGap as error:
            return [*found, Finding("erased users", State.OPERATOR, f"were not looked for: {error}")]
        if users:
            named = ", ".join(users[:_NAMED]) + (" and others" if len(users) > _NAMED else "")
            says = f"of which history still has events: {named}"
            types = tuple(f"erase-user {user}" for user in users[:_NAMED])
            found.append(Finding("erased users", State.OPERATOR, says, types))
        return found

    async def _erased_with_events(self, ends: Mapping[str, _Stream]) -> list[str]:
        users: set[str] = set()
        for erasure in {plan.declared.erased_by for plan in self.plans if plan.declared.erased_by}:
            column = erasure.column
            events = [event for event in contracts().values() if column in event.model_fields]
            upto = {stream_of(event.type): ends[stream_of(event.type)].head for event in events}
            relations = await relations_upto(self.history, events, upto, self.scratch)
            erased = relations_of(erasure.event)[0].name
            with duckdb.connect() as database:
                relations.attach(database)
                for event in (event for event in events if event is not erasure.event):
                    name = relations_of(event)[0].name
                    query = f"SELECT DISTINCT {column} FROM {name} WHERE {column} IN (SELECT {column} FROM {erased})"
                    users |= {user for (user,) in database.execute(query).fetchall()}
            relations.close()
        return sorted(islice(users, 1_000))

    async def _rows(self, store: StoreName, statement: str) -> list[Row]:
        try:
            async with self.readers[store].snapshot() as snapshot:
                return await snapshot.fetch(_SQL[statement], {})
        except StatementRefused:
            return []  # nothing was ever kept there


def _is_of(plan: Plan, row: Row) -> bool:
    return (row["projection"], row["version"]) == (plan.name, plan.version)
