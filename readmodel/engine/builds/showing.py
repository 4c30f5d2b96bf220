"""Showing one build of a projection instead of another, while it is kept and served."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import replace

from readmodel.engine.blocking import to_its_end
from readmodel.engine.builds.work import Work
from readmodel.engine.folding.batch import batch_of
from readmodel.engine.folding.committer import Committer
from readmodel.engine.folding.lease import Leases
from readmodel.engine.folding.ownership import Keeper, Owned
from readmodel.engine.log.history import History
from readmodel.engine.plan import Plan
from readmodel.errors import ReadModelError
from readmodel.events.envelope import Entry
from readmodel.stores.store import Cursor, Store, StoreUnavailable, Version

CLOSE = 2_000
"""Events that a build may be behind when the folds are held up for it to catch up."""


class RebuildRefused(ReadModelError):
    """{projection} is not rebuilt: {reason}"""


class Showing:
    """Brings builds to where the live one is, and flips the pointer to them."""

    def __init__(
        self,
        open_store: Callable[[Plan], Store],
        history: History,
        keepers: Mapping[str, Keeper],
        leases: Leases,
    ) -> None:
        """`keepers` own the projections, by `name@store`."""
        self._open_store = open_store
        self._history = history
        self._keepers = keepers
        self._leases = leases

    @asynccontextmanager
    async def alone(self, plan: Plan) -> AsyncIterator[Store]:
        """A store for one plan, while nobody else makes or shows builds of it; RebuildRefused while somebody does."""
        lease = f"rebuild of {plan.lease}"
        # Losing it does no harm: a flip makes sure that the build is there, and that the projection's owner is its own.
        if await self._leases.try_hold(lease, lambda: None) is None:
            raise RebuildRefused(projection=plan.key, reason="a rebuild of it is under way; wait for its end")
        try:
            with closing(self._open_store(plan)) as store:
                yield store
        finally:
            with suppress(StoreUnavailable):
                await self._leases.let_go(lease)

    @asynccontextmanager
    async def between_folds(self, plan: Plan) -> AsyncIterator[Owned]:
        """Own the projection for a short block."""
        async with self._keepers[plan.key].between_folds() as owned:
            yield owned

    async def show(self, plan: Plan, version: Version, store: Store, work: Work) -> None:
        """Bring a build to where the live one is, and show it instead."""
        async with self.beside(plan, version, store, work) as owned:
            try:
                await to_its_end(_flip, store, version, owned.epoch)
            finally:
                # Also when it failed: a store that goes away in the middle does not tell on which side it did.
                owned.reload()

    @asynccontextmanager
    async def beside(self, plan: Plan, version: Version, store: Store, work: Work) -> AsyncIterator[Owned]:
        """A block between two folds, in which a build is exactly as far as the live one."""
        # What was erased since is counted by the live build and can be folded by no other, so counts alone will not do.
        was_close = False
        while True:
            async with self.between_folds(plan) as owned:
                cursors = await to_its_end(store.take_over, version, owned.epoch, plan.streams)
                behind = _entries(owned.cursors) - _entries(cursors)
                work.begin("catching up", behind)
                if was_close or behind <= CLOSE:
                    reached = await self._fold(plan, version, store, cursors, owned, work)
                    await self._retry(plan, version, store, reached, owned)
                    yield owned
                    return
            reached = await self._fold(plan, version, store, cursors, owned, work)
            was_close = _entries(reached) - _entries(cursors) <= CLOSE

    async def _fold(
        self, plan: Plan, version: Version, store: Store, cursors: Mapping[str, Cursor], owned: Owned, work: Work
    ) -> Mapping[str, Cursor]:
        """Fold into a build what it lacks of the live one."""
        committer, reached = Committer(plan, store, version), dict(cursors)
        for stream in plan.streams:
            async for entries in self._history.pages(stream, reached[stream].position, owned.cursors[stream].position):
                before = reached[stream]
                batch = await asyncio.to_thread(batch_of, stream, entries, before.position)
                await to_its_end(committer.fold, batch, owned.epoch, before.position)
                reached[stream] = Cursor(batch.upto, before.entries + len(entries), batch.last_sha256)
                work.add(len(entries))
        return reached

    async def _retry(
        self, plan: Plan, version: Version, store: Store, cursors: Mapping[str, Cursor], owned: Owned
    ) -> None:
        """Fold the dead letters that the live build has folded since this one took them over."""
        settled = await to_its_end(store.put_aside_alone, version, owned.version)
        committer = Committer(plan, store, version)
        for stream, letters in settled.items():
            batch = batch_of(stream, [Entry(letter.position, letter.raw) for letter in letters])
            await to_its_end(committer.refold, batch, owned.epoch, cursors[stream].position)


def _entries(cursors: Mapping[str, Cursor]) -> int:
    return sum(cursor.entries for cursor in cursors.values())


def tidy(plan: Plan, store: Store, *, keep: bool = False) -> None:
    """Drop every build but the live one, the one to go back to and, if asked, the one that is kept to be looked at."""
    pointer = store.pointer(plan.as_version)
    wanted = {pointer.live, pointer.previous, pointer.kept if keep else None} if pointer else {plan.as_version.build}
    for build in store.builds(plan.as_version) - wanted:
        store.drop(replace(plan.as_version, build=build))


def next_build(plan: Plan, store: Store) -> int:
    """A number that no build has, after what an interrupted rebuild left, or one not shown, is gone."""
    tidy(plan, store)
    return max(store.builds(plan.as_version), default=0) + 1


def _flip(store: Store, version: Version, epoch: int) -> None:
    if version.build not in store.builds(version):
        raise RebuildRefused(projection=version, reason="another rebuild has dropped this build")
    store.go_live(version, epoch)
