"""The events of a market as they really come: spelled in many ways, and with mishaps in between."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from readmodel.events.cloudevent import CloudEvent
from tests.oracle.spelling import Document, document

Event = tuple[str, dict[str, Any]]
"""A type, written without `cartsnitch.`, and its payload."""


class Stage:
    """What has happened so far, for mishaps to refer to; `end` is the day after all of it."""

    def __init__(self, random: Random, end: date) -> None:
        self.random = random
        self.end = end
        self.now = datetime.min.replace(tzinfo=UTC)
        self._told: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)

    @property
    def today(self) -> date:
        """The day on which it plays."""
        return self.now.date()

    def day(self, earliest: int, latest: int = 0) -> str:
        """A day so many days from today, by chance."""
        return (self.today + timedelta(days=self.random.randint(earliest, latest))).isoformat()

    def some(self, type_: str, *fields: str) -> dict[str, Any]:
        """The payload of an event of this type that was told before and has these fields; a copy."""
        found = [data for data in self._told[type_] if all(data.get(field) is not None for field in fields)]
        return dict(self.random.choice(found)) if found else {}

    def product(self) -> str:
        """A product's id."""
        found: str = self.some("products.normalized", "normalized_product_id")["normalized_product_id"]
        return found

    def user(self) -> str:
        """A user's id; perhaps one who was erased since."""
        found: str = self.some("users.registered")["user_id"]
        return found

    def take(self, type_: str, data: dict[str, Any]) -> None:
        """It was told."""
        self._told[type_].append(data)


Mishap = Callable[[Stage], Iterable[Event]]


def played(history: Iterable[CloudEvent], mishaps: dict[Mishap, int], seed: int) -> Iterator[Document]:
    """The documents of a history, in order; each mishap happens so many times, after the first tenth of it."""
    random = Random(f"stage/{seed}")
    events = list(history)
    stage = Stage(random, events[-1].time.date() + timedelta(days=1))
    plan: defaultdict[int, list[Mishap]] = defaultdict(list)
    for mishap, times in mishaps.items():
        for _ in range(times):
            plan[random.randrange(len(events) // 10, len(events))].append(mishap)
    for number, event in enumerate(events):
        stage.now = event.time
        stage.take(event.type.removeprefix("cartsnitch."), event.data)
        yield document(event, random)
        for mishap in plan[number]:
            for nth, (type_, data) in enumerate(mishap(stage), start=1):
                stage.take(type_, data)
                at, identity = event.time + timedelta(microseconds=nth), f"{event.id}.{mishap.__name__}.{nth}"
                yield document(CloudEvent(f"cartsnitch.{type_}", "mishaps", at, data, identity), random)
