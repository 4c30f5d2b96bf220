"""A made-up market of three supermarkets and their shoppers, told in events: the same for the same seed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from operator import attrgetter

from readmodel.demo.announcements import location_updated, product_normalized, shrinkflation, store_updated
from readmodel.demo.catalogue import STORES, Product, can_shrink, make_products, shrunk
from readmodel.demo.dice import dice
from readmodel.demo.prices import Shelves
from readmodel.demo.shoppers import Shoppers
from readmodel.events.cloudevent import CloudEvent

_SHRINKING = 0.07
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
        self._start = market.start
        self._random = dice(market.seed, "town")
        self._products = make_products(market.seed, market.products)
        self._shelves = Shelves(market.seed, market.start, self._products)
        self._shoppers = Shoppers(market.seed, market.start, market.days, market.users, self._products)
        self._cuts = self._plan_cuts(market.days)

    def day(self, day: date) -> list[CloudEvent]:
        """The events of one day, in order of time. Days must be asked for one after the other."""
        opening = self._open(day) if day == self._start else ()
        morning = [*opening, *self._shelves.day(day), *self._cut(day)]
        alerts = [event for event in morning if event.stream == "cartsnitch.alerts"]
        visits = [*self._shoppers.day(day, self._shelves)]
        evening = self._shoppers.read(day, alerts)
        return sorted(chain(morning, visits, evening), key=attrgetter("time"))

    def moment(self, at: datetime, reaction: timedelta) -> list[CloudEvent]:
        """Something happens right now: a price moves or somebody pays; an alert follows after `reaction`."""
        people = [shopper for shopper in self._shoppers.people if shopper.leaves is None]
        if people and self._random.random() < 0.2:
            return [self._shoppers.shop(self._random.choice(people), self._shelves, at)]
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
            yield shrinkflation(product, smaller, self._shelves.price_of(smaller), at + timedelta(hours=1))
