import pytest

from tests.gateway.conftest import (
    ANNA,
    BEN,
    BUTTER,
    DEARER_BUTTER,
    DEARER_SOMEWHERE,
    MILK,
    SMALLER_MILK,
    UNKNOWN,
    Ask,
    Log,
    Payload,
)

IN_GREENBASKET = {
    "id": DEARER_BUTTER,
    "alert_type": "price_increase",
    "product_id": BUTTER,
    "product_name": "Butter 250 g",
    "message": "Butter 250 g at Greenbasket rose 12.4 % from 2.49 to 2.80",
    "triggered_at": "2025-11-15T08:00:00Z",
    "read": False,
}
SMALLER = {
    "id": SMALLER_MILK,
    "alert_type": "shrinkflation",
    "product_id": MILK,
    "product_name": "Milk 1 l",
    "message": "Milk 1 l shrank from 1 l to 0.9 l",
    "triggered_at": "2025-11-16T07:00:00Z",
    "read": True,
}
SOMEWHERE = {
    **IN_GREENBASKET,
    "id": DEARER_SOMEWHERE,
    "message": "Butter 250 g rose 12.4 % from 2.49 to 2.80",
    "triggered_at": "2025-11-17T08:00:00.500000Z",
}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [SOMEWHERE, SMALLER, IN_GREENBASKET]),
        ("unread=true", [SOMEWHERE, IN_GREENBASKET]),
        ("unread=false", [SMALLER]),
        ("type=shrinkflation", [SMALLER]),
        ("type=price_increase&unread=true&limit=1", [SOMEWHERE]),
    ],
)
async def test_alerts_on_what_was_bought_are_newest_first(ask: Ask, query: str, found: list[object]) -> None:
    """All of them, only unread or read ones, only those of one type; times are in UTC."""
    assert await ask(f"/api/v1/alerts?{query}") == found


async def test_nobody_hears_of_what_others_bought(ask: Ask) -> None:
    """A user without purchases has no alerts."""
    assert await ask("/api/v1/alerts", "somebody else") == []


async def test_a_threshold_changes_what_is_shown_at_once(ask: Ask, log: Log) -> None:
    """It is applied when the user asks."""
    log.publish("users.alert_settings_changed", user_id=ANNA, price_increase_threshold_pct=15)
    assert await ask("/api/v1/alerts") == [SMALLER]


async def test_a_message_leaves_out_what_is_not_known(ask: Ask, log: Log) -> None:
    """A product without a name, a rise from nothing, and whole percentages."""
    line: Payload = {"product_name_raw": "?", "quantity": 1, "unit_price": 1, "extended_price": 1}
    receipt: Payload = {"store_slug": "kiosk", "purchase_id": "k-1", "purchase_date": "2025-11-20", "total": 1}
    items = [{**line, "normalized_product_id": UNKNOWN}]
    log.publish("receipts.ingested", user_id="Cleo", **receipt, items=items)
    log.publish("alerts.price_increase", product_id=UNKNOWN, old_price=0, new_price="0.995", store_slug="kiosk")
    log.publish("alerts.price_increase", product_id=UNKNOWN, old_price=2, new_price=3)
    log.publish("alerts.shrinkflation", product_id=UNKNOWN, old_size=10, new_size=9)
    assert [alert["message"] for alert in await ask("/api/v1/alerts", "Cleo")] == [
        "A product that you buy shrank from 10 to 9",
        "A product that you buy rose 50 % from 2.00 to 3.00",
        "A product that you buy at kiosk rose from 0.00 to 1.00",
    ]


async def test_settings_have_defaults(ask: Ask, log: Log) -> None:
    """For what was never set and for what was taken back; percentages are not cut to cents, and each user has own."""
    defaults = {"price_increase_threshold_pct": 5.0, "shrinkflation_enabled": True, "email_notifications": False}
    assert await ask("/api/v1/alerts/settings") == defaults
    log.publish("users.alert_settings_changed", user_id=ANNA, price_increase_threshold_pct=7.125)
    log.publish("users.alert_settings_changed", user_id=ANNA, shrinkflation_enabled=False, email_notifications=True)
    assert await ask("/api/v1/alerts/settings") == {
        "price_increase_threshold_pct": 7.125,
        "shrinkflation_enabled": False,
        "email_notifications": True,
    }
    assert await ask("/api/v1/alerts/settings", BEN) == defaults
    log.publish("users.alert_settings_changed", user_id=ANNA, price_increase_threshold_pct=None)
    log.publish("users.alert_settings_changed", user_id=ANNA, shrinkflation_enabled=None, email_notifications=None)
    assert await ask("/api/v1/alerts/settings") == defaults
