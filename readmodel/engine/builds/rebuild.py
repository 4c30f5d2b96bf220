"""Rebuilding a projection from history while it is kept and served.

A rebuild computes the definition over history up to where the projection stands, loads it beside the live build, folds
what has come since, and flips the pointer between two folds. docs/decisions/0012 tells why it is done so.
"""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from readmodel.engine.blocking import to_its_end
from readmodel.engine.builds.building import Builder, Building
from readmodel.engine.builds.differing import Differing
from readmodel.engine.builds.room import lacking
from readmodel.engine.builds.scratch import FOLDER
from readmodel.engine.builds.showing import RebuildRefused, Showing, next_build, tidy
from readmodel.engine.builds.work import Shown, Work
from readmodel.engine.folding.letters import Letters
from readmodel.engine.folding.ownership import Owned
from readmodel.engine.log.history import History
from readmodel.engine.log.relations import relations_upto
from readmodel.engine.plan import Plan
from readmodel.engine.projection import StoreName
from readmodel.engine.vector import Vector
from readmodel.errors import ReadModelError
from readmodel.events.position import START
from readmodel.stores.copying import Copier
from readmodel.stores.store import Cursor, Store, StoreUnavailable, Version

_HINTS = {
    "kept": "make one with `readmodel rebuild --no-swap`",
    "previous": "it has not been rebuilt since it was first built, or the build before was dropped, as an erasure does",
}


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
        showing: Showing,
        history: History,
        letters: Letters,
        copiers: Mapping[StoreName, Copier],
        data_dir: Path,
    ) -> None:
        self._showing = showing
        self._history = history
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
        async with self._showing.alone(plan) as store:
            building = await self._prepared(plan, store, wanted, work)
            try:
                await self._build(building, store, work)
                difference = await self._difference(building, store, work) if wanted.diff else None
                if wanted.swap:
                    await self._showing.show(plan, building.version, store, work)
                else:
                    await self._keep(plan, store, building.version)
            except BaseException:
                with suppress(StoreUnavailable):  # what is left then is dropped at the next start
                    await to_its_end(tidy, plan, store)
                raise
            finally:
                building.relations.close()
            if wanted.swap:
                await to_its_end(tidy, plan, store)
            return _outcome(plan, building.version, is_shown=wanted.swap) | {"diff": difference}

    async def build_first(self, plan: Plan, work: Work) -> Shown | None:
        """Build a version that has not begun, where there is history: which build was made, None where none was."""
        async with self._showing.between_folds(plan) as owned:
            has_begun = any(cursor.position > START for cursor in owned.cursors.values())
        states = [await self._history.state(stream) for stream in plan.streams]
        if has_begun or not any(state.last > START for state in states):
            return None
        return await self.rebuild(plan, Wanted(), work)

    async def tidy(self, plan: Plan) -> None:
        """Drop what a process that died in the middle of a rebuild left; what is being rebuilt is let alone."""
        with suppress(RebuildRefused):
            async with self._showing.alone(plan) as store:
                await to_its_end(tidy, plan, store, keep=True)

    async def swap(self, plan: Plan, work: Work) -> Shown:
        """Show the build that was made without being shown; NothingToShow without one."""
        return await self._go_to(plan, "kept", work)

    async def rollback(self, plan: Plan, work: Work) -> Shown:
        """Show the build that was shown before, once it has caught up; NothingToShow without one."""
        return await self._go_to(plan, "previous", work)

    async def abandon(self, plan: Plan, work: Work) -> Shown:
        """Drop the build that was made without being shown; NothingToShow without one."""
        work.begin("dropping")
        async with self._showing.alone(plan) as store:
            version = await self._pointed_at(plan, "kept", store)
            await to_its_end(store.drop, version)
            return _outcome(plan, version, is_shown=False)

    async def _go_to(self, plan: Plan, which: str, work: Work) -> Shown:
        async with self._showing.alone(plan) as store:
            version = await self._pointed_at(plan, which, store)
            await self._showing.show(plan, version, store, work)
            await to_its_end(tidy, plan, store)
            return _outcome(plan, version, is_shown=True)

    async def _pointed_at(self, plan: Plan, which: str, store: Store) -> Version:
        pointer = await to_its_end(store.pointer, plan.as_version)
        build = getattr(pointer, which) if pointer else None
        if build is None:
            raise NothingToShow(projection=plan.key, which=which, hint=_HINTS[which])
        return replace(plan.as_version, build=build)

    async def _prepared(self, plan: Plan, store: Store, wanted: Wanted, work: Work) -> Building:
        """What is to be built, once there is room for it."""
        work.begin("reading history")
        async with self._showing.between_folds(plan) as owned:
            left_out = await self._letters.left_out(plan)
        number = await to_its_end(next_build, plan, store)
        cursors = await self._until(plan, wanted.until, owned)
        if reason := lacking(self._data_dir, sum(cursor.entries for cursor in cursors.values())):
            raise RebuildRefused(projection=plan.key, reason=reason)
        upto = {stream: cursor.position for stream, cursor in cursors.items()}
        relations = await relations_upto(self._history, plan.events, upto, self._data_dir / FOLDER)
        version = replace(plan.as_version, build=number)
        sizes = await to_its_end(_sizes, plan, owned.version, self._copiers[plan.store])
        return Building(plan, version, owned.epoch, owned.version, relations, left_out, cursors, sizes)

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
        task = asyncio.create_task(to_its_end(builder.build))
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            builder.interrupt()
            with suppress(Exception):
                await task
            raise

    async def _difference(self, building: Building, store: Store, work: Work) -> Shown:
        """What showing a build would change, both as of the same position."""
        plan = building.plan
        async with AsyncExitStack() as stack:
            async with self._showing.beside(plan, building.version, store, work) as owned:
                differing = Differing(plan, owned.version, building.version, self._copiers[plan.store], self._data_dir)
                stack.push_async_callback(to_its_end, differing.close)
                await to_its_end(differing.look)
            work.begin("comparing")
            return await to_its_end(differing.found)

    async def _keep(self, plan: Plan, store: Store, version: Version) -> None:
        async with self._showing.between_folds(plan) as owned:
            await to_its_end(store.keep, plan.as_version, owned.epoch, version.build)


def _sizes(plan: Plan, version: Version, copier: Copier) -> dict[str, int | None]:
    with copier.moment() as moment:
        return {shape.name: moment.size(version, shape) for shape in plan.shapes()}


def _outcome(plan: Plan, version: Version, *, is_shown: bool) -> Shown:
    return {"projection": plan.name, "store": str(plan.store), "build": version.build, "schema": version.schema} | {
        "live": is_shown
    }
