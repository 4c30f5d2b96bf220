"""The web frontend's views: slugs for ids of stores, camel case, no null texts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.routes.frontend_views import discount
from tests.gateway.conftest import (
    ANNA,
    BEN,
    BREAD,
    BUTTER,
    DEARER_BUTTER,
    DEARER_SOMEWHERE,
    GREENBASKET,
    MILK,
    RECEIPT,
    UNKNOWN,
    Ask,
    Get,
    Log,
)

COUPON = "55555555-0000-4000-8000-000000000001"
ANOTHER = "55555555-0000-4000-8000-000000000002"

GREEN: dict[str, str] = {"storeId": "greenbasket", "storeName": "Greenbasket"}
FOOD: dict[str, str] = {"storeId": "foodhall", "storeName": "Foodhall"}
RECEIPT_VIEW = {
    "id": RECEIPT,
    **GREEN,
    "date": "2025-11-16T00:00:00",
    "total": 3.15,
    "items": [
        {
            "id": f"{RECEIPT}-1",
            "productId": BUTTER,
            "name": "BUTTER 250G",
            "quantity": 1.0,
            "price": 2.8,
            "unitPrice": 2.8,
        },
        {
            "id": f"{RECEIPT}-2",
            "productId": MILK,
            "name": "MILK",
            "quantity": 0.354,
            "price": 0.35,
            "unitPrice": 1.0,
        },
    ],
}
BREAD_VIEW = {
    "id": BREAD,
    "name": "100%_rye bread",
    "brand": "",
    "category": "Bröd & bakery",
    "imageUrl": "",
    "prices": [],
}
BUTTER_VIEW = {
    "id": BUTTER,
    "name": "Butter 250 g",
    "brand": "Alpengold",
    "category": "Dairy",
    "imageUrl": "/butter.png",
    "prices": [
        {**FOOD, "price": 2.6, "lastUpdated": "2025-11-10T00:00:00"},
        {**GREEN, "price": 2.8, "lastUpdated": "2025-11-15T00:00:00"},
    ],
}


async def test_purchases_come_with_their_lines(ask: Ask, get: Get) -> None:
    """In the list as alone; a short form has none, and another user's is not there."""
    newest, oldest = await ask("/api/app/purchases")

    assert (newest | {"id": ""}) == {
        "id": "",
        **FOOD,
        "date": "2025-11-18T00:00:00",
        "total": 12.3,
        "items": [],
    }
    assert oldest == RECEIPT_VIEW == await ask(f"/api/app/purchases/{RECEIPT}")
    assert (await get(f"/api/app/purchases/{RECEIPT}", BEN)).status == 404


async def test_a_line_without_a_product_has_an_empty_one(ask: Ask, log: Log) -> None:
    """As the frontend takes no null."""
    item = {"product_name_raw": "SMUDGE", "quantity": 1, "unit_price": "1.00", "extended_price": "1.00"}
    where: dict[str, Any] = {"store_slug": "nowhere", "receipt_id": "n-1", "purchase_date": "2025-11-20"}
    log.publish("receipts.ingested", user_id=BEN, purchase_id=UNKNOWN, **where, total="1.00", items=[item])

    found = await ask(f"/api/app/purchases/{UNKNOWN}", BEN)

    assert (found["storeId"], found["storeName"], found["items"][0]["productId"]) == ("nowhere", "nowhere", "")


async def test_products_come_with_their_prices(ask: Ask) -> None:
    """In the list, in what is found, and alone."""
    assert (await ask("/api/app/products"))[:2] == [BREAD_VIEW, BUTTER_VIEW]
    assert await ask("/api/app/products?q=bred") == [BREAD_VIEW]
    assert await ask(f"/api/app/products/{BUTTER}") == BUTTER_VIEW


async def test_the_history_is_a_bare_list(ask: Ask, get: Get) -> None:
    """Oldest first, and cut as elsewhere."""
    assert await ask(f"/api/app/products/{BUTTER}/prices?until=2025-11-10") == [
        {"date": "2025-11-01T00:00:00", "price": 2.49, "storeId": "greenbasket"},
        {"date": "2025-11-10T00:00:00", "price": 2.6, "storeId": "foodhall"},
    ]
    assert (await get(f"/api/app/products/{UNKNOWN}/prices")).status == 404


async def test_coupons_say_what_they_are_worth(ask: Ask, log: Log) -> None:
    """Never without an end, which lies far away where there is none."""
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    terms: dict[str, Any] = {"discount_type": "fixed", "discount_value": "1.5", "requires_clip": False}
    about = {"description": "On butter", "normalized_product_id": BUTTER, "coupon_code": "BUTTER", "valid_to": tomorrow}
    log.publish("coupons.updated", id=ANOTHER, store_slug="foodhall", title="Off", **(terms | {"discount_value": None}))
    log.publish("coupons.updated", id=COUPON, store_id=GREENBASKET, title="Off", **terms, **about)

    assert await ask("/api/app/coupons") == [
        {
            "id": COUPON,
            "productId": BUTTER,
            "storeName": "Greenbasket",
            "description": "On butter",
            "discount": "$1.50 off",
            "expiresAt": f"{tomorrow}T00:00:00",
            "code": "BUTTER",
        },
        {
            "id": ANOTHER,
            "productId": "",
            "storeName": "Foodhall",
            "description": "Off",
            "discount": "Money off",
            "expiresAt": "2100-12-31T00:00:00",
            "code": "",
        },
    ]


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("percent", 10.0, "10% off"),
        ("percent", 12.5, "12.5% off"),
        ("fixed", 1.0, "$1.00 off"),
        ("fixed", 0.125, "$0.13 off"),
        ("percent", None, "Money off"),
        ("bogo", None, "Buy one, get one free"),
        ("buy_x_get_y", 2.0, "Buy more, save more"),
    ],
)
def test_a_discount_in_words(kind: str, value: float | None, words: str) -> None:
    """Of every kind, with a number and without."""
    assert discount(kind, value) == words


async def test_alerts_are_the_rises_of_what_the_user_buys(ask: Ask) -> None:
    """Shrunken packs have no prices to show, so they are not among them."""
    rise = {"productId": BUTTER, "productName": "Butter 250 g", "targetPrice": 2.49, "currentPrice": 2.8}

    assert await ask("/api/app/alerts", ANNA) == [
        {"id": DEARER_SOMEWHERE, **rise, "triggered": True},
        {"id": DEARER_BUTTER, **rise, "triggered": True},
    ]
