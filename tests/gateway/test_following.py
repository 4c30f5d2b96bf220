"""Whoever follows the `next` links sees every item once, whatever arrives meanwhile."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from aiohttp.test_utils import TestClient
from yarl import URL

from tests.gateway.conftest import ANNA, BUTTER, FOODHALL, GREENBASKET, Log, bearer

Dice = random.Random
Arrive = Callable[[Log, Dice], None]

SEEDS = range(2)
AT_FIRST = 14
BETWEEN_PAGES = 7


def fresh(dice: Dice) -> str:
    return str(UUID(int=dice.getrandbits(128), version=4))


def day(dice: Dice) -> str:
    return f"2025-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"


def store(log: Log, dice: Dice) -> None:
    slug = f"kiosk-{dice.randrange(10**9)}"
    log.publish("stores.updated", id=fresh(dice), name=dice.choice(["Corner", "Kiosk", "Über", "a"]), slug=slug)


def product(log: Log, dice: Dice) -> None:
    name: dict[str, Any] = (
        {} if dice.random() < 0.2 else {"canonical_name": dice.choice(["Ale", "Milk", "Öl & Milk", "Milkshake"])}
    )
    log.publish("products.normalized", normalized_product_id=fresh(dice), category="Dairy", **name)


def purchase(log: Log, dice: Dice) -> None:
    receipt: dict[str, Any] = {"purchase_date": day(dice), "item_count": 1, "total": "1.00"}
    log.publish("receipts.ingested", user_id=ANNA, purchase_id=fresh(dice), store_slug="foodhall", **receipt)


def alert(log: Log, dice: Dice) -> None:
    rise = {"product_id": BUTTER, "old_price": "1.00", "new_price": "2.00"}
    log.publish("alerts.price_increase", f"{day(dice)}T08:00:00Z", id=fresh(dice), **rise)


def coupon(log: Log, dice: Dice) -> None:
    terms: dict[str, Any] = {"discount_type": "percent", "requires_clip": False}
    if dice.random() < 0.7:
        terms["valid_to"] = f"20{dice.randint(30, 60)}-{dice.randint(1, 12):02}-01"
    about = {} if dice.random() < 0.5 else {"normalized_product_id": BUTTER}
    log.publish("coupons.updated", id=fresh(dice), store_id=GREENBASKET, title="Off", **about, **terms)


def shopping_list(log: Log, dice: Dice) -> None:
    log.publish("shopping_lists.saved", f"{day(dice)}T08:00:00Z", id=fresh(dice), user_id=ANNA, name="L", items=[])


def rise(log: Log, dice: Dice) -> None:
    bought: dict[str, Any] = {"product_id": fresh(dice), "store_id": FOODHALL}
    log.publish("products.normalized", product_id=bought["product_id"], canonical_name=dice.choice(["Ale", "zoo"]))
    for date, price in (("2025-11-01", "1.00"), ("2025-11-02", f"{dice.randint(2, 9)}.00")):
        log.publish("prices.updated", **bought, observed_date=date, regular_price=price)


@dataclass(frozen=True)
class List:
    """A list, what makes it longer, and the field that tells its items apart."""

    path: str
    arrive: Arrive
    key: str = "id"


LISTS = [
    List("/api/v1/stores", store),
    List("/api/v1/products", product),
    List("/api/v1/products?category=Dairy", product),
    List("/api/v1/products?q=milk", product),
    List("/api/v1/purchases", purchase),
    List("/api/v1/alerts", alert),
    List("/api/v1/coupons", coupon),
    List("/api/v1/coupons/relevant", coupon),
    List("/api/v1/shopping/lists", shopping_list),
    List("/api/v1/prices/increases", rise, "product_id"),
    List("/api/v1/prices/trends", rise, "product_id"),
]


def ids(body: list[dict[str, Any]], key: str) -> Iterator[str]:
    return (item[key] for item in body)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("listed", LISTS, ids=lambda listed: listed.path)
async def test_no_item_is_lost_or_doubled(client: "TestClient[Any, Any]", log: Log, listed: List, seed: int) -> None:
    """All that were there at the start come, each once, and none twice of those that came meanwhile."""
    dice = Dice(seed)
    for _ in range(AT_FIRST):
        listed.arrive(log, dice)
    whole = URL(listed.path).update_query(page_size=100)
    at_first = [*ids(await (await client.get(whole, headers=bearer())).json(), listed.key)]
    assert len(at_first) >= 5

    address: URL | None = URL(listed.path).update_query(page_size=dice.randint(2, 4))
    seen: list[str] = []
    while address:
        response = await client.get(address, headers=bearer())
        assert response.status == 200, await response.text()
        seen += ids(await response.json(), listed.key)
        assert int(response.headers["X-Total-Count"]) >= len(at_first)
        address = URL(response.links["next"]["url"]).relative() if "next" in response.links else None
        if len(seen) < 4 * AT_FIRST:
            for _ in range(dice.randrange(BETWEEN_PAGES)):
                listed.arrive(log, dice)

    assert len(seen) == len(set(seen))
    assert [item for item in seen if item in set(at_first)] == at_first
