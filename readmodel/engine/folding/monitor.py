"""How every projection is doing: the rows of `status --json`, the lag that answers show, and readiness."""

import asyncio
import logging
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from readmodel.archive.manifest import ArchiveDamaged
from readmodel.engine.auditing.staleness import Staleness
from readmodel.engine.folding.progress import State
from readmodel.engine.folding.runner import Runner
from readmodel.engine.folding.stalls import Stalls
from readmodel.engine.log.history import History, HistoryUnavailable, StreamState
from readmodel.engine.plan import Plan
from readmodel.engine.projection import StoreName
from readmodel.events.position import format_position
from readmodel.stores.reading import Reader, Row
from readmodel.stores.sql import read_sql
from readmodel.stores.store import StoreUnavailable

LOOK_EVERY = 1.0
"""Seconds between looks."""
STALL_SECONDS = 60.0
"""For a projection to gain nothing, until that is an alarm."""
FOLDING = {State.CATCHING_UP, State.LIVE, State.RETRYING}

_SQL = read_sql("readmodel.stores", "reading.sql").sections
log = logging.getLogger(__name__)

Status = dict[str, Any]
"""One row of `status --json`."""


class Monitor:
    """Looks at cursors and streams once a second, so that nobody else has to. Without runners it reads the stores."""

    def __init__(
        self,
        plans: Sequence[Plan],
        readers: Mapping[StoreName, Reader],
        history: History,
        runners: Mapping[str, Runner] | None = None,
        unknown: Mapping[str, Counter[str]] | None = None,
        reading: Callable[[], Mapping[str, bool]] = dict,
        archive_alarms: Callable[[], Mapping[str, str]] = dict,
        stall_seconds: float = STALL_SECONDS,
        staleness: Staleness | None = None,
    ) -> None:
        self._plans = plans
        self._readers = readers
        self._history = history
        self._runners = runners or {}
        self._unknown = unknown or {}
        self._reading = reading
        self._staleness = staleness
        self._put_aside: object = None
        self._archive_alarms = archive_alarms
        self._stalls = Stalls(stall_seconds)
        self._statuses: list[Status] = []
        self._trouble: str | None = "it has only just started"

    async def watch(self) -> None:
        """Look for ever."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_EVERY)

    async def look(self) -> None:
        """Look once."""
        try:
            self._statuses = await self._collect()
            self._watch_gains()
            await self._refresh()
            self._trouble = None
        except (StoreUnavailable, HistoryUnavailable, ArchiveDamaged) as error:
            # What was seen last stays; the trouble shows in `ready`, and the runners report it themselves.
            self._trouble = str(error)
            for status in self._statuses:
                status["last_error"] = self._trouble

    def statuses(self) -> list[Status]:
        """One row per projection and store, in order of name."""
        return [self._with_runner(status) for status in self._statuses]

    def lag_seconds(self, names: Sequence[str]) -> float:
        """The age of the oldest event that one of the named projections has not folded yet; 0 without one."""
        return max((s["lag_seconds"] for s in self._statuses if s["name"] in names), default=0.0)

    def stale_since(self, names: Sequence[str], *texts: bytes) -> datetime | None:
        """Since when an answer from these projections is stale, in which the texts stand; None where it is not."""
        return self._staleness.since(names, *texts) if self._staleness else None

    def ready(self) -> tuple[bool, str]:
        """Whether questions can be answered, and what is wrong if not. Catching up is not wrong."""
        if self._trouble:
            return False, self._trouble
        if unread := [stream for stream, is_read in self._reading().items() if not is_read]:
            return False, f"not being read: {', '.join(unread)}"
        stopped = [runner.plan.key for runner in self._runners.values() if runner.progress.state is State.STOPPED]
        stopped += [f"the archive of {stream}" for stream in self._archive_alarms()]
        return True, f"stopped: {', '.join(stopped)}" if stopped else "ok"

    async def _refresh(self) -> None:
        """Read the quarantine again when it is no longer what it was."""
        put_aside = [(s["name"], s["quarantined"], s["discarded"], s["last_error"]) for s in self._statuses]
        if self._staleness and put_aside != self._put_aside:
            await self._staleness.refresh()
            self._put_aside = put_aside

    def _watch_gains(self) -> None:
        for status in self._statuses:
            key = _key(status)
            if key in self._runners and self._runners[key].progress.state in FOLDING:
                self._stalls.seen(key, status["lag_events"], status["lag_seconds"])
            else:
                self._stalls.forget(key)

    async def _collect(self) -> list[Status]:
        streams = {stream for plan in self._plans for stream in plan.streams}
        states = {stream: await self._history.state(stream) for stream in streams}
        statuses: list[Status] = []
        for store in {plan.store for plan in self._plans}:
            async with self._readers[store].snapshot() as snapshot:
                cursors = await snapshot.fetch(_SQL["versions"], {})
                quarantined = await snapshot.fetch(_SQL["quarantined"], {})
            here = [plan for plan in self._plans if plan.store is store]
            statuses += [await self._status(p, _of(p, cursors), _of(p, quarantined), states) for p in here]
        return sorted(statuses, key=lambda status: (status["name"], status["store"]))

    async def _status(
        self, plan: Plan, cursors: list[Row], quarantined: list[Row], states: Mapping[str, StreamState]
    ) -> Status:
        positions = dict.fromkeys(plan.streams, 0) | {row["stream"]: row["position"] for row in cursors}
        entries: Mapping[str, int] = defaultdict(int, {row["stream"]: row["entries"] for row in cursors})
        behind = {stream for stream in plan.streams if positions[stream] < states[stream].last}
        return {
            "name": plan.name,
            "version": plan.version,
            "store": str(plan.store),
            "state": "not running",
            "cursors": {stream: format_position(positions[stream]) for stream in plan.streams},
            # Exact as long as nothing was deleted from the stream; never negative, and 0 at the head whatever was.
            "lag_events": sum(max(1, states[stream].added - entries[stream]) for stream in behind),
            "lag_seconds": await self._lag_seconds({stream: positions[stream] for stream in behind}),
            "rate": 0.0,
            "quarantined": sum(row["quarantined"] for row in quarantined),
            "discarded": sum(row["discarded"] for row in quarantined),
            "reading": dict.fromkeys(plan.streams, False),
            "unknown_events": {},
            "last_error": next((_put_aside(row) for row in quarantined if row["quarantined"]), None),
        }

    async def _lag_seconds(self, behind: Mapping[str, int]) -> float:
        added = [await self._history.oldest_after(stream, position) for stream, position in behind.items()]
        return round(max((max(0.0, time.time() - at) for at in added if at is not None), default=0.0), 3)

    def _with_runner(self, status: Status) -> Status:
        runner = self._runners.get(_key(status))
        if runner is None:
            return status
        unknown = sum((self._unknown.get(stream, Counter()) for stream in runner.plan.streams), Counter[str]())
        reading = self._reading()
        errors = [self._stalls.alarm(_key(status)), runner.progress.last_error or status["last_error"]]
        return status | {
            "reading": {stream: reading.get(stream, False) for stream in runner.plan.streams},
            "state": str(runner.progress.state),
            "rate": round(runner.progress.rate(), 1),
            "unknown_events": dict(unknown),
            "last_error": "; ".join(error for error in errors if error) or None,
        }


def _key(status: Status) -> str:
    return f"{status['name']}@{status['store']}"


def _put_aside(row: Row) -> str:
    return f"put aside {row['stream']} {format_position(row['position'])}: {row['error']}"


def _of(plan: Plan, rows: list[Row]) -> list[Row]:
    return [row for row in rows if (row["projection"], row["version"]) == (plan.name, plan.version)]
