"""What products cost: points, histories, rises and baskets."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from tests.oracle.catalogue import Catalogue
from tests.oracle.reading import Fields, Told, day_of, first, money, product_of, store_of
from tests.oracle.shops import Shops, Store
from tests.oracle.wire import cents, day, hundredths

Days = dict[date, Decimal]
"""The price of each day that has one, oldest first."""


@dataclass(frozen=True, slots=True)
class Window:
    """The days after `after` and up to `upto`; None is no bound."""

    after: date | None
    upto: date | None

    @classmethod
    def of(cls, days: int | None, until: date | None, today: date) -> "Window":
        """`days` days up to `until`, which is today where only `days` is given."""
        if days is None:
            return cls(None, until)
        return cls((until or today) - timedelta(days=days), until or today)

    def __contains__(self, value: date) -> bool:
        return (self.after is None or value > self.after) and (self.upto is None or value <= self.upto)


class Prices:
    """One point per product, store and day: the newest observation's regular price."""

    def __init__(self, updated: list[Told], shops: Shops, catalogue: Catalogue) -> None:
        self._updated = updated
        self._shops = shops
        self._catalogue = catalogue

    @cached_property
    def points(self) -> dict[str, dict[Store, Days]]:
        """By product and store."""
        found: defaultdict[str, defaultdict[Store, Days]] = defaultdict(lambda: defaultdict(dict))
        for told in self._updated:
            store = self._shops.meant(str(store_of(told.data)))
            price = money(first(told.data, "regular_price", "new_price"))
            assert price is not None
            found[str(product_of(told.data))][store][day_of(told, "observed_date")] = price
        return {p: {s: dict(sorted(days.items())) for s, days in stores.items()} for p, stores in found.items()}

    def history(self, product_id: str, window: Window, store_id: str | None = None) -> Fields:
        """A product's points in a window, oldest first."""
        found = [
            {"date": day(when), "price": cents(price), "store_id": store.id, "store_name": store.name}
            for store, days in self.points.get(product_id, {}).items()
            for when, price in days.items()
            if when in window and store_id in {None, store.id}
        ]
        found.sort(key=lambda point: (str(point["date"]), str(point["store_id"])))
        return {**self._named(product_id), "data_points": found}

    def trends(self, category: str | None, window: Window) -> list[Fields]:
        """The histories of the products of the catalogue that have a point in the window."""
        histories = (self.history(product_id, window) for product_id in self._catalogue.by_name(category))
        return [history for history in histories if history["data_points"]]

    def current(self, product_id: str) -> list[Fields]:
        """What a product costs now in each store: the price of its newest day there."""
        found = self.points.get(product_id, {})
        return [
            {
                "store_id": store.id,
                "store_name": store.name,
                "current_price": cents(self._newest(found[store])),
                "last_seen_at": day(max(found[store])),
            }
            for store in sorted(found, key=lambda store: (store.name, store.id))
        ]

    def compared(self, product_ids: Iterable[str]) -> list[Fields]:
        """Products of the catalogue with what they cost now; others are left out."""
        known = [i for i in dict.fromkeys(product_ids) if i in self._catalogue.products]
        return [{**self._named(i), "prices": self.current(i)} for i in known]

    def baskets(self, product_ids: Iterable[str]) -> list[Fields]:
        """What all of these cost in each store, as far as it has them."""
        baskets: defaultdict[Store, list[Decimal]] = defaultdict(list)
        for product_id in product_ids:
            for store, days in self.points.get(product_id, {}).items():
                baskets[store].append(self._newest(days))
        return [
            {
                "store_id": store.id,
                "store_name": store.name,
                "basket_total": cents(sum(baskets[store], Decimal(0))),
                "items_compared": len(baskets[store]),
            }
            for store in sorted(baskets, key=lambda store: (store.name, store.id))
        ]

    def increases(self, window: Window, least: Decimal, category: str | None) -> list[Fields]:
        """Newest point against that of the day before it that has one, where it rose; largest rise first."""
        found = []
        for product_id in self._catalogue.by_name(category):
            for store, days in self.points.get(product_id, {}).items():
                seen = [when for when in days if window.upto is None or when <= window.upto][-2:]
                if len(seen) == 2 and seen[1] in window and 0 < days[seen[0]] < days[seen[1]]:
                    old, new = days[seen[0]], days[seen[1]]
                    rise = 100 * (Fraction(new) - Fraction(old)) / Fraction(old)
                    if rise >= Fraction(least):
                        found.append(((-rise, product_id, store.id), self._rise(product_id, store, old, new, seen[1])))
        return [rise for _, rise in sorted(found, key=lambda pair: pair[0])]

    def _rise(self, product_id: str, store: Store, old: Decimal, new: Decimal, when: date) -> Fields:
        return {
            **self._named(product_id),
            "store_name": store.name,
            "old_price": cents(old),
            "new_price": cents(new),
            "increase_pct": hundredths(100 * (Fraction(new) - Fraction(old)) / Fraction(old)),
            "detected_at": day(when),
        }

    def _named(self, product_id: str) -> Fields:
        return {"product_id": product_id, "product_name": self._catalogue.name(product_id)}

    def _newest(self, days: Days) -> Decimal:
        return days[max(days)]
