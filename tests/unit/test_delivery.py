"""The ways in which a test's events arrive."""

import subprocess
import sys
from typing import Any

import pytest

from readmodel.events.event import Event
from readmodel.events.prices import PriceUpdated
from readmodel.events.users import UserErased
from readmodel.testing.delivery import DELIVERIES, SHUFFLED, Delivery, Positioned

SENT: dict[str, Any] = {"event_id": "e-1", "occurred_at": "2024-03-01T00:00:00Z", "event_source": "test"}


def log(streams: str) -> list[Positioned]:
    """An event for each letter, at positions from 1: `p` in the stream of prices, `u` in that of users."""
    models: dict[str, type[Event]] = {"p": PriceUpdated, "u": UserErased}
    return [(position, models[letter].model_construct(**SENT)) for position, letter in enumerate(streams, start=1)]


def delivered(delivery: Delivery, streams: str) -> list[list[int]]:
    """The positions in each batch."""
    return [[position for position, _ in batch] for batch in delivery.batches(log(streams))]


@pytest.mark.parametrize(
    ("delivery", "streams", "batches"),
    [
        (Delivery(), "ppp", [[1, 2, 3]]),
        (Delivery(), "pup", [[1, 3], [2]]),
        (Delivery(), "", []),
        (Delivery(batch=1), "pup", [[1], [2], [3]]),
        (Delivery(batch=2), "ppppp", [[1, 2], [3, 4], [5]]),
        (Delivery(batch=2), "ppupp", [[1, 2], [3], [4, 5]]),
        (Delivery(times=2), "pup", [[1, 3, 1, 3], [2, 2]]),
        (Delivery(times=2, batch=2), "ppp", [[1, 2], [3, 1], [2, 3]]),
        (Delivery(batch=1, shuffled_by=7), "", []),
    ],
)
def test_what_comes_after_what(delivery: Delivery, streams: str, batches: list[list[int]]) -> None:
    """A batch is of one stream; what comes again does so when the last has come."""
    assert delivered(delivery, streams) == batches


@pytest.mark.parametrize("streams", ["ppp", "puppup", "p" * 50])
@pytest.mark.parametrize("seed", range(5))
def test_shuffled_events_all_come_as_often_as_they_should(seed: int, streams: str) -> None:
    """In the same order every time, and in no batch two streams or too many."""
    way = Delivery(times=3, batch=2, shuffled_by=seed)
    batches = delivered(way, streams)
    positions = [position for batch in batches for position in batch]

    assert sorted(positions) == sorted([*range(1, len(streams) + 1)] * 3)
    assert positions != [*range(1, len(streams) + 1)] * 3
    assert batches == delivered(way, streams)
    assert {len(batch) for batch in batches} <= {1, 2}
    assert all(len({streams[position - 1] for position in batch}) == 1 for batch in batches)


@pytest.mark.parametrize("count", range(2, 12))
def test_every_shuffled_log_has_an_older_event_after_a_newer_one(count: int) -> None:
    """The first after the last: what came late must not replace what it is older than."""
    positions = [position for batch in delivered(SHUFFLED, "p" * count) for position in batch]

    assert positions.index(count) < len(positions) - 1 - positions[::-1].index(1)


def test_the_ways_that_tests_are_run_with() -> None:
    """A name for each, that a test can be asked for by."""
    assert [str(way) for way in DELIVERIES] == ["together", "by-1", "by-2-3-times-shuffled-by-7"]


def test_the_kit_needs_no_more_than_the_service() -> None:
    """Only what makes events up needs Hypothesis, and nothing needs pytest."""
    program = """
import sys
sys.modules |= dict.fromkeys(["hypothesis", "pytest"])
import readmodel.testing.delivery, readmodel.testing.given, readmodel.testing.law
try:
    import readmodel.testing.fold_law
except ImportError as error:
    print(error.name)
"""
    done: Any = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "hypothesis\n"
