"""Doing something to a projection as its owner, with nothing being folded meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import dataclass, replace
from typing import Protocol

from readmodel.engine.blocking import to_its_end
from readmodel.engine.folding.committer import Committer
from readmodel.engine.folding.lease import TTL, Leases
from readmodel.engine.plan import Plan
from readmodel.errors import ReadModelError
from readmodel.stores.store import Cursor, Store, Version

PATIENCE = 2 * TTL.total_seconds()
"""Seconds to wait for a lease, which is longer than one outlives a dead owner."""


class NotOwner(ReadModelError):
    """{projection} is not kept by this process: {reason}"""


@dataclass(frozen=True, slots=True)
class Owned:
    """A projection in the hands of its owner: its build, epoch, cursor per stream, and what commits to it.

    `reload` makes the owner look again which build is live, and go on with that.
    """

    version: Version
    epoch: int
    cursors: Mapping[str, Cursor]
    committer: Committer
    reload: Callable[[], None]


def owned(store: Store, plan: Plan, epoch: int, reload: Callable[[], None]) -> Owned:
    """Fence out every owner with a lower epoch, and own the build that is shown; CursorMoved by a higher."""
    pointer = store.pointer(plan.as_version)
    version = replace(plan.as_version, build=pointer.live) if pointer else plan.as_version
    cursors = store.take_over(version, epoch, plan.streams)
    return Owned(version, epoch, cursors, Committer(plan, store, version), reload)


class Keeper(Protocol):
    """Whoever owns a projection, or can."""

    def between_folds(self) -> AbstractAsyncContextManager[Owned]:
        """Own the projection for a block, in which nothing of it is folded; NotOwner when another does."""
        ...


class Borrower:
    """Owns a projection for as long as a command takes, where no service keeps it."""

    def __init__(
        self,
        plan: Plan,
        open_store: Callable[[Plan], Store],
        leases: Leases,
        reload: Callable[[], None] = lambda: None,
    ) -> None:
        self._plan = plan
        self._open_store = open_store
        self._leases = leases
        # Whoever owns it next finds the live build in the store; somebody may have to be told.
        self._reload = reload

    @asynccontextmanager
    async def between_folds(self) -> AsyncIterator[Owned]:
        """See Keeper."""
        plan = self._plan
        epoch = await self._lease()
        try:
            with closing(self._open_store(plan)) as store:
                yield await to_its_end(owned, store, plan, epoch, self._reload)
        finally:
            await self._leases.let_go(plan.lease)

    async def _lease(self) -> int:
        try:
            async with asyncio.timeout(PATIENCE):
                # The epoch guards every commit, so there is nothing to do when the lease is lost.
                return await self._leases.hold(self._plan.lease, lambda: None)
        except TimeoutError:
            reason = "another process holds its lease; set READMODEL_URL to where that one answers"
            raise NotOwner(projection=self._plan.key, reason=reason) from None


class Owner(Keeper, Protocol):
    """A keeper that may have stopped, and can be asked to try again."""

    @property
    def is_stopped(self) -> bool:
        """Whether it has given up."""
        ...

    def resume(self) -> None:
        """Try again, if it has stopped."""
        ...


class Caretaker:
    """Owns a projection through its owner in this process, and in its place while that has stopped."""

    def __init__(self, owner: Owner, plan: Plan, open_store: Callable[[Plan], Store], leases: Leases) -> None:
        self._owner = owner
        self._substitute = Borrower(plan, open_store, leases, owner.resume)

    @asynccontextmanager
    async def between_folds(self) -> AsyncIterator[Owned]:
        """See Keeper."""
        keeper: Keeper = self._substitute if self._owner.is_stopped else self._owner
        async with keeper.between_folds() as found:
            yield found
