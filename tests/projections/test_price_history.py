"""What one product has cost, store by store and day by day."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from readmodel.testing.given import Document, Given, event

MILK, BREAD = "22222222-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000002"
KROGER, MEIJER = "11111111-0000-4000-8000-000000000001", "11111111-0000-4000-8000-000000000002"
EVERYTHING = {"product_id": MILK, "store_id": None, "from_day": None, "to_day": None}


@pytest.fixture
def names() -> Sequence[str]:
    return ("price_history", "stores", "products")


def observed(day: str, price: str, store_id: str | None = KROGER, **more: object) -> Document:
    payload = {
        "normalized_product_id": MILK,
        "store_id": store_id,
        "observed_date": day,
        "regular_price": price,
        "source": "receipt",
    }
    return event("prices.updated", {**payload, **more})


def store(store_id: str, name: str) -> Document:
    return event("stores.updated", {"id": store_id, "name": name, "slug": name.lower()})


def point(day: str, price: str, store_id: str = KROGER, store_name: str = "Kroger") -> dict[str, Any]:
    shop = {"store_id": store_id, "store_name": store_name}
    return {"date": date.fromisoformat(day), "price": Decimal(price), **shop}


def current(price: str, day: str, store_id: str = KROGER, store_name: str = "Kroger") -> dict[str, Any]:
    shop = {"product_id": UUID(MILK), "store_id": store_id, "store_name": store_name}
    return {**shop, "current_price": Decimal(price), "last_seen_at": date.fromisoformat(day)}


async def test_a_history_is_in_order_of_days(log: Given) -> None:
    """Whatever the order of the events, the oldest day comes first, and stores side by side."""
    log.events(
        store(KROGER, "Kroger"),
        store(MEIJER, "Meijer"),
        observed("2024-03-03", "3.10"),
        observed("2024-03-01", "2.90"),
        observed("2024-03-01", "2.95", MEIJER),
        observed("2024-03-02", "2.99"),
    )

    assert await log.answer("prices_of_product", **EVERYTHING) == [
        point("2024-03-01", "2.90"),
        point("2024-03-01", "2.95", MEIJER, "Meijer"),
        point("2024-03-02", "2.99"),
        point("2024-03-03", "3.10"),
    ]


async def test_the_newest_of_several_sources_of_a_day_holds(log: Given) -> None:
    """A day has one price however many sources observed it: that of the newest position."""
    log.events(
        store(KROGER, "Kroger"),
        observed("2024-03-01", "3.00", source="receipt"),
        observed("2024-03-01", "2.50", source="weekly_ad"),
        observed("2024-03-01", "2.75", source="catalog"),
        observed("2024-03-01", "2.80", source="weekly_ad"),
    )

    assert await log.answer("prices_of_product", **EVERYTHING) == [point("2024-03-01", "2.80")]


async def test_a_correction_goes_down_as_well(log: Given) -> None:
    """The newest holds, not the largest."""
    log.events(store(KROGER, "Kroger"), observed("2024-03-01", "3.00"), observed("2024-03-01", "2.00"))

    assert await log.answer("prices_of_product", **EVERYTHING) == [point("2024-03-01", "2.00")]


async def test_a_store_named_by_id_and_by_slug_is_one_store(log: Given) -> None:
    """Of two points of a day, one under the id and one under the slug, the newer holds."""
    log.events(
        store(KROGER, "Kroger"),
        observed("2024-03-01", "3.00", None, store_slug="kroger"),
        observed("2024-03-01", "3.10"),
        observed("2024-03-02", "3.20"),
        observed("2024-03-02", "3.30", None, store_slug="kroger"),
    )

    assert await log.answer("prices_of_product", **EVERYTHING) == [
        point("2024-03-01", "3.10"),
        point("2024-03-02", "3.30"),
    ]
    assert await log.answer("current_prices", product_ids=[MILK]) == [current("3.30", "2024-03-02")]


async def test_any_spelling_of_a_store_s_id_is_that_store(log: Given) -> None:
    """Upper case and missing hyphens make no other store."""
    log.events(
        store(KROGER, "Kroger"),
        observed("2024-03-01", "3.00", KROGER.upper()),
        observed("2024-03-01", "3.10", KROGER.replace("-", "")),
    )

    assert await log.answer("prices_of_product", **EVERYTHING) == [point("2024-03-01", "3.10")]


async def test_a_price_may_come_before_its_store(log: Given) -> None:
    """Until the store is known it is shown as sent; afterwards under its name, with nothing rewritten."""
    log.events(observed("2024-03-01", "3.00", None, store_slug="kroger"))

    before = await log.answer("prices_of_product", **EVERYTHING)
    log.events(store(KROGER, "Kroger"))
    after = await log.answer("prices_of_product", **EVERYTHING)

    assert (before, after) == (
        [point("2024-03-01", "3.00", "kroger", "kroger")],
        [point("2024-03-01", "3.00")],
    )


async def test_a_price_may_come_before_its_product(log: Given) -> None:
    """The product itself is asked for beside its prices, and may be named later."""
    log.events(store(KROGER, "Kroger"), observed("2024-03-01", "3.00"))
    log.events(event("products.normalized", {"normalized_product_id": MILK, "canonical_name": "Milk"}))

    (product,) = await log.answer("products.product_by_id", product_id=MILK)
    prices = await log.answer("current_prices", product_ids=[MILK])

    assert (product["name"], prices) == ("Milk", [current("3.00", "2024-03-01")])


async def test_the_current_price_is_the_newest_day_s(log: Given) -> None:
    """A late observation of an older day changes the history, not what the product costs today."""
    log.events(
        store(KROGER, "Kroger"),
        store(MEIJER, "Meijer"),
        observed("2024-03-05", "3.50"),
        observed("2024-03-01", "1.00", MEIJER),
        observed("2024-03-02", "9.99"),
    )

    assert await log.answer("current_prices", product_ids=[MILK]) == [
        current("3.50", "2024-03-05"),
        current("1.00", "2024-03-01", MEIJER, "Meijer"),
    ]


async def test_a_short_form_is_an_observation_of_its_envelope_s_day(log: Given) -> None:
    """Today's message names no day: what counts is the new price, on the day it was sent, also in its own envelope."""
    short = {"product_id": MILK, "store_slug": "kroger", "old_price": 2.5, "new_price": 2.75, "change_percent": 10.0}
    log.events(
        store(KROGER, "Kroger"),
        event("prices.updated", short, time="2024-03-04T08:00:00Z"),
        {
            "event_type": "cartsnitch.prices.updated",
            "timestamp": "2024-03-05T08:00:00",
            "service": "stickershock",
            "payload": {**short, "new_price": 2.8},
        },
    )

    assert await log.answer("prices_of_product", **EVERYTHING) == [
        point("2024-03-04", "2.75"),
        point("2024-03-05", "2.80"),
    ]


async def test_prices_carried_beside_the_regular_one_are_kept(log: Given) -> None:
    """Sale, loyalty and coupon prices stand beside the point, and are not its price."""
    log.events(observed("2024-03-01", "3.00", sale_price=2.5, loyalty_price="2.4", coupon_price="0.0001"))

    (row,) = await log.rows("points")

    prices = {name: row[name] for name in ("regular_price", "sale_price", "loyalty_price", "coupon_price")}
    assert prices == {
        "regular_price": Decimal("3.0000"),
        "sale_price": Decimal("2.5000"),
        "loyalty_price": Decimal("2.4000"),
        "coupon_price": Decimal("0.0001"),
    }


async def test_a_window_begins_after_its_first_day_and_ends_with_its_last(log: Given) -> None:
    """`from` is left out, so that `days=7` are seven days; `to` is included."""
    log.events(store(KROGER, "Kroger"), *(observed(f"2024-03-0{day}", f"{day}") for day in (1, 2, 3, 4)))

    window = {"from_day": date(2024, 3, 1), "to_day": date(2024, 3, 3)}

    assert await log.answer("prices_of_product", **{**EVERYTHING, **window}) == [
        point("2024-03-02", "2"),
        point("2024-03-03", "3"),
    ]


async def test_one_store_alone(log: Given) -> None:
    """With a store's id only its prices are shown, also those that name it by slug."""
    log.events(
        store(KROGER, "Kroger"),
        store(MEIJER, "Meijer"),
        observed("2024-03-01", "3.00", None, store_slug="kroger"),
        observed("2024-03-01", "4.00", MEIJER),
    )

    found = await log.answer("prices_of_product", **{**EVERYTHING, "store_id": KROGER})

    assert found == [point("2024-03-01", "3.00")]


async def test_another_product_s_prices_are_its_own(log: Given) -> None:
    """A history is of one product."""
    log.events(store(KROGER, "Kroger"), observed("2024-03-01", "3.00", normalized_product_id=BREAD))

    assert await log.answer("prices_of_product", **EVERYTHING) == []
    assert await log.answer("current_prices", product_ids=[MILK]) == []
