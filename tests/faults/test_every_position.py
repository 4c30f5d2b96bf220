"""Poison at every single position of a batch of 1,000, of both kinds.

What refuses here is not a store but a rule, so that a thousand batches take seconds. That real stores refuse in this
way, and roll back what they were tried with, is shown at a dozen positions in tests/handlers/test_poison.py.
"""

from collections.abc import Iterator

import duckdb
import orjson
import pytest

import projections
from readmodel.engine.catalogue import discover
from readmodel.engine.folding.batch import Batch, batch_of
from readmodel.engine.folding.committer import Committer
from readmodel.events.envelope import Entry
from readmodel.stores.duckdb import DuckStore
from readmodel.stores.store import Commit, EventAtFault

PLAN = next(plan for plan in discover(projections) if plan.key == "products@postgres")
STREAM = "cartsnitch.products"
SIZE = 1_000
UNREADABLE = (
    b"{nope \xff",
    b'{"no": "envelope"}',
    b'{"type": "cartsnitch.products.removed", "source": "test", "data": {"product_id": "not an id"}}',
)


class Refusing(DuckStore):
    """Takes every batch without the event at one position, and keeps nothing but what it was given."""

    def __init__(self) -> None:
        super().__init__(duckdb.connect())
        self.poison: int | None = None
        self.commits: list[Commit] = []

    def attempt(self, commit: Commit) -> None:
        """See Store."""
        if self.poison in positions(commit):
            raise EventAtFault(reason=f"the event at {self.poison} does not fit")

    def commit(self, commit: Commit) -> None:
        """See Store."""
        self.attempt(commit)
        self.commits.append(commit)


def positions(commit: Commit) -> list[int]:
    """Where the events are that a commit folds."""
    return [position for staged in commit.staged for position in staged.rows["position"].to_pylist()]


def event(at: int) -> Entry:
    """A good one."""
    payload = {"product_id": f"22222222-0000-4000-8000-{at:012}"}
    return Entry(at, orjson.dumps({"type": "cartsnitch.products.removed", "source": "test", "data": payload}))


@pytest.fixture
def store() -> Iterator[Refusing]:
    """What refuses nothing yet."""
    found = Refusing()
    yield found
    found.close()


GOOD = [event(at) for at in range(1, SIZE + 1)]


def test_an_event_that_is_refused_is_put_aside_alone(store: Refusing) -> None:
    """At each of 1,000 positions: it goes to quarantine with its bytes, and all 999 others are folded."""
    batch = batch_of(STREAM, GOOD)
    for at in range(1, SIZE + 1):
        store.poison = at
        check(store, batch, at, GOOD[at - 1].raw)


def test_an_event_that_cannot_be_read_is_put_aside_alone(store: Refusing) -> None:
    """The same, in three ways of being unreadable that take turns."""
    for at in range(1, SIZE + 1):
        raw = UNREADABLE[at % len(UNREADABLE)]
        entries = [*GOOD[: at - 1], Entry(at, raw), *GOOD[at:]]
        check(store, batch_of(STREAM, entries), at, raw)


def check(store: Refusing, batch: Batch, poison: int, raw: bytes) -> None:
    """Fold a batch: one commit, with exactly the poison left out, kept, and the cursor behind it all."""
    Committer(PLAN, store, PLAN.as_version).fold(batch, 1, 0)

    commit = store.commits.pop()
    assert not store.commits
    assert [(event.position, event.raw) for event in commit.quarantined] == [(poison, raw)]
    assert positions(commit) == [at for at in range(1, SIZE + 1) if at != poison]
    assert (commit.entries, commit.upto) == (SIZE, SIZE)
