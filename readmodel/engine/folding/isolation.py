"""Finding the events that a store refuses, by halving the batch until they stand alone."""

from collections import Counter
from collections.abc import Callable, Mapping

from readmodel.engine.folding.batch import Batch
from readmodel.engine.plan import Plan
from readmodel.stores.store import EventAtFault, FoldBroken, Quarantined

BROKEN_AFTER = 10
"""Refused events of a type, with none taken in between, after which the fold is held to be at fault."""


class Isolation:
    """Tells poison events from a broken fold; it remembers across batches, for streams that drip."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._refused: Counter[str] = Counter()

    def find(self, batch: Batch, attempt: Callable[[Batch], None]) -> list[Quarantined]:
        """The events at fault; FoldBroken when every event of a type is refused, so that it cannot be the events."""
        types = batch.types(self._plan.events)
        found = refused_in(batch, types, attempt)
        refused = Counter(event.event_type for event in found)
        for event_type, all_of_it in Counter(types.values()).items():
            if refused[event_type] < all_of_it:
                self._refused[event_type] = 0
                continue
            self._refused[event_type] += all_of_it
            if self._refused[event_type] >= BROKEN_AFTER:
                error = next(event.error for event in found if event.event_type == event_type)
                reason = f"all of {self._refused[event_type]} events {event_type} were refused: {error}"
                raise FoldBroken(projection=self._plan.as_version, reason=reason)
        return found


def refused_in(batch: Batch, types: Mapping[int, str], attempt: Callable[[Batch], None]) -> list[Quarantined]:
    """The events that the store refuses, however many they are, with their types by position."""
    try:
        attempt(batch)
    except EventAtFault as error:
        if len(batch.entries) > 1:
            return [event for half in batch.halves() for event in refused_in(half, types, attempt)]
        (entry,) = batch.entries
        return [Quarantined(entry.position, types.get(entry.position), str(error), entry.raw)]
    return []
