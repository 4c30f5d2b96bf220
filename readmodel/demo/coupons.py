"""The stores' coupons: for one product or for everything, announced early, extended, withdrawn, mostly left to end."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from random import Random
from typing import Final

from readmodel.demo.announcements import CLIPARTIST, announce, money
from readmodel.demo.catalogue import STORES, Product, Store
from readmodel.demo.dice import dice
from readmodel.demo.prices import Shelves
from readmodel.events.cloudevent import CloudEvent
from readmodel.events.ids import stable_id

DISCOUNTS: Final = ("percent", "fixed", "bogo", "buy_x_get_y")
_FOR_A_PRODUCT, _FOR_ALL, _EXTENDED, _WITHDRAWN, _ENDLESS, _EARLY = 0.7, 0.25, 0.06, 0.05, 0.05, 0.3


@dataclass(slots=True)
class Coupon:
    """A coupon as it is now; `product` is None where it is good for everything, `value` as the contract has it."""

    id: str
    store: Store
    product: Product | None
    discount: str
    value: str | None
    title: str
    min_purchase: str | None
    valid_from: date
    valid_to: date | None
    requires_clip: bool
    code: str | None

    def updated(self, at: datetime) -> CloudEvent:
        """The event that tells it."""
        data = {
            "id": self.id,
            "store_id": self.store.id,
            "normalized_product_id": self.product and self.product.id,
            "title": self.title,
            "description": f"At {self.store.name}. One per customer.",
            "discount_type": self.discount,
            "discount_value": self.value,
            "min_purchase": self.min_purchase,
            "valid_from": self.valid_from.isoformat(),
            "valid_to": self.valid_to and self.valid_to.isoformat(),
            "requires_clip": self.requires_clip,
            "coupon_code": self.code,
        }
        return announce(CLIPARTIST, "coupons.updated", at, data, self.id)

    def removed(self, at: datetime) -> CloudEvent:
        """The event that takes it back."""
        return announce(CLIPARTIST, "coupons.removed", at, {"id": self.id}, self.id)


class Coupons:
    """All coupons that have not ended yet."""

    def __init__(self, seed: int) -> None:
        self._random = dice(seed, "coupons")
        self._out: list[Coupon] = []

    def day(self, day: date, shelves: Shelves) -> Iterator[CloudEvent]:
        """Before it reprices, a store looks through its coupons and thinks of new ones."""
        opening = datetime.combine(day, time(4), UTC)
        seconds = (opening + timedelta(seconds=number) for number in count())
        self._out = [coupon for coupon in self._out if coupon.valid_to is None or coupon.valid_to >= day]
        for store in STORES:
            if day.weekday() == store.weekday:
                yield from self._look_through(store, seconds)
                if self._random.random() < _FOR_A_PRODUCT:
                    yield self.issue(store, shelves, next(seconds))
                if self._random.random() < _FOR_ALL:
                    yield self._issue(store, None, next(seconds))

    def issue(self, store: Store, shelves: Shelves, at: datetime) -> CloudEvent:
        """A new coupon for something that the store sells."""
        listing = self._random.choice(list(shelves.listings[store.slug].values()))
        return self._issue(store, listing.product, at)

    def _look_through(self, store: Store, seconds: Iterator[datetime]) -> Iterator[CloudEvent]:
        for coupon in [coupon for coupon in self._out if coupon.store == store]:
            chance = self._random.random()
            if chance < _WITHDRAWN:
                self._out.remove(coupon)
                yield coupon.removed(next(seconds))
            elif chance < _WITHDRAWN + _EXTENDED and coupon.valid_to:
                coupon.valid_to += timedelta(days=7)
                yield coupon.updated(next(seconds))

    def _issue(self, store: Store, product: Product | None, at: datetime) -> CloudEvent:
        random, day = self._random, at.date()
        discount = random.choice(DISCOUNTS if product else DISCOUNTS[:2])
        value, least = _worth(discount, product, random)
        begins = day + timedelta(days=random.randint(1, 6)) if random.random() < _EARLY else day
        ends = None if random.random() < _ENDLESS else begins + timedelta(days=random.randint(5, 27))
        code = f"{store.slug[:4].upper()}{random.randrange(10_000):04d}" if random.random() < 0.4 else None
        coupon = Coupon(
            id=stable_id("coupon", store.slug, product.id if product else "", at.isoformat()),
            store=store,
            product=product,
            discount=discount,
            value=value,
            title=_title(discount, value, product),
            min_purchase=least,
            valid_from=begins,
            valid_to=ends,
            requires_clip=random.random() < 0.5,
            code=code,
        )
        self._out.append(coupon)
        return coupon.updated(at)


def _worth(discount: str, product: Product | None, random: Random) -> tuple[str | None, str | None]:
    """The value of a discount and the least that must be spent."""
    if discount == "percent":
        return str(random.choice((10, 15, 20, 25, 30) if product else (5, 10))), None
    if discount == "fixed":
        cents = 25 * random.randint(1, max(1, product.cents // 100)) if product else random.choice((300, 500, 1000))
        return money(cents), None if product else money(10 * cents)
    return None, None


def _title(discount: str, value: str | None, product: Product | None) -> str:
    what = product.name if product else "your whole basket"
    match discount:
        case "percent":
            return f"{value}% off {what}"
        case "fixed":
            return f"${value} off {what}"
        case "bogo":
            return f"Buy one, get one free: {what}"
    return f"Buy two, get the third free: {what}"
