"""How events arrive: together or in small batches, in order or shuffled, once or again and again.

Publishers repeat themselves, a restart reads again what was read, and batches are cut anywhere. Whatever the way, the
answers must be the same, so tests are run with several (`DELIVERIES`).
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from readmodel.events.event import Event, stream_of

Positioned = tuple[int, Event]
"""An event and its position in its stream."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Every event `times` times, in batches of at most `batch` events, in the order that the seed `shuffled_by` makes.

    Without a `batch` all events of a stream are one batch. Without a seed they come in the order of their log, and what
    comes again does so when the last has come. A batch is of one stream, as it is when streams are read.
    """

    times: int = 1
    batch: int | None = None
    shuffled_by: int | None = None

    def __str__(self) -> str:
        """For the names of tests: `together`, `by-1`, `by-2-3-times-shuffled-by-7`."""
        words = [
            "together" if self.batch is None else f"by-{self.batch}",
            *([f"{self.times}-times"] if self.times > 1 else []),
            *([] if self.shuffled_by is None else [f"shuffled-by-{self.shuffled_by}"]),
        ]
        return "-".join(words)

    def batches(self, events: Sequence[Positioned]) -> Iterator[list[Positioned]]:
        """What comes after what; each batch is of one stream, none is empty."""
        delivered = [*events] * self.times
        if self.shuffled_by is not None:
            random.Random(self.shuffled_by).shuffle(delivered)  # noqa: S311 - repeatable, not secret
        if self.batch is None:
            delivered.sort(key=_stream)  # stable: in every stream the order stays
        for _, run in groupby(delivered, key=_stream):
            alike = list(run)
            size = self.batch or len(alike)
            yield from (alike[start : start + size] for start in range(0, len(alike), size))


def _stream(positioned: Positioned) -> str:
    return stream_of(positioned[1].type)


TOGETHER = Delivery()
ONE_BY_ONE = Delivery(batch=1)
SHUFFLED = Delivery(times=3, batch=2, shuffled_by=7)
"""Older events come after newer ones, and alone or with others of their stream."""

DELIVERIES = (TOGETHER, ONE_BY_ONE, SHUFFLED)
"""What a test of a projection is run with."""
