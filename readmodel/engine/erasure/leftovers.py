"""What a store still has of a user when the live builds have nothing any more: other builds, and dead letters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from readmodel.engine.blocking import to_its_end
from readmodel.engine.erasure.erasing_event import ErasingEvent
from readmodel.engine.erasure.subject import Subject
from readmodel.engine.folding.lease import Leases
from readmodel.engine.plan import Plan
from readmodel.engine.projection import Erasure, StoreName
from readmodel.errors import ReadModelError
from readmodel.events.envelope import Entry
from readmodel.events.event import stream_of
from readmodel.stores.erasing import Sweeper
from readmodel.stores.store import Store, Version


class NotFolded(ReadModelError):
    """{version} in {store} is kept by another process, which has not folded the erasing event; do it again when it
    has, or when that process has ended."""


@dataclass(frozen=True)
class Leftovers:
    """Finds and deletes it in every store."""

    plans: Sequence[Plan]
    sweepers: Mapping[StoreName, Sweeper]
    leases: Leases
    event: ErasingEvent

    async def drop_builds(self, erasure: Erasure, at: int, opened: Mapping[str, Store]) -> list[str]:
        """Drop every build with rows of users, but those that are live: their names, with the store.

        A version that another process keeps is let alone if it has folded the erasing event, which is at a position;
        NotFolded if not. `opened` has a store for each plan, by its key.
        """
        dropped: list[str] = []
        for store, sweeper in self._all():
            mine = {(plan.name, plan.version): opened[plan.key] for plan in self.plans if plan.store is store}
            for version in await to_its_end(sweeper.builds_with, erasure.column):
                own = mine.get((version.projection, version.version))
                if own is None:
                    may_go = await self._is_abandoned(version, store, erasure, at)
                else:
                    may_go = not await to_its_end(_is_live, own, version)
                if may_go:
                    await to_its_end(next(iter(mine.values())).drop, version)
                    dropped.append(f"{version.schema}@{store}")
        return dropped

    async def forget_letters(self, subject: Subject) -> dict[str, int]:
        """Delete the subject's dead letters, open and discarded, of every build: how many rows in each store."""
        return {str(store): await to_its_end(_forget, sweeper, subject) for store, sweeper in self._all()}

    def _all(self) -> list[tuple[StoreName, Sweeper]]:
        return sorted(self.sweepers.items())

    async def _is_abandoned(self, version: Version, store: StoreName, erasure: Erasure, at: int) -> bool:
        """Whether no process keeps a version that is not this code's; one that does must have folded the event."""
        lease = f"{version.projection}@{store} v{version.version}"
        if await self.leases.try_hold(lease, lambda: None) is not None:
            # Whoever starts with that version finds nothing of it, and builds it anew.
            await self.leases.let_go(lease)
            return True
        stream = stream_of(erasure.event.type)
        if await self.event.position(store, version.projection, version.version, stream) < at:
            raise NotFolded(version=version, store=store)
        return False


def _is_live(store: Store, version: Version) -> bool:
    pointer = store.pointer(version)
    return version.build == (pointer.live if pointer else 1)


def _forget(sweeper: Sweeper, subject: Subject) -> int:
    own = [(stream, at) for stream, at, raw in sweeper.letters() if subject.owns(stream, [Entry(at, raw)])]
    deleted = sweeper.forget(own)
    sweeper.settle()
    return deleted
