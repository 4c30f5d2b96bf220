"""What to ask: every endpoint, with many of its parameters."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from readmodel.demo.catalogue import STORES
from tests.oracle.goods_mishaps import FARM_ID, GHOST_ID, NEVER_NAMED
from tests.oracle.reading import is_uuid, uuid
from tests.oracle.world import World

NOBODY = "99999999-0000-4000-8000-000000000000"
PERIODS = ("all-time", "1y", "6m", "3m", "1m")


@dataclass(frozen=True)
class Question:
    """A GET request by a user; the path is written without `/api/v1`."""

    path: str
    user: str
    asked: dict[str, str] = field(default_factory=dict)


class Questions:
    """Questions by chance, about things that there are."""

    def __init__(self, world: World, random: Random) -> None:
        self._world = world
        self._random = random
        known = sorted(world.catalogue.products)
        self._products = [*random.sample(known, 5), NEVER_NAMED[0], NOBODY]
        named = {product.get("category") for product in world.catalogue.products.values()} - {None}
        self._categories = [*random.sample(sorted(map(str, named)), 3), "No such shelf"]
        self._stores = [*(store.id for store in STORES), FARM_ID, GHOST_ID]

    def of_anybody(self, user: str) -> Iterator[Question]:
        """What does not depend on who asks."""
        yield from self._about_products(user)
        yield from self._about_prices(user)
        yield from self._about_many_products(user)
        yield Question("/stores", user)
        yield from (Question("/coupons", user, asked) for asked in ({}, *self._each("store_id", self._stores)))
        yield from (Question("/public/shrinkflation", user, asked) for asked in self._windows())
        yield from (Question("/public/inflation", user, asked) for asked in self._indices())

    def of_user(self, user: str) -> Iterator[Question]:
        """What only this user sees."""
        alone = ("/me/stores", "/me/email-in-address", "/scraping/status", "/coupons/relevant", "/shopping/lists")
        yield from (Question(path, user) for path in (*alone, "/alerts/settings"))
        for path in ("/purchases", "/purchases/stats"):
            yield from (Question(path, user, asked) for asked in self._days())
        yield from (Question("/purchases", user, asked) for asked in self._each("store_id", self._stores))
        ids = [told.data.get("purchase_id") for told in self._world.of("receipts.ingested")]
        shown = [purchase["id"] for purchase in self._world.purchases(user).listed()]
        chosen = self._some(filter(is_uuid, ids), 3) + self._some(shown, 5)
        yield from (Question(f"/purchases/{uuid(purchase_id)}", user) for purchase_id in [*chosen, NOBODY])
        kinds = self._each("type", ["price_increase", "shrinkflation"])
        for asked in ({}, {"unread": "true"}, {"unread": "false", "type": "price_increase"}, *kinds):
            yield Question("/alerts", user, asked)

    def _about_products(self, user: str) -> Iterator[Question]:
        for product_id in self._products:
            yield Question(f"/products/{product_id}", user)
            yield Question(f"/products/{product_id}/prices", user)
            yield Question(f"/products/{product_id}/prices", user, self._window(3650))
            yield Question(f"/products/{product_id}/prices", user, {"store_id": self._random.choice(self._stores)})
            yield Question(f"/public/trends/{product_id}", user, self._window(365))
            yield Question(f"/public/trends/{product_id}", user)

    def _about_prices(self, user: str) -> Iterator[Question]:
        for asked in ({}, *self._windows(), *self._each("category", self._categories)):
            yield Question("/prices/trends", user, asked)
            yield Question("/prices/increases", user, asked)
        yield Question("/prices/increases", user, {"min_pct": "10"})
        for least in ("0.5", "10", "33.3333"):
            yield Question("/prices/increases", user, {"min_pct": least, **self._window(365)})

    def _about_many_products(self, user: str) -> Iterator[Question]:
        some = self._random.sample(self._products, 5)
        yield Question("/products", user)
        yield Question("/prices/comparison", user, {"product_ids": ",".join([*some, some[0]])})
        yield Question("/public/store-comparison", user, {"product_ids": ",".join(some)})
        for asked in self._each("category", self._categories):
            yield Question("/products", user, asked)
            yield Question("/public/store-comparison", user, asked)
            yield Question("/public/store-comparison", user, {"product_ids": ",".join(some), **asked})

    def _indices(self) -> Iterator[dict[str, str]]:
        for period in PERIODS:
            yield {"period": period}
            yield {"period": period, "until": self._some_day(), "category": self._random.choice(self._categories)}
        yield from self._each("category", self._categories)
        yield from ({"until": self._some_day(), "series": series} for series in ("CUUR0000SA0", "NONE"))
        yield {}

    def _days(self) -> Iterator[dict[str, str]]:
        first, second = sorted((self._some_day(), self._some_day()))
        yield from ({}, {"from": first}, {"to": second}, {"from": first, "to": second}, {"from": second, "to": first})

    def _windows(self) -> Iterator[dict[str, str]]:
        yield {"days": "1"}
        yield {"until": self._some_day()}
        yield self._window(40)
        yield {**self._window(365), "category": self._categories[0]}

    def _window(self, longest: int) -> dict[str, str]:
        return {"days": str(self._random.randint(1, longest)), "until": self._some_day()}

    def _some_day(self) -> str:
        back = self._random.choice([0, 1, 3, 30, 100, 200, 400])
        return (self._world.today - timedelta(days=back + self._random.randint(0, 9))).isoformat()

    def _some(self, values: Iterable[Any], wanted: int) -> list[Any]:
        found = sorted(set(values))
        return self._random.sample(found, min(len(found), wanted))

    def _each(self, name: str, values: Iterable[str]) -> list[dict[str, str]]:
        return [{name: value} for value in values]
