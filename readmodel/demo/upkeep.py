"""How the catalogue is kept: products that move to another category, get another name, leave, and come back."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from readmodel.demo.announcements import product_normalized, product_removed
from readmodel.demo.assortment import CATEGORIES
from readmodel.demo.catalogue import Product
from readmodel.demo.dice import dice
from readmodel.demo.prices import Listing, Shelves
from readmodel.events.cloudevent import CloudEvent

_SHARE_OF_EACH = 0.03
_AWAY = timedelta(days=21)

# Where else a product could stand.
_BESIDE: Final = {
    "Dairy & Eggs": "Frozen Food",
    "Bread & Bakery": "Snacks & Sweets",
    "Fruit & Vegetables": "Frozen Food",
    "Meat & Poultry": "Frozen Food",
    "Fish & Seafood": "Frozen Food",
    "Frozen Food": "Dairy & Eggs",
    "Pasta, Rice & Canned": "Household",
    "Breakfast Cereal": "Snacks & Sweets",
    "Snacks & Sweets": "Breakfast Cereal",
    "Coffee, Tea & Drinks": "Breakfast Cereal",
    "Household": "Personal Care",
    "Personal Care": "Household",
}
_CATEGORIES: Final = {category.name: category for category in CATEGORIES}

Work = Callable[[str, Shelves, datetime], CloudEvent]
"""Something done to a product, named by its id, at a time; and the event that tells it."""


class Upkeep:
    """What is to be done to which product on which day. `steady` are ids of products that stay as they are."""

    def __init__(self, seed: int, start: date, days: int, products: list[Product], steady: set[str]) -> None:
        self._random = dice(seed, "upkeep")
        self._start, self._days = start, days
        self._plan: defaultdict[date, list[tuple[Work, str]]] = defaultdict(list)
        self._gone: dict[str, dict[str, Listing]] = {}
        # The first of each category never leave: no store lacks bread.
        free = {product.id for product in products} - steady
        lasting = [product.id for product in products[: len(CATEGORIES)]]
        each = 1 + round(_SHARE_OF_EACH * len(products))
        leaving = self._some(sorted(free.difference(lasting)), each)
        others = self._some(sorted(free.difference(leaving)), 2 * each)
        self._plan_each(_move, others[::2])
        self._plan_each(_rename, others[1::2])
        self._plan_each(self._remove, leaving)
        for day, product_id in [(day, which) for day, works in self._plan.items() for _, which in works]:
            if product_id in leaving[::2]:
                self._plan[day + _AWAY].append((self._bring_back, product_id))

    def day(self, day: date, shelves: Shelves) -> Iterator[CloudEvent]:
        """The day's work, done before the stores open."""
        night = datetime.combine(day, time(3), UTC)
        for number, (work, product_id) in enumerate(self._plan.get(day, ())):
            yield work(product_id, shelves, night + timedelta(seconds=number))

    def _some(self, ids: list[str], wanted: int) -> list[str]:
        return self._random.sample(ids, min(len(ids), wanted))

    def _plan_each(self, work: Work, ids: list[str]) -> None:
        """Each on a day of its own after the first fifth of the days."""
        for product_id in ids:
            after = self._random.randint(max(1, self._days // 5), max(1, self._days - 1))
            self._plan[self._start + timedelta(days=after)].append((work, product_id))

    def _remove(self, product_id: str, shelves: Shelves, at: datetime) -> CloudEvent:
        event = product_removed(shelves.product(product_id), at)
        self._gone[product_id] = shelves.take_down(product_id)
        return event

    def _bring_back(self, product_id: str, shelves: Shelves, at: datetime) -> CloudEvent:
        shelves.put_up(self._gone.pop(product_id))
        return product_normalized(shelves.product(product_id), at)


def _move(product_id: str, shelves: Shelves, at: datetime) -> CloudEvent:
    product = shelves.product(product_id)
    return _changed(replace(product, category=_CATEGORIES[_BESIDE[product.category.name]]), shelves, at)


def _rename(product_id: str, shelves: Shelves, at: datetime) -> CloudEvent:
    product = shelves.product(product_id)
    return _changed(replace(product, name=f"{product.name}, New Recipe"), shelves, at)


def _changed(product: Product, shelves: Shelves, at: datetime) -> CloudEvent:
    shelves.replace(product)
    return product_normalized(product, at)
