import pytest

from readmodel.events.ids import stable_id
from tests.gateway.conftest import (
    ANNA,
    BEN,
    BENS_RECEIPT,
    BUTTER,
    FOODHALL,
    GREENBASKET,
    MILK,
    RECEIPT,
    UNKNOWN,
    Ask,
    Get,
)

SHORT_ID = stable_id("purchase", ANNA, "foodhall", "f-1")
FULL = {
    "id": RECEIPT,
    "store_id": GREENBASKET,
    "store_name": "Greenbasket",
    "purchased_at": "2025-11-16T00:00:00",
    "total": 3.15,
    "item_count": 2,
}
SHORT = {
    "id": SHORT_ID,
    "store_id": FOODHALL,
    "store_name": "Foodhall",
    "purchased_at": "2025-11-18T00:00:00",
    "total": 12.3,
    "item_count": 4,
}


async def test_users_see_their_own_purchases_newest_first(ask: Ask) -> None:
    """Full forms and short ones together, and nobody else's."""
    assert await ask("/api/v1/purchases") == [SHORT, FULL]
    assert await ask("/api/v1/purchases", BEN) == [{**FULL, "id": BENS_RECEIPT}]
    assert await ask("/api/v1/purchases", ANNA.upper()) == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("from=2025-11-17", [SHORT]),
        ("to=2025-11-17", [FULL]),
        ("from=2025-11-16&to=2025-11-18", [SHORT, FULL]),
        ("from=2025-11-18&to=2025-11-16", []),
        (f"store_id={GREENBASKET}", [FULL]),
        (f"store_id={UNKNOWN}", []),
    ],
)
async def test_purchases_are_filtered_by_store_and_day(ask: Ask, query: str, found: list[object]) -> None:
    """Both days are included."""
    assert await ask(f"/api/v1/purchases?{query}") == found


async def test_a_purchase_shows_its_lines(ask: Ask) -> None:
    """A line without a product is resolved through its bar code; quantities keep their decimals, money its cents."""
    assert await ask(f"/api/v1/purchases/{RECEIPT}") == {
        **FULL,
        "line_items": [
            {
                "id": f"{RECEIPT}-1",
                "product_id": BUTTER,
                "name": "BUTTER 250G",
                "quantity": 1.0,
                "unit_price": 2.8,
                "total_price": 2.8,
            },
            {
                "id": f"{RECEIPT}-2",
                "product_id": MILK,
                "name": "MILK",
                "quantity": 0.354,
                "unit_price": 1.0,
                "total_price": 0.35,
            },
        ],
    }


async def test_a_short_form_has_no_lines(ask: Ask) -> None:
    """It is listed with what it says."""
    assert await ask(f"/api/v1/purchases/{SHORT_ID}") == {**SHORT, "line_items": []}


@pytest.mark.parametrize("purchase", [BENS_RECEIPT, UNKNOWN])
async def test_what_is_not_the_users_own_is_not_found(get: Get, purchase: str) -> None:
    """Another user's purchase looks like none."""
    response = await get(f"/api/v1/purchases/{purchase}")
    problem = await response.json()
    assert (response.status, problem["code"]) == (404, "NOT_FOUND")
    assert problem["detail"] == f"There is no purchase {purchase}."
