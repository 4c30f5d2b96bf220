"""A made-up market of three supermarkets and their shoppers, told in events: the same for the same seed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from operator import attrgetter

from readmodel.demo.accounts import Accounts
from readmodel.demo.announcements import (
    location_updated,
    product_normalized,
    shrinkflation,
    shrinkflation_somewhere,
    store_updated,
)
from readmodel.demo.catalogue import STORES, Product, can_shrink, make_products, shrunk
from readmodel.demo.coupons import Coupons
from readmodel.demo.dice import dice, seldom
from readmodel.demo.indices import Index
from readmodel.demo.lists import Lists
from readmodel.demo.prices import Shelves
from readmodel.demo.shoppers import Shoppers
from readmodel.demo.upkeep import Upkeep
from readmodel.events.cloudevent import CloudEvent

_SHRINKING = 0.07
# Some of what ShrinkRay finds comes in the form that today's service sends.
_SHORT_FORM = 0.2
_TICK = timedelta(milliseconds=1)


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Market:
    """The market from `start` on for so many `days`; products are at most some 600."""

    seed: int
    start: date
    days: int = 730
    products: int = 500
    users: int = 50

    def history(self) -> Iterator[CloudEvent]:
        """All that happens on those days, in order of time; byte for byte the same at every call."""
        return self._days(Town(self))

    def live(self, clock: Callable[[], datetime] = utc_now) -> Iterator[CloudEvent]:
        """What happens after the history, without end: each event at the time that `clock` tells when it
        is asked for (never before the history's end). Lives through the history first: seconds."""
        town = Town(self)
        for _ in self._days(town):
            pass
        at = datetime.combine(self.start, time(), UTC) + timedelta(days=self.days)
        while True:
            at = max(at + _TICK, clock())
            for event in town.moment(at, _TICK):
                at = event.time
                yield event

    def _days(self, town: "Town") -> Iterator[CloudEvent]:
        for number in range(self.days):
            yield from town.day(self.start + timedelta(days=number))


class Town:
    """The state of a market between two days."""

    def __init__(self, market: Market) -> None:
        seed, start, days = market.seed, market.start, market.days
        self._start = start
        self._random = dice(seed, "town")
        self._products = make_products(seed, market.products)
        self._shelves = Shelves(seed, start, self._products)
        self._shoppers = Shoppers(seed, start, days, market.users, self._products)
        self._accounts, self._lists, self._coupons = Accounts(seed), Lists(seed), Coupons(seed)
        self._index = Index(seed, start)
        self._cuts = self._plan_cuts(days)
        shrinking = {product.id for products in self._cuts.values() for product in products}
        self._upkeep = Upkeep(seed, start, days, self._products, steady=shrinking)

    def day(self, day: date) -> list[CloudEvent]:
        """The events of one day, in order of time. Days must be asked for one after the other."""
        opening = self._open(day) if day == self._start else ()
        night = [*opening, *self._upkeep.day(day, self._shelves), *self._coupons.day(day, self._shelves)]
        morning = [*self._shelves.day(day), *self._cut(day), *self._index.day(day)]
        alerts = [event for event in morning if event.stream == "cartsnitch.alerts"]
        people = self._shoppers.people
        visits = [*self._shoppers.day(day, self._shelves)]
        evening = chain(
            self._lists.day(day, people, self._shelves),
            self._shoppers.read(day, alerts),
            self._accounts.day(day, people, visits),
        )
        return sorted(chain(night, morning, visits, evening), key=attrgetter("time"))

    def moment(self, at: datetime, reaction: timedelta) -> list[CloudEvent]:
        """Something happens right now: a price moves (an alert follows after `reaction`), somebody pays, writes a
        list or has an account read, or a store thinks of a coupon."""
        people = [shopper for shopper in self._shoppers.people if shopper.leaves is None]
        chance = self._random.random()
        if people and chance < 0.26:
            shopper = self._random.choice(people)
            if chance < 0.2:
                return [self._shoppers.shop(shopper, self._shelves, at)]
            if chance < 0.23:
                return [self._lists.write(shopper, self._shelves, at)]
            return [*self._accounts.sync(shopper, at, reaction)]
        if chance > 0.97:
            return [self._coupons.issue(self._random.choice(STORES), self._shelves, at)]
        return [*self._shelves.nudge(at, reaction)]

    def _open(self, day: date) -> Iterator[CloudEvent]:
        midnight = datetime.combine(day, time(), UTC)
        for store in STORES:
            yield store_updated(store, midnight)
            yield location_updated(store, midnight + _TICK)
        for number, product in enumerate(self._products):
            yield product_normalized(product, midnight + timedelta(minutes=1, seconds=number))

    def _plan_cuts(self, days: int) -> dict[date, list[Product]]:
        packs = [product for product in self._products if can_shrink(product)]
        plan: dict[date, list[Product]] = {}
        for product in self._random.sample(packs, min(len(packs), 1 + round(_SHRINKING * len(packs)))):
            day = self._start + timedelta(days=self._random.randint(days // 4, days - 1))
            plan.setdefault(day, []).append(product)
        return plan

    def _cut(self, day: date) -> Iterator[CloudEvent]:
        """Packs that get smaller today, and ShrinkRay, which notices an hour later."""
        for number, product in enumerate(self._cuts.get(day, ())):
            at = datetime.combine(day, time(6), UTC) + timedelta(seconds=number)
            smaller = shrunk(product, self._random)
            self._shelves.replace(smaller)
            yield product_normalized(smaller, at)
            if seldom(_SHORT_FORM, "shrunk", product.id):
                yield shrinkflation_somewhere(product, smaller, at + timedelta(hours=1))
            else:
                yield shrinkflation(product, smaller, self._shelves.price_of(smaller), at + timedelta(hours=1))
