"""Finding the events that a store refuses."""

from collections.abc import Callable, Iterable

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

import projections
from readmodel.engine.catalogue import discover
from readmodel.engine.folding.batch import Batch, batch_of
from readmodel.engine.folding.isolation import BROKEN_AFTER, Isolation
from readmodel.events.envelope import Entry
from readmodel.stores.store import EventAtFault, FoldBroken, Quarantined, StoreUnavailable

PLAN = next(plan for plan in discover(projections) if plan.key == "products@postgres")
NORMALIZED, REMOVED = "cartsnitch.products.normalized", "cartsnitch.products.removed"
PAYLOAD = {"product_id": "22222222-0000-4000-8000-000000000001"}


def batch(types: Iterable[str], first: int = 1) -> Batch:
    """One event of each type, at the positions from `first` on."""
    raws = (orjson.dumps({"type": event_type, "source": "test", "data": PAYLOAD}) for event_type in types)
    return batch_of("cartsnitch.products", [Entry(at, raw) for at, raw in enumerate(raws, start=first)])


def refusing(poison: Iterable[int], attempts: list[int] | None = None) -> Callable[[Batch], None]:
    """A store that refuses every batch with one of these positions in it."""
    wrong = set(poison)

    def attempt(part: Batch) -> None:
        if attempts is not None:
            attempts.append(len(part.entries))
        if found := sorted(wrong & part.types(PLAN.events).keys()):
            raise EventAtFault(reason=f"the event at {found[0]} does not fit")

    return attempt


def quarantined(whole: Batch, position: int, event_type: str = NORMALIZED) -> Quarantined:
    """What is kept of a refused event."""
    raw = next(entry.raw for entry in whole.entries if entry.position == position)
    error = f"The store refused an event of this batch: the event at {position} does not fit"
    return Quarantined(position, event_type, error, raw)


@given(
    removed=st.sets(st.integers(1, 40)),
    size=st.integers(1, 40),
    poison=st.sets(st.integers(1, 40), max_size=BROKEN_AFTER - 1),
)
def test_exactly_the_poison_is_found(removed: set[int], size: int, poison: set[int]) -> None:
    """Wherever it stands and however much there is: all of it, in order, and nothing else."""
    types = [REMOVED if at in removed else NORMALIZED for at in range(1, size + 1)]
    whole = batch(types)

    found = Isolation(PLAN).find(whole, refusing(poison))

    assert found == [quarantined(whole, at, types[at - 1]) for at in sorted(poison) if at <= size]


def test_one_event_is_found_by_halving() -> None:
    """Some twenty attempts among a thousand, not a thousand."""
    attempts: list[int] = []
    whole = batch([NORMALIZED] * 1_000)

    found = Isolation(PLAN).find(whole, refusing([700], attempts))

    assert found == [quarantined(whole, 700)]
    assert len(attempts) <= 21


def test_a_batch_that_is_taken_after_all_has_no_poison() -> None:
    """What failed before may have passed."""
    assert Isolation(PLAN).find(batch([NORMALIZED] * 5), refusing([])) == []


def test_when_every_event_of_a_type_is_refused_the_fold_is_broken() -> None:
    """It cannot be the events then, so none of them is quarantined; the error says what the store said."""
    types = [NORMALIZED] * BROKEN_AFTER + [REMOVED]

    with pytest.raises(FoldBroken) as caught:
        Isolation(PLAN).find(batch(types), refusing(range(1, BROKEN_AFTER + 1)))

    assert str(caught.value) == (
        f"The fold of products v2 does not run: all of {BROKEN_AFTER} events {NORMALIZED} were refused: "
        "The store refused an event of this batch: the event at 1 does not fit"
    )


def test_fewer_refused_events_may_be_at_fault_themselves() -> None:
    """One less than that, although there were no others of their type."""
    whole = batch([NORMALIZED] * (BROKEN_AFTER - 1) + [REMOVED])

    found = Isolation(PLAN).find(whole, refusing(range(1, BROKEN_AFTER)))

    assert found == [quarantined(whole, at) for at in range(1, BROKEN_AFTER)]


def test_one_that_is_taken_speaks_for_the_fold() -> None:
    """However many others of its type are refused."""
    whole = batch([NORMALIZED] * 30)

    found = Isolation(PLAN).find(whole, refusing(range(1, 30)))

    assert found == [quarantined(whole, at) for at in range(1, 30)]


def test_events_that_drip_are_counted_across_batches() -> None:
    """A broken fold is found as well where events come one at a time."""
    isolation = Isolation(PLAN)
    for at in range(1, BROKEN_AFTER):
        assert len(isolation.find(batch([NORMALIZED], at), refusing([at]))) == 1

    with pytest.raises(FoldBroken):
        isolation.find(batch([NORMALIZED], BROKEN_AFTER), refusing([BROKEN_AFTER]))


def test_counting_begins_anew_with_one_that_is_taken() -> None:
    """Of the same type; another type's proves nothing about this one."""
    isolation = Isolation(PLAN)
    for at in range(1, BROKEN_AFTER):
        isolation.find(batch([NORMALIZED, REMOVED], at), refusing([at]))
    isolation.find(batch([NORMALIZED, NORMALIZED], 50), refusing([50]))

    assert len(isolation.find(batch([NORMALIZED], 60), refusing([60]))) == 1


def test_a_store_that_is_away_isolates_nothing() -> None:
    """That passes, and is no event's fault."""

    def attempt(_: Batch) -> None:
        raise StoreUnavailable(store="Postgres", reason="gone")

    with pytest.raises(StoreUnavailable):
        Isolation(PLAN).find(batch([NORMALIZED] * 3), attempt)
