"""The people of the market: when they join, what they buy, which alerts they want and read."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, Final

from readmodel.demo.announcements import READMODEL, announce, product_matched
from readmodel.demo.catalogue import STORES, Product
from readmodel.demo.dice import dice, seldom
from readmodel.demo.prices import Shelves
from readmodel.demo.receipts import Line, receipt
from readmodel.events.cloudevent import CloudEvent
from readmodel.events.ids import stable_id

_FIRST: Final = ("Ada", "Bo", "Carmen", "Dev", "Elif", "Femi", "Grace", "Hugo", "Ines", "Jun")
_LAST: Final = ("Abara", "Brandt", "Castillo", "Dahl", "Eriksen", "Fontaine", "Garza")
_THRESHOLDS: Final = (2, 3, 8, 10, 15)
# The share of shoppers who join in the course of the first quarter; the others are there from the first day.
_JOIN_LATER: Final = 0.4
# After some visits ReceiptWitness tells how it knew a product.
_MATCHED: Final = 0.04


@dataclass(slots=True)
class Shopper:
    """A user of the service. Dates say what happens to the account when; `bought` are ids of products that
    the user's receipts name, `usuals` those that the user likes to buy."""

    number: int
    id: str
    random: Random
    joins: date
    weekday: int
    store: str
    usuals: list[str]
    changes_settings: date | None = None
    leaves: date | None = None
    threshold: float = 5
    wants_shrinkflation: bool = True
    bought: set[str] = field(default_factory=set)

    def is_here(self, day: date) -> bool:
        """Whether the account exists all of that day."""
        return self.joins < day and (self.leaves is None or day <= self.leaves)

    def wants(self, alert: CloudEvent) -> bool:
        """Whether the alert is one that names itself, and is shown to this user."""
        if "id" not in alert.data:
            return False
        if alert.type == "cartsnitch.alerts.shrinkflation":
            return self.wants_shrinkflation and alert.data["normalized_product_id"] in self.bought
        return alert.data["change_percent"] >= self.threshold and alert.data["product_id"] in self.bought


class Shoppers:
    """All users, and what they do on a day."""

    def __init__(self, seed: int, start: date, days: int, users: int, products: list[Product]) -> None:
        ids = [product.id for product in products]
        self.people = [_shopper(seed, number, start, days, ids) for number in range(users)]
        # One of many asks to be forgotten, so that erasure is part of the picture.
        if users >= 10:
            self.people[-1].leaves = start + timedelta(days=days * 3 // 5)

    def day(self, day: date, shelves: Shelves) -> Iterator[CloudEvent]:
        """Registrations in the morning, shopping until the evening, settings and farewells after that."""
        for shopper in self.people:
            if shopper.joins == day:
                yield _registered(shopper, _clock(day, 7, shopper.number))
            if not shopper.is_here(day):
                continue
            if shopper.weekday == day.weekday() and shopper.random.random() < 0.93:
                visit = self.shop(shopper, shelves, _clock(day, 8, shopper.random.randrange(12 * 3600)))
                yield visit
                yield from _matched(visit, shelves)
            if shopper.changes_settings == day:
                yield _settings_changed(shopper, _clock(day, 20, shopper.number))
            if shopper.leaves == day:
                yield _erased(shopper, _clock(day, 23, shopper.number))

    def read(self, day: date, alerts: list[CloudEvent]) -> Iterator[CloudEvent]:
        """In the evening some look at the day's alerts."""
        for shopper in self.people:
            if shopper.is_here(day) and shopper.random.random() < 0.05:
                for number, alert in enumerate(filter(shopper.wants, alerts)):
                    at = _clock(day, 21, 60 * shopper.number + number)
                    data = {"user_id": shopper.id, "alert_id": alert.data["id"]}
                    yield announce(READMODEL, "users.alert_read", at, data, shopper.id, alert.id)

    def shop(self, shopper: Shopper, shelves: Shelves, at: datetime) -> CloudEvent:
        """One receipt, mostly from the user's usual store and of the user's usual products."""
        random = shopper.random
        slug = shopper.store if random.random() < 0.7 else random.choice(STORES).slug
        shelf = shelves.listings[slug]
        wanted = random.sample(shopper.usuals, min(len(shopper.usuals), random.randint(5, 12)))
        wanted += random.choices(list(shelf), k=random.randint(0, 2))
        found = [product for product in dict.fromkeys(wanted) if product in shelf] or [next(iter(shelf))]
        lines = [Line.scanned(shelf[product], random) for product in found]
        event = receipt(shopper.id, next(s for s in STORES if s.slug == slug), lines, at, random)
        named = (item.get("normalized_product_id") for item in event.data.get("items", ()))
        shopper.bought.update(filter(None, named))
        return event


def _shopper(seed: int, number: int, start: date, days: int, products: list[str]) -> Shopper:
    random = dice(seed, "shopper", number)
    joins_after = random.randrange(1, max(2, days // 4)) if random.random() < _JOIN_LATER else 0
    shopper = Shopper(
        number=number,
        id=stable_id("user", str(seed), str(number)),
        random=random,
        joins=start + timedelta(days=joins_after),
        weekday=random.randrange(7),
        store=random.choice(STORES).slug,
        usuals=random.sample(products, min(len(products), random.randint(20, 40))),
    )
    if number % 4 == 0:
        shopper.changes_settings = start + timedelta(days=random.randint(days // 3, days - 1))
    return shopper


def _registered(shopper: Shopper, at: datetime) -> CloudEvent:
    first, last = _FIRST[shopper.number % len(_FIRST)], _LAST[shopper.number // len(_FIRST) % len(_LAST)]
    data = {
        "user_id": shopper.id,
        "email": f"{first}.{last}{shopper.number + 1}@example.org".lower(),
        "display_name": f"{first} {last}",
        "email_inbound_token": f"{shopper.random.getrandbits(96):024x}",
        "created_at": at.isoformat(),
    }
    return announce(READMODEL, "users.registered", at, data, shopper.id)


def _matched(visit: CloudEvent, shelves: Shelves) -> Iterator[CloudEvent]:
    found = [item.get("normalized_product_id") for item in visit.data.get("items", ())]
    if found and found[0] and seldom(_MATCHED, "matched", visit.id):
        yield product_matched(shelves.product(found[0]), visit.time + timedelta(minutes=1))


def _settings_changed(shopper: Shopper, at: datetime) -> CloudEvent:
    data: dict[str, Any] = {"user_id": shopper.id}
    if shopper.random.random() < 0.8:
        data["price_increase_threshold_pct"] = shopper.threshold = shopper.random.choice(_THRESHOLDS)
    else:
        data["shrinkflation_enabled"] = shopper.wants_shrinkflation = False
    if shopper.random.random() < 0.3:
        data["email_notifications"] = True
    return announce(READMODEL, "users.alert_settings_changed", at, data, shopper.id)


def _erased(shopper: Shopper, at: datetime) -> CloudEvent:
    return announce(READMODEL, "users.erased", at, {"user_id": shopper.id}, shopper.id)


def _clock(day: date, hour: int, seconds: int) -> datetime:
    return datetime.combine(day, time(hour), UTC) + timedelta(seconds=seconds)
