import pytest

from tests.gateway.conftest import BREAD, BUTTER, FOODHALL, GREENBASKET, MILK, UNKNOWN, Ask, Get, Log

IN_GREENBASKET = {"store_id": GREENBASKET, "store_name": "Greenbasket"}
IN_FOODHALL = {"store_id": FOODHALL, "store_name": "Foodhall"}
COMPARED_BUTTER = {
    "product_id": BUTTER,
    "product_name": "Butter 250 g",
    "prices": [
        {**IN_FOODHALL, "current_price": 2.6, "last_seen_at": "2025-11-10T00:00:00"},
        {**IN_GREENBASKET, "current_price": 2.8, "last_seen_at": "2025-11-15T00:00:00"},
    ],
}
COMPARED_MILK = {
    "product_id": MILK,
    "product_name": "Milk 1 l",
    "prices": [
        {**IN_FOODHALL, "current_price": 1.2, "last_seen_at": "2025-11-12T00:00:00"},
        {**IN_GREENBASKET, "current_price": 1.01, "last_seen_at": "2025-11-05T00:00:00"},
    ],
}
COMPARED_BREAD = {"product_id": BREAD, "product_name": "100%_rye bread", "prices": []}
DEARER_BUTTER = {
    "product_id": BUTTER,
    "product_name": "Butter 250 g",
    "store_name": "Greenbasket",
    "old_price": 2.49,
    "new_price": 2.8,
    "increase_pct": 12.45,
    "detected_at": "2025-11-15T00:00:00",
}
DEARER_MILK = {
    "product_id": MILK,
    "product_name": "Milk 1 l",
    "store_name": "Foodhall",
    "old_price": 1.0,
    "new_price": 1.2,
    "increase_pct": 20.0,
    "detected_at": "2025-11-12T00:00:00",
}


async def test_trends_are_histories_by_name_of_product(ask: Ask) -> None:
    """Only products with a price in the window are there, and only those points."""
    assert await ask("/api/v1/prices/trends?category=Dairy&days=5&until=2025-11-14") == [
        {
            "product_id": BUTTER,
            "product_name": "Butter 250 g",
            "data_points": [{"date": "2025-11-10T00:00:00", "price": 2.6, **IN_FOODHALL}],
        },
        {
            "product_id": MILK,
            "product_name": "Milk 1 l",
            "data_points": [{"date": "2025-11-12T00:00:00", "price": 1.2, **IN_FOODHALL}],
        },
    ]


async def test_trends_are_paged_by_product(get: Get) -> None:
    """One product with all of its points is one item."""
    response = await get("/api/v1/prices/trends?page=2&page_size=1")
    (milk,) = await response.json()
    assert (milk["product_id"], len(milk["data_points"])) == (MILK, 3)
    assert response.headers["X-Total-Count"] == "2"


async def test_an_unknown_category_is_empty(ask: Ask) -> None:
    """It is no error: nothing is in it."""
    assert await ask("/api/v1/prices/trends?category=Garden") == []
    assert await ask("/api/v1/prices/increases?category=Garden") == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [DEARER_MILK, DEARER_BUTTER]),
        ("min_pct=12.45", [DEARER_MILK]),
        ("min_pct=20", [DEARER_MILK]),
        ("min_pct=20.0001", []),
        ("days=7&until=2025-11-18", [DEARER_MILK, DEARER_BUTTER]),
        ("days=3&until=2025-11-15", [DEARER_BUTTER]),
        ("until=2025-11-14", [DEARER_MILK]),
        ("until=2025-11-11", []),
        ("category=Bakery", []),
        ("limit=1", [DEARER_MILK]),
    ],
)
async def test_increases_are_largest_first(ask: Ask, query: str, found: list[object]) -> None:
    """The newest price of the window against the one before it, same product and store."""
    assert await ask(f"/api/v1/prices/increases?{query}") == found


async def test_a_late_observation_may_become_the_one_before(ask: Ask, log: Log) -> None:
    """An increase compares days, not arrivals."""
    late = {"store_id": FOODHALL, "observed_date": "2025-11-11", "regular_price": "1.20"}
    log.publish("prices.updated", product_id=MILK, **late)
    assert await ask("/api/v1/prices/increases") == [DEARER_BUTTER]


@pytest.mark.parametrize(
    "query",
    [
        f"product_ids={BREAD},{UNKNOWN},{MILK},{BUTTER}",
        f"product_ids={BREAD}&product_ids={MILK}&product_ids={BUTTER}",
        f"product_ids={BREAD.upper()},{MILK}&product_ids={BUTTER},{BREAD}",
    ],
)
async def test_a_comparison_keeps_the_order_asked(ask: Ask, query: str) -> None:
    """Ids separated by commas, repeated, or both; unknown ones are left out and repeated ones shown once."""
    assert await ask(f"/api/v1/prices/comparison?{query}") == [COMPARED_BREAD, COMPARED_MILK, COMPARED_BUTTER]


async def test_the_public_sees_the_same_history(ask: Ask) -> None:
    """As `/products/{id}/prices`, which is tested with the products."""
    public = await ask(f"/api/v1/public/trends/{BUTTER}?days=365&until=2025-11-15")
    assert public == await ask(f"/api/v1/products/{BUTTER}/prices")


async def test_stores_are_compared_by_a_basket_of_products(ask: Ask) -> None:
    """A store's total is of what it has of them, and says how many that are."""
    assert await ask(f"/api/v1/public/store-comparison?product_ids={MILK},{BUTTER},{BREAD}") == {
        "products": [COMPARED_MILK, COMPARED_BUTTER, COMPARED_BREAD],
        "stores": [
            {**IN_FOODHALL, "basket_total": 3.8, "items_compared": 2},
            {**IN_GREENBASKET, "basket_total": 3.81, "items_compared": 2},
        ],
    }


async def test_stores_are_compared_by_a_whole_category(get: Get) -> None:
    """The products come page by page, the totals are of all of them."""
    response = await get("/api/v1/public/store-comparison?category=Dairy&page_size=1")
    assert await response.json() == {
        "products": [COMPARED_BUTTER],
        "stores": [
            {**IN_FOODHALL, "basket_total": 3.8, "items_compared": 2},
            {**IN_GREENBASKET, "basket_total": 3.81, "items_compared": 2},
        ],
    }
    assert response.headers["X-Total-Count"] == "2"


async def test_a_basket_can_be_cut_to_a_category(ask: Ask) -> None:
    """With both parameters only the products that are in the category are compared."""
    assert await ask(f"/api/v1/public/store-comparison?product_ids={MILK},{BREAD}&category=Dairy") == {
        "products": [COMPARED_MILK],
        "stores": [
            {**IN_FOODHALL, "basket_total": 1.2, "items_compared": 1},
            {**IN_GREENBASKET, "basket_total": 1.01, "items_compared": 1},
        ],
    }
