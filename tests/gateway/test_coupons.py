from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import TypeAdapter
from yarl import URL

from gateway.routes.coupons import Coupon
from tests.gateway.conftest import (
    ANNA,
    BEN,
    BREAD,
    FOODHALL,
    GREENBASKET,
    MILK,
    UNKNOWN,
    Ask,
    Get,
    Log,
    Payload,
    Refused,
)

COUPONS, RELEVANT = "/api/v1/coupons", "/api/v1/coupons/relevant"
FRESH, ENDLESS, ELSEWHERE, OVER, SOON = (f"66666666-0000-4000-8000-00000000000{digit}" for digit in "12345")


def in_days(days: int) -> date:
    return datetime.now(UTC).date() + timedelta(days=days)


@pytest.fixture
def today() -> date:
    """The day a test began: it may end on the next, so nothing here is good until today only."""
    return in_days(0)


@pytest.fixture
def offered(log: Log, today: date) -> Log:
    """Three coupons that are good today, one that was until yesterday, and one that will be."""
    days = {n: (today + timedelta(days=n)).isoformat() for n in (-1, 0, 2, 9)}
    percent: Payload = {"title": "12.3456 % off", "discount_type": "percent", "discount_value": "12.3456"}
    clip: Payload = {"requires_clip": True, "coupon_code": "FRESH", "description": "Any brand"}
    where: Payload = {"store_id": GREENBASKET, "normalized_product_id": MILK}
    log.publish("coupons.updated", id=FRESH, valid_from=days[0], valid_to=days[9], **percent, **clip, **where)
    bogo: Payload = {"title": "Two for one", "discount_type": "bogo", "requires_clip": False}
    log.publish("coupons.updated", id=ENDLESS, store_slug="foodhall", **bogo)
    kiosk: Payload = {"store_slug": "kiosk", "normalized_product_id": BREAD}
    log.publish("coupons.updated", id=ELSEWHERE, valid_to=days[2], **kiosk, **bogo)
    log.publish("coupons.updated", id=OVER, store_id=GREENBASKET, valid_to=days[-1], **bogo)
    log.publish("coupons.updated", id=SOON, store_id=GREENBASKET, valid_from=days[2], **bogo)
    return log


@pytest.fixture
def fresh(today: date) -> Payload:
    return {
        "id": FRESH,
        "store_id": GREENBASKET,
        "store_name": "Greenbasket",
        "title": "12.3456 % off",
        "description": "Any brand",
        "discount_type": "percent",
        "discount_value": 12.3456,
        "product_id": MILK,
        "requires_clip": True,
        "code": "FRESH",
        "expires_at": f"{today + timedelta(days=9)}T00:00:00",
    }


ENDLESS_ONE: Payload = {
    "id": ENDLESS,
    "store_id": FOODHALL,
    "store_name": "Foodhall",
    "title": "Two for one",
    "description": None,
    "discount_type": "bogo",
    "discount_value": None,
    "product_id": None,
    "requires_clip": False,
    "code": None,
    "expires_at": None,
}


@pytest.fixture
def elsewhere(today: date) -> Payload:
    return {
        **ENDLESS_ONE,
        "id": ELSEWHERE,
        "store_id": "kiosk",
        "store_name": "kiosk",
        "product_id": BREAD,
        "expires_at": f"{today + timedelta(days=2)}T00:00:00",
    }


@pytest.mark.usefixtures("offered")
async def test_the_coupons_of_today_soonest_to_expire_first(ask: Ask, fresh: Payload, elsewhere: Payload) -> None:
    """Whoever asks; a value keeps its decimals, and what is not known is null."""
    assert await ask(COUPONS) == [elsewhere, fresh, ENDLESS_ONE]
    assert await ask(COUPONS, "somebody else") == [elsewhere, fresh, ENDLESS_ONE]


@pytest.mark.usefixtures("offered")
async def test_coupons_of_one_store(ask: Ask, fresh: Payload) -> None:
    """However the store was named, and in whatever spelling of its id it is asked for."""
    assert await ask(f"{COUPONS}?store_id={GREENBASKET}") == [fresh]
    assert await ask(f"{COUPONS}?store_id={FOODHALL.replace('-', '').upper()}") == [ENDLESS_ONE]
    assert await ask(f"{COUPONS}?store_id={UNKNOWN}") == []


@pytest.mark.usefixtures("offered")
async def test_relevant_coupons_are_best_first(ask: Ask, fresh: Payload) -> None:
    """Anna scanned milk, and shops in both stores; Ben was in Greenbasket only, where nothing else is good today."""
    assert await ask(RELEVANT) == [fresh, ENDLESS_ONE]
    assert await ask(RELEVANT, BEN) == [fresh]
    assert await ask(RELEVANT, "somebody else") == []
    assert await ask(RELEVANT, ANNA.upper()) == []


async def test_a_purchase_makes_coupons_relevant_at_once(ask: Ask, offered: Log, elsewhere: Payload) -> None:
    """What was bought goes before where it was bought."""
    line: Payload = {"product_name_raw": "RYE", "quantity": 1, "unit_price": 3, "extended_price": 3}
    receipt: Payload = {"store_slug": "foodhall", "purchase_id": "f-2", "purchase_date": "2025-11-20", "total": 3}
    items = [{**line, "normalized_product_id": BREAD}]
    offered.publish("receipts.ingested", user_id="Cleo", **receipt, items=items)
    assert await ask(RELEVANT, "Cleo") == [elsewhere, ENDLESS_ONE]


async def test_removed_coupons_and_erased_users(ask: Ask, offered: Log, fresh: Payload, elsewhere: Payload) -> None:
    """Both are gone at once; what is not about the user stays."""
    offered.publish("coupons.removed", id=ENDLESS)
    assert await ask(COUPONS) == [elsewhere, fresh]
    assert await ask(RELEVANT) == [fresh]
    offered.publish("users.erased", user_id=ANNA)
    assert await ask(COUPONS) == [elsewhere, fresh]
    assert await ask(RELEVANT) == []


@pytest.mark.usefixtures("offered")
@pytest.mark.parametrize(("path", "expected"), [(COUPONS, [ELSEWHERE, FRESH, ENDLESS]), (RELEVANT, [FRESH, ENDLESS])])
async def test_coupons_are_paged(get: Get, path: str, expected: list[str]) -> None:
    """Following the links finds every coupon once, also where the order looks at what is not shown."""
    found, link = [], f"{path}?limit=1"
    while link:
        response = await get(link)
        assert response.headers["X-Total-Count"] == str(len(expected))
        found += await response.json()
        link = URL(response.links["next"]["url"]).path_qs if "next" in response.links else ""
    assert [coupon["id"] for coupon in found] == expected
    assert all(coupon.keys() == ENDLESS_ONE.keys() for coupon in found)


@pytest.mark.usefixtures("offered")
@pytest.mark.parametrize("path", [COUPONS, RELEVANT])
async def test_coupons_are_as_documented(get: Get, path: str) -> None:
    """Every field is in the model, of that type, and none is missing."""
    response = await get(path)
    assert TypeAdapter(list[Coupon]).validate_json(await response.read(), extra="forbid", strict=True)


async def test_wrong_parameters_are_refused(refused: Refused) -> None:
    """A store is named by its id, and a part by numbers."""
    assert await refused(f"{COUPONS}?store_id=foodhall&page=0") == [
        ("page", "greater_than_equal"),
        ("store_id", "uuid_parsing"),
    ]
    assert await refused(f"{RELEVANT}?page_size=101") == [("page_size", "less_than_equal")]
