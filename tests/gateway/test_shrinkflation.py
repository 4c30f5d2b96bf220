from datetime import UTC, datetime, timedelta

import pytest

from tests.gateway.conftest import BUTTER, MILK, SMALLER_MILK, UNKNOWN, Ask, Client, Log, Payload, Refused

PATH = "/api/v1/public/shrinkflation"
FIRST, SECOND = "77777777-0000-4000-8000-000000000001", "77777777-0000-4000-8000-000000000002"
IN_STOCK = {
    "id": SMALLER_MILK,
    "product_id": MILK,
    "product_name": "Milk 1 l",
    "old_size": "1 l",
    "new_size": "0.9 l",
    "size_change_pct": -10.0,
    "old_price": None,
    "new_price": None,
    "unit_price_change_pct": None,
    "detected_at": "2025-11-16T00:00:00",
    "confidence": None,
}
BUTTERS: Payload = {
    "normalized_product_id": BUTTER,
    "detected_date": "2025-11-18",
    "old_size": 800,
    "new_size": "799",
    "old_unit": "g",
    "new_unit": "g",
    "price_at_old_size": "2.005",
    "price_at_new_size": 2,
    "confidence": 0.975,
}


async def test_shrunken_packs_are_for_anybody(client: Client, log: Log) -> None:
    """Newest first and then by id; amounts to the cent and changes in percent to two decimals, all halves up."""
    log.publish("alerts.shrinkflation", id=SECOND, **BUTTERS)
    log.publish("alerts.shrinkflation", id=FIRST, **{**BUTTERS, "product_id": UNKNOWN, "product_name": "Sent"})
    response = await client.get(f"{PATH}?until=2025-11-20")
    butter = {
        "id": SECOND,
        "product_id": BUTTER,
        "product_name": "Butter 250 g",
        "old_size": "800 g",
        "new_size": "799 g",
        "size_change_pct": -0.13,
        "old_price": 2.01,
        "new_price": 2.0,
        "unit_price_change_pct": -0.12,
        "detected_at": "2025-11-18T00:00:00",
        "confidence": "0.975",
    }
    assert (response.status, response.headers["X-Total-Count"]) == (200, "3")
    assert await response.json() == [{**butter, "id": FIRST}, butter, IN_STOCK]


async def test_a_product_nobody_knows_goes_by_the_name_sent(ask: Ask, log: Log) -> None:
    """And by none where none was sent."""
    unknown: Payload = {**BUTTERS, "normalized_product_id": UNKNOWN}
    log.publish("alerts.shrinkflation", id=FIRST, **unknown, product_name="Sent")
    log.publish("alerts.shrinkflation", id=SECOND, **unknown)
    found = await ask(f"{PATH}?until=2025-11-18&days=1")
    assert [(pack["product_id"], pack["product_name"]) for pack in found] == [(UNKNOWN, "Sent"), (UNKNOWN, None)]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("until=2025-11-20", [FIRST, SMALLER_MILK]),
        ("until=2025-11-20&category=Dairy", [SMALLER_MILK]),
        ("until=2025-11-20&category=Cheese", []),
        ("until=2025-11-20&category=", [FIRST, SMALLER_MILK]),
        ("until=2025-11-17", [SMALLER_MILK]),
        ("until=2025-11-18&days=2", [FIRST]),
        ("until=2025-11-18&days=3", [FIRST, SMALLER_MILK]),
        ("until=2026-11-16", [FIRST]),
        ("until=2026-11-15", [FIRST, SMALLER_MILK]),
        ("until=2025-11-20&limit=1", [FIRST]),
        ("until=2025-11-20&page=2&page_size=1", [SMALLER_MILK]),
    ],
)
async def test_the_list_can_be_cut(ask: Ask, log: Log, query: str, ids: list[str]) -> None:
    """To a category, as the catalogue has it, to a window of days, a year where none are named, and to a page."""
    log.publish("alerts.shrinkflation", id=FIRST, **{**BUTTERS, "normalized_product_id": UNKNOWN})
    assert [pack["id"] for pack in await ask(f"{PATH}?{query}")] == ids


async def test_without_until_the_year_ends_today(ask: Ask, log: Log) -> None:
    """What is said to have been noticed tomorrow is left out until then."""
    today = datetime.now(UTC).date()
    for days_ago in (-1, 0, 364, 365):
        day = str(today - timedelta(days=days_ago))
        log.publish("alerts.shrinkflation", **{**BUTTERS, "detected_date": day, "confidence": days_ago})
    found = [pack["confidence"] for pack in await ask(PATH) if pack["product_id"] == BUTTER]
    assert found == ["0", "364"]


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("days=0", ("days", "greater_than_equal")),
        ("days=366", ("days", "less_than_equal")),
        ("days=a", ("days", "value_error")),
        ("until=yesterday", ("until", "value_error")),
        ("category=a;b", ("category", "value_error")),
        ("limit=101", ("limit", "less_than_equal")),
    ],
)
async def test_what_is_malformed_is_refused(refused: Refused, query: str, fault: tuple[str, str]) -> None:
    """The same bounds as of every public window."""
    assert await refused(f"{PATH}?{query}") == [fault]
