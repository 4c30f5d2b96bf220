"""What products cost: shelf prices that follow costs in steps, sales beside them, alerts about rises."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from readmodel.demo.announcements import price_changed, price_increase, price_increase_somewhere, price_updated
from readmodel.demo.assortment import CATEGORIES
from readmodel.demo.catalogue import STORES, Product, Store
from readmodel.demo.dice import dice, seldom
from readmodel.events.cloudevent import CloudEvent

ALERT_ABOVE_PERCENT: Final = 3
SIGHTING_WEEKS: Final = 3
_STOCKED, _SALE_CHANCE = 0.85, 0.08
# Some observations and alerts still come in the forms that today's services send.
_SHORT_FORM = 0.03
# StickerShock looks at a price a while after it was seen.
_REACTION: Final = timedelta(seconds=90)


@dataclass(slots=True)
class Listing:
    """A product on one store's shelf; `regular` and `sale` in cents. `cost` is the log of what the supplier
    asks beyond the trend, `patience` the relative gap to the target at which the store moves the price."""

    product: Product
    store: Store
    patience: float
    cost: float
    regular: int = 0
    sale: int | None = None

    def target(self, years: float, day_of_year: int) -> int:
        """The price the store would set now: trend, season and cost; `years` since the market's start."""
        category = self.product.category
        season = category.season * math.cos(2 * math.pi * (day_of_year - category.peak) / 365.25)
        growth = math.log1p(category.inflation) * years
        return shelf_price(self.product.cents * self.store.level * math.exp(growth + season + self.cost))


def shelf_price(cents: float) -> int:
    """The nearest price that stores like to print: ending in 5 or 9 below five dollars, in 9 above."""
    endings = (5, 9) if cents < 500 else (9,)
    tens = int(cents // 10) * 10
    candidates = [tens + step + ending for step in (-10, 0, 10) for ending in endings]
    return max(5, min(candidates, key=lambda candidate: abs(candidate - cents)))


class Shelves:
    """All listings of all stores and how they change."""

    def __init__(self, seed: int, start: date, products: list[Product]) -> None:
        self._random = dice(seed, "shelves")
        self._start = start
        self.listings: dict[str, dict[str, Listing]] = {store.slug: {} for store in STORES}
        for number, product in enumerate(products):
            # Every product is somewhere, the first of each category everywhere: no store lacks bread.
            everywhere = number < len(CATEGORIES)
            stocking = [store for store in STORES if everywhere or self._random.random() < _STOCKED]
            for store in stocking or STORES[:1]:
                self.listings[store.slug][product.id] = self._first_listing(product, store)

    def replace(self, product: Product) -> None:
        """The product's new form is on the shelves; its prices stay."""
        for listings in self.listings.values():
            if listing := listings.get(product.id):
                listing.product = product

    def take_down(self, product_id: str) -> dict[str, Listing]:
        """No store sells it any more; what they had, by slug."""
        return {slug: there.pop(product_id) for slug, there in self.listings.items() if product_id in there}

    def put_up(self, taken_down: dict[str, Listing]) -> None:
        """They sell it again, at the prices that it had."""
        for slug, listing in taken_down.items():
            self.listings[slug][listing.product.id] = listing

    def product(self, product_id: str) -> Product:
        """The product as it is on the shelves. StopIteration where none has it."""
        return next(there[product_id].product for there in self.listings.values() if product_id in there)

    def price_of(self, product: Product) -> int:
        """Its regular price in the first store that has it, in cents."""
        return next(there[product.id].regular for there in self.listings.values() if product.id in there)

    def day(self, day: date) -> Iterator[CloudEvent]:
        """The stores whose day it is go along their shelves; on the first day everything is seen."""
        opening = datetime.combine(day, time(5), UTC)
        step = _first_seen if day == self._start else self._pass_week
        for store in STORES:
            if day == self._start or day.weekday() == store.weekday:
                for number, listing in enumerate(self.listings[store.slug].values()):
                    yield from step(listing, opening + timedelta(seconds=number))

    def nudge(self, at: datetime, reaction: timedelta) -> Iterator[CloudEvent]:
        """One price somewhere moves, or a sale begins or ends, and is seen at once."""
        there = self.listings[self._random.choice(STORES).slug]
        listing = self._random.choice(list(there.values()))
        old, source = listing.regular, "catalog"
        if listing.sale is not None:
            listing.sale = None
        elif self._random.random() < 0.2:
            source = self._begin_sale(listing)
        else:
            listing.regular = shelf_price(old * math.exp(self._random.gauss(0.01, 0.05)))
        return _seen(listing, at, old, source, reaction)

    def _first_listing(self, product: Product, store: Store) -> Listing:
        listing = Listing(product, store, self._random.uniform(0.03, 0.08), self._random.gauss(0, 0.04))
        listing.regular = listing.target(0, self._start.timetuple().tm_yday)
        return listing

    def _pass_week(self, listing: Listing, at: datetime) -> Iterator[CloudEvent]:
        """A week has passed for this listing: its cost drifts, its sale ends, and its price may move."""
        random, old, sale = self._random, listing.regular, listing.sale
        listing.cost = 0.97 * listing.cost + random.gauss(0, 0.01)
        target = listing.target((at.date() - self._start).days / 365.25, at.timetuple().tm_yday)
        source = "catalog"
        if sale is not None:
            listing.sale = None
        elif random.random() < _SALE_CHANCE:
            source = self._begin_sale(listing)
        elif abs(target / old - 1) > listing.patience:
            listing.regular = target
        if (listing.regular, listing.sale) != (old, sale) or self._is_sighted(listing, at):
            yield from _seen(listing, at, old, source, _REACTION)

    def _begin_sale(self, listing: Listing) -> str:
        listing.sale = shelf_price(listing.regular * self._random.uniform(0.65, 0.9))
        return "weekly_ad"

    def _is_sighted(self, listing: Listing, at: datetime) -> bool:
        week = (at.date() - self._start).days // 7
        return (week + int(listing.product.upcs[0][-3])) % SIGHTING_WEEKS == 0


def _first_seen(listing: Listing, at: datetime) -> Iterator[CloudEvent]:
    return _seen(listing, at, listing.regular, "catalog", _REACTION)


def _seen(listing: Listing, at: datetime, old: int, source: str, reaction: timedelta) -> Iterator[CloudEvent]:
    product, store, new = listing.product, listing.store, listing.regular
    seen = product.id, store.slug, at.isoformat()
    if new != old and listing.sale is None and seldom(_SHORT_FORM, "price", *seen):
        yield price_changed(product, store, at, old, new)
    else:
        yield price_updated(product, store, at, new, sale=listing.sale, source=source)
    if 100 * (new - old) > ALERT_ABOVE_PERCENT * old:
        if seldom(_SHORT_FORM, "alert", *seen):
            yield price_increase_somewhere(product, at + reaction, old, new)
        else:
            yield price_increase(product, store, at + reaction, old, new)
