"""Rebuilding a projection from history while it is kept and served, and showing one build instead of another.

A rebuild computes the definition over history up to where the projection stands, loads it beside the live build, folds
what has come since, and flips the pointer between two folds. docs/decisions/0012 tells why it is done so.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from readmodel.engine.batch import batch_of
from readmodel.engine.building import Builder, Building
from readmodel.engine.committer import Committer
from readmodel.engine.differing import Differing
from readmodel.engine.history import History
from readmodel.engine.lease import Leases
from readmodel.engine.letters import Letters
from readmodel.engine.ownership import Keeper, Owned
from readmodel.engine.plan import Plan
from readmodel.engine.projection import StoreName
from readmodel.engine.relations import relations_upto
from readmodel.engine.room import lacking
from readmodel.engine.scratch import FOLDER
from readmodel.engine.vector import Vector
from readmodel.engine.work import Shown, Work
from readmodel.errors import ReadModelError
from readmodel.events.position import START
from readmodel.stores.copying import Copier
from readmodel.stores.store import Cursor, Store, StoreUnavailable, Version

CLOSE = 2_000
"""Events that a build may be behind when the folds are held up for it to catch up."""

_HINTS = {
    "kept": "make one with `readmodel rebuild --no-swap`",
    "previous": "it has not been rebuilt since it was first built, or the build before was dropped, as an erasure does",
}
T = TypeVar("T")


class RebuildRefused(ReadModelError):
    """{projection} is not rebuilt: {reason}"""


class NothingToShow(ReadModelError):
    """{projection} has no {which} build: {hint}"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whether the build is to be shown, and compared with the one that is, and up to where it goes (where that is)."""

    swap: bool = True
    diff: bool = False
    until: Vector | None = None


class Rebuilds:
    """Makes and shows builds of the projections that this process keeps, or that nobody keeps."""

    def __init__(
        self,
        open_store: Callable[[Plan], Store],
        history: History,
        keepers: Mapping[str, Keeper],
        leases: Leases,
        letters: Letters,
        copiers: Mapping[StoreName, Copier],
        data_dir: Path,
    ) -> None:
        self._open_store = open_store
        self._history = history
        self._keepers = keepers
        self._leases = leases
        self._letters = letters
        self._copiers = copiers
        self._data_dir = data_dir

    async def rebuild(self, plan: Plan, wanted: Wanted, work: Work) -> Shown:
        """Build a projection anew: which build was made, and whether it is shown.

        RebuildRefused where another rebuild of it is under way or there is no room; NotOwner where another process
        keeps it; HistoryGap where history is incomplete; what `Store.load` raises. Then all is as it was before.
        """
        if wanted.until is not None and (wanted.swap or wanted.diff):
            raise RebuildRefused(
                projection=plan.key, reason="what ends before the head is only to be looked at: --no-swap"
            )
        async with self.alone(plan) as store:
            building = await self._prepared(plan, store, wanted, work)
            try:
                await self._build(building, store, work)
                difference = await self._difference(building, store, work) if wanted.diff else None
                if wanted.swap:
                    await self._show(plan, building.version, store, work)
                else:
                    await self._keep(plan, store, building.version)
            except BaseException:
                await _thread(store.drop, building.version)
                raise
            finally:
                building.relations.close()
            if wanted.swap:
                await _thread(_tidy, plan, store)
            return _outcome(plan, building.version, is_shown=wanted.swap) | {"diff": difference}

    async def build_first(self, plan: Plan, work: Work) -> Shown | None:
        """Build a version that has not begun, where there is history: which build was made, None where none was."""
        async with self._keepers[plan.key].between_folds() as owned:
            has_begun = any(cursor.position > START for cursor in owned.cursors.values())
        states = [await self._history.state(stream) for stream in plan.streams]
        if has_begun or not any(state.last > START for state in states):
            return None
        return await self.rebuild(plan, Wanted(), work)

    async def tidy(self, plan: Plan) -> None:
        """Drop what a process that died in the middle of a rebuild left; what is being rebuilt is let alone."""
        with suppress(RebuildRefused):
            async with self.alone(plan) as store:
                await _thread(_tidy, plan, store, keep=True)

    async def swap(self, plan: Plan, work: Work) -> Shown:
        """Show the build that was made without being shown; NothingToShow without one."""
        return await self._go_to(plan, "kept", work)

    async def rollback(self, plan: Plan, work: Work) -> Shown:
        """Show the build that was shown before, once it has caught up; NothingToShow without one."""
        return await self._go_to(plan, "previous", work)

    async def abandon(self, plan: Plan, work: Work) -> Shown:
        """Drop the build that was made without being shown; NothingToShow without one."""
        work.begin("dropping")
        async with self.alone(plan) as store:
            version = await self._pointed_at(plan, "kept", store)
            await _thread(store.drop, version)
            return _outcome(plan, version, is_shown=False)

    async def _go_to(self, plan: Plan, which: str, work: Work) -> Shown:
        async with self.alone(plan) as store:
            version = await self._pointed_at(plan, which, store)
            await self._show(plan, version, store, work)
            await _thread(_tidy, plan, store)
            return _outcome(plan, version, is_shown=True)

    async def _pointed_at(self, plan: Plan, which: str, store: Store) -> Version:
        pointer = await _thread(store.pointer, plan.as_version)
        build = getattr(pointer, which) if pointer else None
        if build is None:
            raise NothingToShow(projection=plan.key, which=which, hint=_HINTS[which])
        return replace(plan.as_version, build=build)

    @asynccontextmanager
    async def alone(self, plan: Plan) -> AsyncIterator[Store]:
        """A store for one plan, while nobody else rebuilds it."""
        lease = f"rebuild of {plan.lease}"
        # Whatever is committed is guarded by the epoch of the projection's own lease, so losing this one does no harm.
        if await self._leases.try_hold(lease, lambda: None) is None:
            raise RebuildRefused(projection=plan.key, reason="a rebuild of it is under way; wait for its end")
        try:
            with closing(self._open_store(plan)) as store:
                yield store
        finally:
            with suppress(StoreUnavailable):
                await self._leases.let_go(lease)

    async def _prepared(self, plan: Plan, store: Store, wanted: Wanted, work: Work) -> Building:
        """What is to be built, once there is room for it."""
        work.begin("reading history")
        async with self._keepers[plan.key].between_folds() as owned:
            left_out = await self._letters.left_out(plan)
        number = await _thread(_next_build, plan, store)
        cursors = await self._until(plan, wanted.until, owned)
        if reason := lacking(self._data_dir, sum(cursor.entries for cursor in cursors.values())):
            raise RebuildRefused(projection=plan.key, reason=reason)
        upto = {stream: cursor.position for stream, cursor in cursors.items()}
        relations = await relations_upto(self._history, plan.events, upto, self._data_dir / FOLDER)
        version = replace(plan.as_version, build=number)
        return Building(plan, version, owned.epoch, owned.version, relations, left_out, cursors)

    async def _until(self, plan: Plan, until: Vector | None, owned: Owned) -> Mapping[str, Cursor]:
        """How far to build: as far as the live build is, or to the head where that has not begun."""
        if until is None and any(cursor.position > START for cursor in owned.cursors.values()):
            return owned.cursors
        found: dict[str, Cursor] = {}
        for stream in plan.streams:
            last = (await self._history.state(stream)).last
            position = min(last, until.get(stream, last)) if until else last
            found[stream] = await self._history.standing(stream, position)
        return found

    async def _build(self, building: Building, store: Store, work: Work) -> None:
        builder = Builder(building, store, self._data_dir, work)
        task = asyncio.create_task(_thread(builder.build))
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            builder.interrupt()
            with suppress(Exception):
                await task
            raise

    async def _show(self, plan: Plan, version: Version, store: Store, work: Work) -> None:
        """Bring a build to where the live one is, and flip the pointer to it between two folds."""
        async with self._beside(plan, version, store, work) as (owned, cursors):
            await _thread(store.go_live, version, owned.epoch)
            owned.adopt(version, cursors)

    async def _difference(self, building: Building, store: Store, work: Work) -> Shown:
        """What showing a build would change, both as of the same position."""
        plan = building.plan
        async with AsyncExitStack() as stack:
            async with self._beside(plan, building.version, store, work) as (owned, _):
                differing = Differing(plan, owned.version, building.version, self._copiers[plan.store], self._data_dir)
                await _thread(differing.look)
                stack.push_async_callback(_thread, differing.close)
            work.begin("comparing")
            return await _thread(differing.found)

    @asynccontextmanager
    async def _beside(
        self, plan: Plan, version: Version, store: Store, work: Work
    ) -> AsyncIterator[tuple[Owned, dict[str, Cursor]]]:
        """A block between two folds, in which a build is exactly as far as the live one."""
        work.begin("catching up")
        # What was erased since is counted by the live build and can be folded by no other, so counts alone will not do.
        was_close = False
        while True:
            async with self._keepers[plan.key].between_folds() as owned:
                cursors = await _thread(store.take_over, version, owned.epoch, plan.streams)
                if was_close or _entries(owned.cursors) - _entries(cursors) <= CLOSE:
                    yield owned, await self._fold(plan, version, store, cursors, owned, work)
                    return
            reached = await self._fold(plan, version, store, cursors, owned, work)
            was_close = _entries(reached) - _entries(cursors) <= CLOSE

    async def _fold(
        self, plan: Plan, version: Version, store: Store, cursors: Mapping[str, Cursor], owned: Owned, work: Work
    ) -> dict[str, Cursor]:
        """Fold into a build what it lacks of the live one."""
        committer, reached = Committer(plan, store, version), dict(cursors)
        for stream in plan.streams:
            async for entries in self._history.pages(stream, reached[stream].position, owned.cursors[stream].position):
                before = reached[stream]
                batch = await asyncio.to_thread(batch_of, stream, entries, before.position)
                await _thread(committer.fold, batch, owned.epoch, before.position)
                reached[stream] = Cursor(batch.upto, before.entries + len(entries), batch.last_sha256)
                work.add(len(entries))
        return reached

    async def _keep(self, plan: Plan, store: Store, version: Version) -> None:
        async with self._keepers[plan.key].between_folds() as owned:
            await _thread(store.keep, plan.as_version, owned.epoch, version.build)


def _entries(cursors: Mapping[str, Cursor]) -> int:
    return sum(cursor.entries for cursor in cursors.values())


def _next_build(plan: Plan, store: Store) -> int:
    """A number that no build has, after what an interrupted rebuild left, or one not shown, is gone."""
    _tidy(plan, store)
    return max(store.builds(plan.as_version), default=0) + 1


def _tidy(plan: Plan, store: Store, *, keep: bool = False) -> None:
    """Drop every build but the live one, the one to go back to and, if asked, the one that is kept to be looked at."""
    pointer = store.pointer(plan.as_version)
    wanted = {pointer.live, pointer.previous, pointer.kept if keep else None} if pointer else {plan.as_version.build}
    for build in store.builds(plan.as_version) - wanted:
        store.drop(replace(plan.as_version, build=build))


def _outcome(plan: Plan, version: Version, *, is_shown: bool) -> Shown:
    return {"projection": plan.name, "store": str(plan.store), "build": version.build, "schema": version.schema} | {
        "live": is_shown
    }


async def _thread(call: Callable[..., T], *arguments: Any, **named: Any) -> T:
    """Run what blocks, to its end: a store must not be asked for anything while it is still at work."""
    task = asyncio.create_task(asyncio.to_thread(call, *arguments, **named))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        with suppress(Exception):
            await task
        raise
