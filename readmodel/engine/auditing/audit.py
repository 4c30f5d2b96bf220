"""The audit: does every table hold what its definition makes of history? It proves or disproves it, row by row."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import duckdb

from readmodel.engine.auditing.bench import Bench, Build, working
from readmodel.engine.auditing.lineage import Touch, touching
from readmodel.engine.builds.comparison import Comparison, Json, as_json, compare
from readmodel.engine.plan import Plan, PlannedTable
from readmodel.engine.vector import format_vector
from readmodel.errors import ReadModelError
from readmodel.stores.copying import Moment

EVENTS_SHOWN = 20
"""Events per row that differs, the deciding and the newest ones."""
REST = 4.0
"""How much longer than it works the background audit rests, from one projection to the next."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AuditedTable:
    """A table beside its definition: stored is left, defined is right; `events` go with the examples, in order."""

    name: str
    comparison: Comparison
    events: Sequence[Sequence[Touch]]

    def as_json(self) -> dict[str, Json]:
        """As an answer shows it: what is only `stored`, only `defined`, or both and not the same."""
        found = self.comparison
        return {
            "table": self.name,
            "stored": found.left,
            "defined": found.right,
            "only_stored": found.removed,
            "only_defined": found.added,
            "changed": found.changed,
            "changed_columns": found.changed_columns,
            "examples": [
                {
                    "key": example.key,
                    "kind": _KINDS[example.kind],
                    "columns": {name: {"stored": x, "defined": y} for name, (x, y) in example.columns.items()},
                    "events": [touch.as_json() for touch in telling(events, EVENTS_SHOWN)],
                }
                for example, events in zip(found.examples, self.events, strict=True)
            ],
        }


_KINDS = {"removed": "only_stored", "added": "only_defined", "changed": "changed"}


@dataclass(frozen=True, slots=True)
class Audited:
    """What an audit of one projection found, or the `error` that kept it from finding anything."""

    plan: Plan
    at: datetime
    seconds: float
    build: Build | None = None
    tables: Sequence[AuditedTable] = field(default_factory=tuple)
    error: str | None = None

    @property
    def differences(self) -> int:
        """How many rows are not what the definition says."""
        return sum(table.comparison.differing for table in self.tables)

    def as_json(self) -> dict[str, Json]:
        """As an answer shows it."""
        return {
            "projection": self.plan.name,
            "store": str(self.plan.store),
            "version": self.plan.version,
            "build": self.build and self.build.version.build,
            "position": self.build and format_vector(self.build.vector),
            "audited_at": as_json(self.at),
            "seconds": round(self.seconds, 3),
            "rows": sum(table.comparison.left for table in self.tables),
            "left_out": sum(map(len, self.build.left_out.values())) if self.build else 0,
            "differences": self.differences,
            "tables": [table.as_json() for table in self.tables],
            "error": self.error,
        }


class Audit:
    """Audits some projections, one after the other, and remembers what it found last."""

    def __init__(self, plans: Sequence[Plan], bench: Bench) -> None:
        self._plans = plans
        self._bench = bench
        self._last: dict[str, Audited] = {}
        self._turn = asyncio.Lock()

    def last(self) -> list[Audited]:
        """The last result of every projection that was audited since the start."""
        return [self._last[plan.key] for plan in self._plans if plan.key in self._last]

    @asynccontextmanager
    async def quiet(self) -> AsyncIterator[None]:
        """A block in which nothing is audited; what was found before it is forgotten, with the rows that it shows."""
        async with self._turn:
            yield
            self._last.clear()

    async def run(self, plan: Plan) -> Audited:
        """Audit one projection now, after those that are being audited. What goes wrong is said in the result."""
        async with self._turn:
            started, at = time.monotonic(), datetime.now(UTC)
            try:
                build, tables = await self._audited(plan)
                found = Audited(plan, at, time.monotonic() - started, build, tables)
            except (ReadModelError, duckdb.Error) as error:
                found = Audited(plan, at, time.monotonic() - started, error=str(error))
        self._last[plan.key] = found
        _report(found)
        return found

    async def watch(self, every: float, is_ours: Callable[[Plan], bool]) -> None:
        """Audit what this process keeps, again and again, with a rest after each, `every` so many seconds."""
        while True:
            await asyncio.sleep(every)
            for plan in filter(is_ours, self._plans):
                found = await self.run(plan)
                await asyncio.sleep(REST * found.seconds)

    async def _audited(self, plan: Plan) -> tuple[Build, list[AuditedTable]]:
        async with self._bench.database() as database:
            build = await self._bench.copied(plan, database, _copy)
            async with self._bench.attached(database, plan.events, build.vector, build.left_out):
                tables = [await working(database, partial(_audited, database, plan, table)) for table in plan.tables]
        return build, tables


def telling(touches: Sequence[Touch], count: int) -> list[Touch]:
    """Of many events the deciding and the newest ones, oldest first."""
    newest = len(touches) - count
    return [touch for nth, touch in enumerate(touches) if touch.is_deciding or nth >= newest]


def _copy(moment: Moment, build: Build, database: duckdb.DuckDBPyConnection) -> None:
    for shape in build.plan.shapes():
        moment.copy(build.version, shape, database, f"stored_{shape.name}")


def _audited(database: duckdb.DuckDBPyConnection, plan: Plan, table: PlannedTable) -> AuditedTable:
    stored, defined = f"stored_{table.table.name}", f"defined_{table.table.name}"
    database.execute(f"CREATE TABLE {defined} AS {plan.definition(table)}")
    comparison = compare(database, stored, defined, table.columns)
    # What has been compared need not fill the disk while the next table is.
    database.execute(f"DROP TABLE {stored}")
    database.execute(f"DROP TABLE {defined}")
    keys = [tuple(example.key[name] for name in table.table.key) for example in comparison.examples]
    return AuditedTable(table.table.name, comparison, touching(database, plan, table, keys) if keys else [])


def _report(found: Audited) -> None:
    if found.error:
        log.error("the audit of %s has failed: %s", found.plan.key, found.error)
    elif found.differences:
        log.error(
            "%s is not what its definition says: %d rows differ; `readmodel audit %s` names them",
            found.plan.key, found.differences, found.plan.name,
        )  # fmt: skip
