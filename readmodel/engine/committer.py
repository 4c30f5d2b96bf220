"""From a batch to a commit: rows, cursor and quarantine together, with the poison found and left out."""

from functools import partial

from readmodel.engine.batch import Batch
from readmodel.engine.isolation import Isolation
from readmodel.engine.plan import Plan
from readmodel.engine.staging import staged
from readmodel.stores.store import Commit, EventAtFault, Quarantined, Store


class Committer:
    """Folds batches of one plan into its store. It blocks, so it is called in a thread."""

    def __init__(self, plan: Plan, store: Store) -> None:
        self._plan = plan
        self._store = store
        self._isolation = Isolation(plan)

    def fold(self, batch: Batch, epoch: int, expected: int) -> None:
        """Commit a batch for the owner with this epoch, whose cursor is expected to stand where it left it.

        Raises CursorMoved when another has taken over, FoldBroken when the SQL fails whatever the events, and
        StoreUnavailable for what may pass; then nothing of the batch is committed.
        """
        commit = partial(self._commit, epoch=epoch, expected=expected)
        rejected = self._rejected(batch)
        try:
            self._store.commit(commit(batch, rejected))
        except EventAtFault:
            refused = self._isolation.find(batch, lambda part: self._store.attempt(commit(part, [])))
            clean = batch.without(event.position for event in refused)
            self._store.commit(commit(clean, [*rejected, *refused]))

    def _commit(self, batch: Batch, quarantined: list[Quarantined], *, epoch: int, expected: int) -> Commit:
        return Commit(
            version=self._plan.as_version,
            epoch=epoch,
            stream=batch.stream,
            expected=expected,
            upto=batch.upto,
            entries=len(batch.entries),
            staged=list(staged(self._plan.relations, batch.relations, self._plan.store)),
            statements=self._plan.fold,
            quarantined=quarantined,
        )

    def _rejected(self, batch: Batch) -> list[Quarantined]:
        """What could not be decoded and concerns this projection: its own event types, and the unreadable."""
        mine = {None, *(event.type for event in self._plan.events)}
        return [
            Quarantined(bad.entry.position, bad.event_type, bad.error, bad.entry.raw)
            for bad in batch.rejected
            if bad.event_type in mine
        ]
