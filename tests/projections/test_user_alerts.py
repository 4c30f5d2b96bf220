"""Which alerts concern whom."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from readmodel.engine.paging import Page
from readmodel.events.ids import stable_id
from readmodel.testing.given import Document, Given, event

KROGER = "11111111-0000-4000-8000-000000000001"
MILK, OATS = "22222222-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000002"
RISE, SHRINK = "55555555-0000-4000-8000-000000000001", "55555555-0000-4000-8000-000000000002"
ADAS = {"user_id": "ada", "alert_type": None, "unread": None}
NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)
STORE = event("stores.updated", {"id": KROGER, "name": "Kroger", "slug": "kroger"})


@pytest.fixture
def names() -> Sequence[str]:
    return ("user_alerts", "shrinkflation", "products", "stores")


def bought(*product_ids: str, user_id: str = "ada", **of_line: object) -> Document:
    """A receipt with a line for each product, or with one line that says what is given."""
    line = {"product_name_raw": "?", "quantity": 1, "unit_price": 1, "extended_price": 1}
    lines = [{**line, "normalized_product_id": each} for each in product_ids] or [{**line, **of_line}]
    payload = {
        "user_id": user_id,
        "store_slug": "kroger",
        "purchase_id": "",
        "purchase_date": "2024-02-01",
        "total": 1,
        "items": lines,
    }
    return event("receipts.ingested", payload)


def rose(alert_id: str = RISE, percent: object = "10", minutes: int = 0, **fields: object) -> Document:
    payload = {
        "id": alert_id,
        "product_id": MILK,
        "store_id": KROGER,
        "old_price": "2.00",
        "new_price": "2.20",
        "change_percent": percent,
        "new_date": "2024-03-01",
    }
    happened = NOON + timedelta(minutes=minutes)
    return event("alerts.price_increase", {**payload, **fields}, time=happened.isoformat())


def shrank(**fields: object) -> Document:
    payload = {
        "id": SHRINK,
        "normalized_product_id": MILK,
        "detected_date": "2024-03-01",
        "old_size": "12",
        "new_size": "10.8",
        "old_unit": "oz",
        "new_unit": "oz",
        "price_at_old_size": "4.00",
        "price_at_new_size": "4.00",
        "confidence": 0.9,
    }
    return event("alerts.shrinkflation", {**payload, **fields}, time=NOON.isoformat())


def settings(user_id: str = "ada", **fields: object) -> Document:
    return event("users.alert_settings_changed", {"user_id": user_id, **fields})


def rise(alert_id: str = RISE, percent: str | None = "10", minutes: int = 0, **fields: Any) -> dict[str, Any]:
    return {
        "id": UUID(alert_id),
        "alert_type": "price_increase",
        "product_id": UUID(MILK),
        "product_name": None,
        "store_name": KROGER,
        "old_price": Decimal("2.00"),
        "new_price": Decimal("2.20"),
        "change_percent": percent and Decimal(percent),
        "old_size": None,
        "new_size": None,
        "triggered_at": NOON + timedelta(minutes=minutes),
        "read": False,
        **fields,
    }


def shrinkage(**fields: Any) -> dict[str, Any]:
    sizes = {"old_size": "12 oz", "new_size": "10.8 oz", "old_price": Decimal(4), "new_price": Decimal(4)}
    return rise(SHRINK, None, alert_type="shrinkflation", store_name=None, **{**sizes, **fields})


@pytest.mark.parametrize("alert_comes_first", [True, False])
async def test_an_alert_and_the_receipt_that_makes_it_mine_come_in_any_order(
    log: Given, alert_comes_first: bool
) -> None:
    """Whoever has bought the product sees the alert, whichever came first."""
    documents = [rose(), bought(MILK)]
    for document in documents if alert_comes_first else reversed(documents):
        log.events(document)

    assert await log.answer("alerts_of_user", **ADAS) == [rise()]


async def test_an_alert_on_what_i_never_bought_is_not_mine(log: Given) -> None:
    """Neither another product's, nor what only another user has bought."""
    log.events(bought(OATS), bought(MILK, user_id="bob"), rose())

    assert await log.answer("alerts_of_user", **ADAS) == []
    assert await log.answer("alerts_of_user", **{**ADAS, "user_id": "bob"}) == [rise()]


async def test_a_product_bought_twice_alerts_once(log: Given) -> None:
    """Several receipts, and lines with and without the product, make one alert."""
    log.events(
        event("products.normalized", {"product_id": MILK, "upc_variants": ["0001", "0002"]}),
        bought(MILK, MILK),
        bought(MILK),
        bought(upc="0001"),
        bought(upc="0002"),
        rose(),
    )

    assert await log.answer("alerts_of_user", **ADAS) == [rise()]


async def test_an_alert_shows_product_and_store_by_name(log: Given) -> None:
    """Names that arrive after the alert are shown all the same; the newest alert comes first."""
    log.events(bought(MILK), rose(), shrank(), rose(OATS, minutes=5, store_id=None, store_slug="kroger"))

    before = await log.answer("alerts_of_user", **ADAS)
    log.events(STORE, event("products.normalized", {"product_id": MILK, "canonical_name": "Milk"}))
    after = await log.answer("alerts_of_user", **ADAS)

    named: dict[str, Any] = {"product_name": "Milk", "store_name": "Kroger"}
    assert before == [rise(OATS, minutes=5, store_name="kroger"), rise(), shrinkage()]
    assert after == [rise(OATS, minutes=5, **named), rise(**named), shrinkage(product_name="Milk")]


async def test_a_bar_code_makes_an_alert_mine_once_it_is_resolved(log: Given) -> None:
    """The line knew only a bar code; the alert shows when the catalogue knows whose it is, and as long as it does."""
    log.events(bought(upc="0001"), rose())

    unknown = await log.answer("alerts_of_user", **ADAS)
    log.events(event("products.normalized", {"product_id": MILK, "upc_variants": ["0001"]}))
    known = await log.answer("alerts_of_user", **ADAS)
    log.events(event("products.normalized", {"product_id": MILK, "upc_variants": []}))
    moved = await log.answer("alerts_of_user", **ADAS)

    assert (unknown, known, moved) == ([], [rise()], [])


async def test_a_bar_code_goes_with_its_product(log: Given) -> None:
    """A product that was removed, and came back without its bar codes, is found through them no more."""
    log.events(bought(upc="0001"), rose(), event("products.normalized", {"product_id": MILK, "upc_variants": ["0001"]}))
    log.events(event("products.removed", {"product_id": MILK}))

    removed = await log.answer("alerts_of_user", **ADAS)
    log.events(event("products.normalized", {"product_id": MILK, "canonical_name": "Milk"}))
    revived = await log.answer("alerts_of_user", **ADAS)

    assert (removed, revived) == ([], [])


async def test_a_line_s_own_product_goes_before_its_bar_code(log: Given) -> None:
    """A bar code is asked for only where the line names no product."""
    log.events(
        event("products.normalized", {"product_id": MILK, "upc_variants": ["0001"]}),
        bought(upc="0001", product_id=OATS),
        rose(),
    )

    assert await log.answer("alerts_of_user", **ADAS) == []


@pytest.mark.parametrize(("percent", "is_shown"), [("4.9999", False), ("5", True), ("-10", False)])
async def test_the_default_threshold_is_five_percent(log: Given, percent: str, is_shown: bool) -> None:
    """Without a setting, rises of five percent and more are shown."""
    log.events(bought(MILK), rose(percent=percent))

    assert await log.answer("alerts_of_user", **ADAS) == ([rise(percent=percent)] if is_shown else [])


async def test_a_threshold_holds_at_once_for_what_is_there(log: Given) -> None:
    """Raised, it hides an alert that was shown; lowered, it shows one that was hidden; null is the default again."""
    log.events(bought(MILK), rose(percent=10), rose(OATS, percent=2, minutes=-1))
    ten, two = rise(percent="10"), rise(OATS, percent="2", minutes=-1)

    shown = [await log.answer("alerts_of_user", **ADAS)]
    for threshold in (20, 1, None, 0):
        log.events(settings(price_increase_threshold_pct=threshold))
        shown.append(await log.answer("alerts_of_user", **ADAS))

    assert shown == [[ten], [], [ten, two], [ten], [ten, two]]


async def test_settings_that_are_not_sent_stay(log: Given) -> None:
    """Switching one thing leaves the other as it was."""
    log.events(bought(MILK), rose(percent=10), shrank())
    log.events(
        settings(price_increase_threshold_pct=20),
        settings(shrinkflation_enabled=False),
        settings(email_notifications=True),
    )

    assert await log.answer("alerts_of_user", **ADAS) == []


@pytest.mark.parametrize(("threshold", "enabled"), [(0, True), (50, False)])
async def test_another_user_s_settings_are_not_mine(log: Given, threshold: int, enabled: bool) -> None:
    """Neither more nor less is shown for them."""
    log.events(
        bought(MILK),
        rose(percent=10),
        rose(OATS, percent=2),
        shrank(),
        settings("bob", price_increase_threshold_pct=threshold, shrinkflation_enabled=enabled),
    )

    assert await log.answer("alerts_of_user", **ADAS) == [rise(percent="10"), shrinkage()]


DEFAULTS = {
    "price_increase_threshold_pct": Decimal(5),
    "shrinkflation_enabled": True,
    "email_notifications": False,
}


async def test_what_was_never_set_has_its_default(log: Given) -> None:
    """What is set stays until it is set again or taken back, whatever else changes; each user has settings alone."""
    log.events(settings("bob", price_increase_threshold_pct=50, email_notifications=True))

    async def wanted() -> dict[str, Any] | None:
        (found,) = await log.answer("settings_of_user", user_id="ada")
        return found

    shown = [await wanted()]
    changes: list[dict[str, Any]] = [
        {"price_increase_threshold_pct": "7.125"},
        {"shrinkflation_enabled": False, "email_notifications": True},
        {"price_increase_threshold_pct": 0, "email_notifications": False},
        {"price_increase_threshold_pct": None, "shrinkflation_enabled": None, "email_notifications": None},
    ]
    for change in changes:
        log.events(settings(**change))
        shown.append(await wanted())

    assert shown == [
        DEFAULTS,
        {**DEFAULTS, "price_increase_threshold_pct": Decimal("7.125")},
        {
            "price_increase_threshold_pct": Decimal("7.125"),
            "shrinkflation_enabled": False,
            "email_notifications": True,
        },
        {"price_increase_threshold_pct": Decimal(0), "shrinkflation_enabled": False, "email_notifications": False},
        DEFAULTS,
    ]


async def test_shrinkflation_can_be_switched_off_and_on(log: Given) -> None:
    """Off hides it and only it; on, or back to the default, shows it again. The price threshold does not concern it."""
    log.events(bought(MILK), rose(), shrank(), settings(price_increase_threshold_pct=5))

    shown = []
    for wanted in (False, True, False, None):
        log.events(settings(shrinkflation_enabled=wanted))
        shown.append([row["alert_type"] for row in await log.answer("alerts_of_user", **ADAS)])

    both = ["price_increase", "shrinkflation"]
    assert shown == [["price_increase"], both, ["price_increase"], both]


async def test_what_was_read_is_marked(log: Given) -> None:
    """A user's own reading marks an alert, also when it overtakes the alert; lists can leave either kind out."""
    log.events(
        event("users.alert_read", {"user_id": "ada", "alert_id": RISE}),
        event("users.alert_read", {"user_id": "bob", "alert_id": SHRINK}),
        bought(MILK),
        rose(),
        shrank(),
    )

    async def shown(unread: bool | None) -> list[dict[str, Any]]:
        return await log.answer("alerts_of_user", **{**ADAS, "unread": unread})

    assert await shown(None) == [rise(read=True), shrinkage()]
    assert await shown(True) == [shrinkage()]
    assert await shown(False) == [rise(read=True)]


async def test_alerts_of_one_type(log: Given) -> None:
    """A list can be of price increases or of shrunken packs alone, page by page."""
    log.events(bought(MILK), rose(), shrank())

    increases = await log.page("alerts_of_user", Page(limit=1), **{**ADAS, "alert_type": "price_increase"})
    first = await log.page("alerts_of_user", Page(limit=1), **ADAS)
    shrunken = await log.answer("alerts_of_user", **{**ADAS, "alert_type": "shrinkflation"})

    assert (increases, first, shrunken) == (([rise()], 1), ([rise()], 2), [shrinkage()])


async def test_rises_and_shrunken_packs_are_one_list(log: Given) -> None:
    """Newest first, whichever they are; at one moment by id, and a rise before a pack that has the same id."""
    log.events(bought(MILK), shrank(), rose(SHRINK), rose(OATS, minutes=-1), rose(RISE), rose(KROGER, minutes=1))

    first, second, third, fourth, fifth = await log.answer("alerts_of_user", **ADAS)

    assert (first, second) == (rise(KROGER, minutes=1), rise(RISE))
    assert (third, fourth, fifth) == (rise(SHRINK), shrinkage(), rise(OATS, minutes=-1))


async def test_what_shrank_is_kept_in_one_place(log: Given) -> None:
    """Here are only the rises."""
    log.events(rose(), shrank())

    assert [row["alert_id"] for row in await log.rows("alerts")] == [UUID(RISE)]


async def test_an_alert_sent_again_is_the_newer_one(log: Given) -> None:
    """An alert is known by its id; what is corrected replaces what it was."""
    log.events(bought(MILK), rose(percent=10), rose(percent="12.5", new_price="2.25"))

    assert await log.answer("alerts_of_user", **ADAS) == [rise(percent="12.5", new_price=Decimal("2.25"))]


async def test_a_short_price_alert_is_of_any_store_and_works_its_rise_out(log: Given) -> None:
    """Today's form has neither id nor store nor percentage; the id is made from the event's."""
    short = {"product_id": MILK, "old_price": 3, "new_price": 4}
    log.events(bought(MILK), event("alerts.price_increase", short, time=NOON.isoformat(), event_id="e-1"))

    prices: dict[str, Any] = {"old_price": Decimal(3), "new_price": Decimal(4), "store_name": None}
    assert await log.answer("alerts_of_user", **ADAS) == [rise(stable_id("alert", "e-1"), "33.3333", **prices)]


async def test_a_short_shrinkflation_alert_splits_its_sizes(log: Given) -> None:
    """Size and unit come in one text; the name it was sent with stands in until the product's own is known."""
    short = {
        "product_id": MILK,
        "product_name": "Sent Milk",
        "old_size": "12 fl oz",
        "new_size": "10.8",
        "confidence": 0.5,
    }
    log.events(bought(MILK), event("alerts.shrinkflation", short, time=NOON.isoformat(), event_id="e-1"))

    alert = shrinkage(id=UUID(stable_id("alert", "e-1")), old_size="12 fl oz", new_size="10.8")
    alert |= {"old_price": None, "new_price": None}
    before = await log.answer("alerts_of_user", **ADAS)
    log.events(event("products.normalized", {"product_id": MILK, "canonical_name": "Milk"}))
    after = await log.answer("alerts_of_user", **ADAS)

    assert (before, after) == ([{**alert, "product_name": "Sent Milk"}], [{**alert, "product_name": "Milk"}])


async def test_a_rise_from_nothing_is_above_every_threshold(log: Given) -> None:
    """What cost nothing has no percentage, and is shown however high the threshold."""
    log.events(bought(MILK), rose(percent=None, old_price=0), settings(price_increase_threshold_pct=1000))

    assert await log.answer("alerts_of_user", **ADAS) == [rise(percent=None, old_price=Decimal(0))]


async def test_a_removed_product_still_alerts_without_its_name(log: Given) -> None:
    """The user did buy it."""
    log.events(
        event("products.normalized", {"product_id": MILK, "canonical_name": "Milk"}),
        bought(MILK),
        rose(),
        event("products.removed", {"product_id": MILK}),
    )

    assert await log.answer("alerts_of_user", **ADAS) == [rise()]


async def test_an_erased_user_leaves_nothing(log: Given) -> None:
    """Purchases, settings and what was read go, and events that arrive later do not bring them back."""
    mine = [bought(MILK), bought(upc="0001"), settings(shrinkflation_enabled=False)]
    mine.append(event("users.alert_read", {"user_id": "ada", "alert_id": RISE}))
    log.events(rose(), *mine, bought(MILK, user_id="bob"))
    log.events(event("users.erased", {"user_id": "ada"}))
    log.events(*mine)

    kept = {table: await log.rows(table) for table in ("bought_products", "bought_upcs", "read_alerts", "settings")}

    assert {table: [row["user_id"] for row in rows] for table, rows in kept.items()} == {
        "bought_products": ["bob"],
        "bought_upcs": [],
        "read_alerts": [],
        "settings": [],
    }
    assert await log.answer("alerts_of_user", **ADAS) == []
    assert await log.answer("alerts_of_user", **{**ADAS, "user_id": "bob"}) == [rise()]
