from datetime import UTC, datetime, timedelta

import pytest
from yarl import URL

from tests.gateway.conftest import BREAD, BUTTER, FOODHALL, GREENBASKET, MILK, UNKNOWN, Ask, Get, Log

BUTTER_ROW = {
    "id": BUTTER,
    "name": "Butter 250 g",
    "brand": "Alpengold",
    "category": "Dairy",
    "upc": "4001",
    "image_url": "/butter.png",
}
MILK_ROW = {
    "id": MILK,
    "name": "Milk 1 l",
    "brand": None,
    "category": "Dairy",
    "upc": "5001",
    "image_url": None,
}
BREAD_ROW = {
    "id": BREAD,
    "name": "100%_rye bread",
    "brand": None,
    "category": "Bröd & bakery",
    "upc": None,
    "image_url": None,
}


async def test_the_catalogue_is_in_order_of_name(ask: Ask) -> None:
    """Without a search everything is listed."""
    assert await ask("/api/v1/products") == [BREAD_ROW, BUTTER_ROW, MILK_ROW]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=BUTT", [BUTTER_ROW]),
        ("q=tter", [BUTTER_ROW]),
        ("q=buttre", [BUTTER_ROW]),
        ("q=BÜTTER+250G", [BUTTER_ROW]),
        ("q=alpengold+butter", [BUTTER_ROW]),
        ("q=butter+milk", []),
        ("q=alpen", [BUTTER_ROW]),
        ("q=4002", [BUTTER_ROW]),
        ("q=400", []),
        ("q=%25_", [BREAD_ROW]),
        ("q=%25", [BREAD_ROW]),
        ("q=100%25", [BREAD_ROW]),
        ("q=B_tter", []),
        ("q=Bu_ter", []),
        ("q=%26", []),
        ("q=", [BREAD_ROW, BUTTER_ROW, MILK_ROW]),
        ("q=+", [BREAD_ROW, BUTTER_ROW, MILK_ROW]),
        ("q=+4002+", [BUTTER_ROW]),
        ("category=Dairy", [BUTTER_ROW, MILK_ROW]),
        ("category=Dairy&q=milk", [MILK_ROW]),
        ("category=Dairy&q=bread", []),
        ("category=Br%C3%B6d+%26+bakery", [BREAD_ROW]),
        ("category=dairy", []),
        ("category=", [BREAD_ROW, BUTTER_ROW, MILK_ROW]),
        ("colour=blue", [BREAD_ROW, BUTTER_ROW, MILK_ROW]),
    ],
)
async def test_products_are_found_by_text_and_category(ask: Ask, query: str, found: list[object]) -> None:
    """Words in name or brand or a whole bar code, where % and _ mean themselves; unknown parameters mean nothing."""
    assert await ask(f"/api/v1/products?{query}") == found


async def test_the_best_is_found_first(get: Get, log: Log) -> None:
    """And the pages of what is found link to each other; the last one is complete."""
    for nth, name in enumerate(["Oat Milk", "Milkshake", "Buttermilk", "Milk"]):
        log.publish(
            "products.normalized", normalized_product_id=f"22222222-0000-4000-9000-{nth:012}", canonical_name=name
        )

    response = await get("/api/v1/products?q=milk&page_size=3")
    assert [row["name"] for row in await response.json()] == ["Milk", "Oat Milk", "Milk 1 l"]
    assert response.headers["X-Total-Count"] == "5"
    following = await get(URL(response.links["next"]["url"]).raw_path_qs)
    assert [row["name"] for row in await following.json()] == ["Milkshake", "Buttermilk"]
    assert "next" not in following.links


async def test_a_product_shows_its_current_price_in_each_store(ask: Ask) -> None:
    """The newest day's price, to the cent and half up, whether its store was named by id or by slug."""
    assert await ask(f"/api/v1/products/{MILK}") == {
        **MILK_ROW,
        "prices_by_store": [
            {
                "store_id": FOODHALL,
                "store_name": "Foodhall",
                "current_price": 1.2,
                "last_seen_at": "2025-11-12T00:00:00",
            },
            {
                "store_id": GREENBASKET,
                "store_name": "Greenbasket",
                "current_price": 1.01,
                "last_seen_at": "2025-11-05T00:00:00",
            },
        ],
    }


async def test_a_product_without_a_price_has_an_empty_list(ask: Ask) -> None:
    """It is no error that nobody has seen a price."""
    assert await ask(f"/api/v1/products/{BREAD}") == {**BREAD_ROW, "prices_by_store": []}
    history = {"product_id": BREAD, "product_name": "100%_rye bread", "data_points": []}
    assert await ask(f"/api/v1/products/{BREAD}/prices") == history


@pytest.mark.parametrize("spelling", [BUTTER.upper(), BUTTER.replace("-", ""), f"%7B{BUTTER}%7D", f"urn:uuid:{BUTTER}"])
async def test_any_spelling_of_an_id_is_accepted(ask: Ask, spelling: str) -> None:
    """Upper case, without hyphens, in braces, as a URN."""
    assert (await ask(f"/api/v1/products/{spelling}"))["id"] == BUTTER


@pytest.mark.parametrize("path", [f"/api/v1/products/{UNKNOWN}", f"/api/v1/products/{UNKNOWN}/prices"])
async def test_an_unknown_product_is_not_found(get: Get, path: str) -> None:
    """Even one that has prices, as long as nobody has said what it is; the answer says how new it is."""
    response = await get(path)
    problem = await response.json()
    assert (response.status, problem["code"]) == (404, "NOT_FOUND")
    assert problem["detail"] == f"There is no product {UNKNOWN}."
    assert response.headers["X-Position"].startswith("cartsnitch.prices=")


async def test_a_price_history_is_oldest_first(ask: Ask) -> None:
    """All stores together, each point with its store."""
    green = {"store_id": GREENBASKET, "store_name": "Greenbasket"}
    assert await ask(f"/api/v1/products/{BUTTER}/prices") == {
        "product_id": BUTTER,
        "product_name": "Butter 250 g",
        "data_points": [
            {"date": "2025-11-01T00:00:00", "price": 2.49, **green},
            {"date": "2025-11-10T00:00:00", "price": 2.6, "store_id": FOODHALL, "store_name": "Foodhall"},
            {"date": "2025-11-15T00:00:00", "price": 2.8, **green},
        ],
    }


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ("days=5&until=2025-11-15", [15]),
        ("days=6&until=2025-11-15", [10, 15]),
        ("until=2025-11-14", [1, 10]),
        ("until=2025-11-14T00:00:00", [1, 10]),
        ("days=36500&until=0001-01-01", []),
        ("until=9999-12-31", [1, 10, 15]),
        (f"store_id={GREENBASKET.upper()}", [1, 15]),
        (f"store_id={UNKNOWN}", []),
    ],
)
async def test_a_history_can_be_cut(ask: Ask, query: str, days: list[int]) -> None:
    """`days` count back from `until`, which is in the window; a store of one's choice."""
    history = await ask(f"/api/v1/products/{BUTTER}/prices?{query}")
    assert [point["date"] for point in history["data_points"]] == [f"2025-11-{day:02}T00:00:00" for day in days]


async def test_without_until_the_days_end_today(ask: Ask, log: Log) -> None:
    """What lies in the future is then left out, and it is not where no days are given."""
    today = datetime.now(UTC).date()
    for days_ago in (-1, 0, 1, 2):
        day = str(today - timedelta(days=days_ago))
        log.publish("prices.updated", product_id=BREAD, store_slug="x", observed_date=day, regular_price=days_ago + 2)
    two_days = await ask(f"/api/v1/products/{BREAD}/prices?days=2")
    assert [point["price"] for point in two_days["data_points"]] == [3, 2]
    everything = await ask(f"/api/v1/products/{BREAD}/prices")
    assert [point["price"] for point in everything["data_points"]] == [4, 3, 2, 1]


async def test_a_store_that_is_not_known_yet_goes_by_its_slug(ask: Ask, log: Log) -> None:
    """Nothing is guessed, and nothing is hidden."""
    log.publish("prices.updated", product_id=BREAD, store_slug="kiosk", observed_date="2025-11-20", regular_price=3)
    points = (await ask(f"/api/v1/products/{BREAD}/prices"))["data_points"]
    assert points == [{"date": "2025-11-20T00:00:00", "price": 3.0, "store_id": "kiosk", "store_name": "kiosk"}]
