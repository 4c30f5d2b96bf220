"""Shopping lists: written in the evening before shopping, changed, thrown away, and sometimes written anew."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, Final

from readmodel.demo.announcements import CLIPARTIST, announce
from readmodel.demo.dice import dice
from readmodel.demo.prices import Listing, Shelves
from readmodel.demo.shoppers import Shopper
from readmodel.events.cloudevent import CloudEvent
from readmodel.events.ids import stable_id

NAMES: Final = ("Groceries", "Barbecue")
_UNKNOWN_TO_US: Final = ("Candles", "Light bulbs", "Charcoal", "Ice")
_WRITTEN, _THROWN_AWAY = 0.18, 0.12


class Lists:
    """All shoppers' lists."""

    def __init__(self, seed: int) -> None:
        self._random = dice(seed, "lists")
        self._there: set[str] = set()

    def day(self, day: date, people: Iterable[Shopper], shelves: Shelves) -> Iterator[CloudEvent]:
        """What is written or thrown away by those who go shopping tomorrow."""
        tomorrow = day + timedelta(days=1)
        for shopper in people:
            going = shopper.is_here(day) and shopper.weekday == tomorrow.weekday()
            if going and self._random.random() < _WRITTEN:
                yield self.write(shopper, shelves, datetime.combine(day, time(19), UTC) + _later(shopper))

    def write(self, shopper: Shopper, shelves: Shelves, at: datetime) -> CloudEvent:
        """The shopper saves one of the lists, or is done with it."""
        name = self._random.choice(NAMES)
        data: dict[str, Any] = {"id": stable_id("list", shopper.id, name), "user_id": shopper.id}
        if data["id"] in self._there and self._random.random() < _THROWN_AWAY:
            self._there.discard(data["id"])
            return announce(CLIPARTIST, "shopping_lists.removed", at, data, data["id"])
        self._there.add(data["id"])
        data |= {"name": name, "items": _items(shopper, shelves.listings[shopper.store], self._random)}
        return announce(CLIPARTIST, "shopping_lists.saved", at, data, data["id"])


def _items(shopper: Shopper, shelf: dict[str, Listing], random: Random) -> list[dict[str, Any]]:
    """Some usual things, and perhaps one that no store here has."""
    usual = [shelf[product].product for product in shopper.usuals if product in shelf]
    chosen = random.sample(usual, min(len(usual), random.randint(2, 9)))
    items = [{"product_id": p.id, "name": p.name, "quantity": random.choice((1, 1, 2))} for p in chosen]
    other = {"name": random.choice(_UNKNOWN_TO_US), "quantity": 1}
    return [*items, other] if random.random() < 0.3 else items


def _later(shopper: Shopper) -> timedelta:
    return timedelta(seconds=shopper.number)
