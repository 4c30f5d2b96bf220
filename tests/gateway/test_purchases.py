import pytest
from yarl import URL

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
    Log,
    Payload,
    Refused,
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


STATS = "/api/v1/purchases/stats"
NOTHING: dict[str, object] = {
    "total_spent": 0,
    "purchase_count": 0,
    "by_store": {},
    "by_category": {},
    "by_period": {},
}
OF_THE_FULL_ONE = {
    "total_spent": 3.15,
    "purchase_count": 1,
    "by_store": {"Greenbasket": 3.15},
    "by_category": {"Dairy": 3.15},  # 2.80 and 0.354
    "by_period": {"2025-11": 3.15},
}
OF_THE_SHORT_ONE = {
    "total_spent": 12.3,
    "purchase_count": 1,
    "by_store": {"Foodhall": 12.3},
    "by_category": {},
    "by_period": {"2025-11": 12.3},
}
OF_BOTH = {
    "total_spent": 15.45,
    "purchase_count": 2,
    "by_store": {"Foodhall": 12.3, "Greenbasket": 3.15},
    "by_category": {"Dairy": 3.15},
    "by_period": {"2025-11": 15.45},
}


def ordered(spending: dict[str, dict[str, float]], part: str) -> list[tuple[str, float]]:
    """The entries in the order sent, which comparing objects does not look at."""
    return list(spending[part].items())


def receipt(number: str, day: str, total: str, *lines: tuple[str, str], store: str = "foodhall") -> Payload:
    """A receipt of Anna's; each line says its category and its price."""
    line = {"product_name_raw": "?", "quantity": 1, "unit_price": 1}
    items = [{**line, "category_raw": category, "extended_price": price} for category, price in lines]
    where: Payload = {"user_id": ANNA, "store_slug": store, "purchase_id": number}
    return {**where, "purchase_date": day, "total": total, "items": items}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", OF_BOTH),
        ("?from=2025-11-17", OF_THE_SHORT_ONE),
        ("?to=2025-11-17", OF_THE_FULL_ONE),
        ("?from=2025-11-16&to=2025-11-18", OF_BOTH),
        ("?from=2025-11-17&to=2025-11-17", NOTHING),
        ("?from=2025-11-18&to=2025-11-16", NOTHING),
    ],
)
async def test_spending_is_summed_between_days(ask: Ask, query: str, found: object) -> None:
    """Both days are included; an empty window is no error."""
    assert await ask(STATS + query) == found


async def test_spending_is_the_user_s_own(ask: Ask, log: Log) -> None:
    """Nobody else's purchases count, and an erased user has none."""
    assert await ask(STATS, BEN) == OF_THE_FULL_ONE
    assert await ask(STATS, ANNA.upper()) == NOTHING
    log.publish("users.erased", user_id=ANNA)
    assert await ask(STATS) == NOTHING
    assert await ask(STATS, BEN) == OF_THE_FULL_ONE


async def test_amounts_add_up_to_the_cent_and_stand_in_order(ask: Ask, log: Log) -> None:
    """Largest first, by name where they are equal, and months in order; floats would make 0.30000000000000004 of it."""
    log.publish("stores.updated", id=UNKNOWN, name="Foodhall", slug="another-foodhall")
    tenths = [("Fruit", "0.10"), ("Bread", "0.10"), ("Fruit", "0.20")]
    log.publish("receipts.ingested", **receipt("f-2", "2026-01-31", "0.40", *tenths))
    log.publish("receipts.ingested", **receipt("a-1", "2025-12-01", "0.10", store="another-foodhall"))
    log.publish("receipts.ingested", **receipt("z-1", "2026-01-01", "3.15", ("Apples", "0.10"), store="zoo"))
    log.publish("receipts.ingested", **receipt("b-1", "2024-02-29", "20", ("Books", "20"), store="books"))

    spending = await ask(STATS)

    assert (spending["total_spent"], spending["purchase_count"]) == (39.1, 6)
    assert ordered(spending, "by_store") == [("books", 20), ("Foodhall", 12.8), ("Greenbasket", 3.15), ("zoo", 3.15)]
    assert ordered(spending, "by_category") == [
        ("Books", 20),
        ("Dairy", 3.15),
        ("Fruit", 0.3),
        ("Apples", 0.1),
        ("Bread", 0.1),
    ]
    assert ordered(spending, "by_period") == [
        ("2024-02", 20),
        ("2025-11", 15.45),
        ("2025-12", 0.1),
        ("2026-01", 3.55),
    ]


async def test_spending_is_what_the_list_shows(ask: Ask, log: Log) -> None:
    """A short form beside its full form is neither listed nor counted, and an unknown store goes by what was sent."""
    full = receipt(UNKNOWN, "2025-11-19", "0.70", ("Fruit", "0.70"), store="kiosk")
    log.publish("receipts.ingested", **full, receipt_id="k-1")
    short = {field: value for field, value in full.items() if field != "items"}
    log.publish("receipts.ingested", **{**short, "purchase_id": "k-1", "item_count": 1})

    listed = await ask("/api/v1/purchases?from=2025-11-19")
    spending = await ask(f"{STATS}?from=2025-11-19")

    assert [purchase["total"] for purchase in listed] == [0.7]
    assert spending == {
        "total_spent": 0.7,
        "purchase_count": 1,
        "by_store": {"kiosk": 0.7},
        "by_category": {"Fruit": 0.7},
        "by_period": {"2025-11": 0.7},
    }


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ("?from=yesterday", [("from", "value_error")]),
        ("?from=2025-02-30&to=2025", [("from", "value_error"), ("to", "value_error")]),
    ],
)
async def test_spending_between_what_are_no_days_is_refused(
    refused: Refused, query: str, faults: list[tuple[str, str]]
) -> None:
    """Every wrong parameter is named as it was sent."""
    assert await refused(STATS + query) == faults


async def test_purchases_are_paged(get: Get) -> None:
    """The next part is found by its link, and other parameters stay in it."""
    first = await get("/api/v1/purchases?page_size=1&from=2025-11-16")
    following = await get(URL(first.links["next"]["url"]).path_qs)
    assert [await first.json(), await following.json()] == [[SHORT], [FULL]]
    assert [first.headers["X-Total-Count"], following.headers["X-Total-Count"]] == ["2", "2"]
    assert "next" not in following.links
