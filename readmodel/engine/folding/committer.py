"""From a batch to a commit: rows, cursor and quarantine together, with the poison found and left out."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from readmodel.engine.folding.batch import Batch
from readmodel.engine.folding.isolation import Isolation, refused_in
from readmodel.engine.folding.staging import staged
from readmodel.engine.plan import Plan
from readmodel.events.decode import Rejected
from readmodel.events.event import contracts
from readmodel.stores.store import Commit, Discard, EventAtFault, Quarantined, Store, Version

UNKNOWN = "no contract knows the type of this event"


class Committer:
    """Folds batches of one plan into one of its builds. It blocks, so it is called in a thread."""

    def __init__(self, plan: Plan, store: Store, version: Version) -> None:
        self._plan = plan
        self._store = store
        self._version = version
        self._isolation = Isolation(plan)

    def fold(self, batch: Batch, epoch: int, expected: int) -> None:
        """Commit a batch for the owner with this epoch, whose cursor is expected to stand where it left it.

        Raises CursorMoved when another has taken over, FoldBroken when the SQL fails whatever the events, and
        StoreUnavailable for what may pass; then nothing of the batch is committed.
        """
        commit = partial(self._commit, epoch=epoch, expected=expected)
        self._take(batch, rejected_of(self._plan, batch.rejected), commit, self._isolation.find)

    def refold(self, letters: Batch, epoch: int, expected: int) -> list[Quarantined]:
        """Fold events of one stream that were put aside: those that are refused again, and stay there.

        The cursor, which is expected to be past them, stands still. That is right because folding is deaf to order.
        Raises what `fold` raises, except that here it is no sign of a broken fold when all of a type are refused.
        """

        def commit(batch: Batch, quarantined: list[Quarantined]) -> Commit:
            refused = {event.position for event in quarantined}
            settled = [entry.position for entry in batch.entries if entry.position not in refused]
            moved = self._commit(batch, quarantined, epoch=epoch, expected=expected)
            return replace(moved, upto=expected, entries=0, settled=settled)

        def refused(batch: Batch, attempt: Callable[[Batch], None]) -> list[Quarantined]:
            return refused_in(batch, batch.types(self._plan.events), attempt)

        return self._take(letters, [*rejected_of(self._plan, letters.rejected), *_unknown(letters)], commit, refused)

    def discard(self, stream: str, positions: Sequence[int], epoch: int, by: str, reason: str | None) -> None:
        """Give up events that were put aside; CursorMoved when another has taken over."""
        self._store.discard(Discard(self._version, epoch, stream, positions, by, reason))

    def _take(
        self,
        batch: Batch,
        rejected: list[Quarantined],
        commit: Callable[[Batch, list[Quarantined]], Commit],
        find: Callable[[Batch, Callable[[Batch], None]], list[Quarantined]],
    ) -> list[Quarantined]:
        """Commit what the store takes of a batch; what was put aside."""
        try:
            self._store.commit(commit(batch, rejected))
        except EventAtFault:
            refused = find(batch, lambda part: self._store.attempt(commit(part, [])))
            clean = batch.without(event.position for event in refused)
            rejected = [*rejected, *refused]
            self._store.commit(commit(clean, rejected))
        return rejected

    def _commit(self, batch: Batch, quarantined: list[Quarantined], *, epoch: int, expected: int) -> Commit:
        return Commit(
            version=self._version,
            epoch=epoch,
            stream=batch.stream,
            expected=expected,
            upto=batch.upto,
            entries=len(batch.entries),
            staged=list(staged(self._plan.relations, batch.relations, self._plan.store)),
            statements=self._plan.fold,
            quarantined=quarantined,
            last_sha256=batch.last_sha256,
        )


def rejected_of(plan: Plan, rejected: Sequence[Rejected]) -> list[Quarantined]:
    """What could not be decoded and concerns a projection: its own event types, and the unreadable."""
    mine = {None, *(event.type for event in plan.events)}
    return [
        Quarantined(bad.entry.position, bad.event_type, bad.error, bad.entry.raw)
        for bad in rejected
        if bad.event_type in mine
    ]


def _unknown(letters: Batch) -> list[Quarantined]:
    """Letters that a contract knew when they were put aside, and none knows now: they are no less lost than before."""
    known = {*letters.types(list(contracts().values())), *(bad.entry.position for bad in letters.rejected)}
    return [Quarantined(e.position, None, UNKNOWN, e.raw) for e in letters.entries if e.position not in known]
