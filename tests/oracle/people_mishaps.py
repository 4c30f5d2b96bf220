"""What goes wrong with receipts, alerts, settings, accounts and lists."""

from collections.abc import Iterator
from typing import Any

from readmodel.demo.catalogue import STORES
from readmodel.events.ids import stable_id
from tests.oracle.goods_mishaps import GHOST, HARD_TO_FIND, NEVER_NAMED
from tests.oracle.stage import Event, Mishap, Stage

STRANGE_USER = "auth0|Ünal 7"
"""A user's id need not be a UUID."""


def _line(stage: Stage, **more: Any) -> dict[str, Any]:
    amounts = {"quantity": "0.354", "unit_price": "3.99", "extended_price": "1.412"}
    return {"product_name_raw": "THING", **amounts, "upc": None, **more}


def receipt_in_both_forms(stage: Stage) -> Iterator[Event]:
    """Either may come first. The short one sends the retailer's number, or the same id; another store counts, too."""
    user, number = stage.user(), f"N-{stage.random.randrange(10**6)}"
    base = {"user_id": user, "purchase_date": stage.day(-9), "total": "12.30"}
    short = {**base, "store_slug": STORES[0].slug, "purchase_id": number, "item_count": 4, "total": "12.3"}
    where = {"store_id": STORES[0].id, "purchase_id": stable_id("purchase", number), "receipt_id": number}
    full = {**base, **where, "items": [_line(stage, normalized_product_id=stage.product())]}
    forms: list[dict[str, Any]] = [short, full, {**short, "store_slug": STORES[1].slug}]
    if stage.random.random() < 0.5:
        forms[0] = {**short, "purchase_id": where["purchase_id"]}
    stage.random.shuffle(forms)
    yield from (("receipts.ingested", form) for form in forms)


def receipt_is_sent_again(stage: Stage) -> Iterator[Event]:
    """With other lines: the newest holds, but what was bought was bought."""
    if sent := stage.some("receipts.ingested", "items"):
        named = [_line(stage, product_id=stage.product(), category_raw="ODD"), _line(stage, category_raw="ODD")]
        yield "receipts.ingested", {**sent, "items": [*named, *sent["items"][2:]], "total": "77.01"}


def receipt_without_a_number(stage: Stage) -> Iterator[Event]:
    """Its id is made from the event's; sent twice it is two."""
    base = {"user_id": stage.user(), "purchase_date": stage.day(-2), "total": 5, "item_count": 2}
    yield "receipts.ingested", {**base, "purchase_id": "", "store_slug": STORES[1].slug}
    yield "receipts.ingested", {**base, "purchase_id": "", "store_slug": STORES[1].slug}


def receipt_of_an_unknown_store(stage: Stage) -> Iterator[Event]:
    """With lines that know only a bar code, or nothing."""
    code = stage.some("products.normalized", "upc_variants")["upc_variants"][0]
    items = [_line(stage, upc=code), _line(stage, upc=""), _line(stage, product_id=NEVER_NAMED[0], category_raw="ODD")]
    where = stage.random.choice(HARD_TO_FIND)
    base = {"purchase_date": stage.day(-1), "total": "9.99", "purchase_id": stable_id("purchase", str(stage.now))}
    user = stage.random.choice([stage.user(), STRANGE_USER])
    yield "receipts.ingested", {"user_id": user, **base, **where, "items": items}


def bar_code_is_shared(stage: Stage) -> Iterator[Event]:
    """Two products claim one bar code, and somebody buys it: that is one product, and alerts on the other are not
    for this user."""
    first, second = stage.product(), stage.product()
    code = f"0{stage.random.randrange(10**11):011d}"
    for product in (first, second):
        yield "products.normalized", {"product_id": product, "upc_variants": ["000000000000", code]}
        rise = {"old_price": "2.00", "new_price": "3.00", "change_percent": 50}
        yield "alerts.price_increase", {"product_id": product, "store_id": STORES[2].id, **rise}
    base = {"user_id": STRANGE_USER, "purchase_id": stable_id("purchase", code), "total": "1.42"}
    where = {"store_slug": STORES[2].slug, "purchase_date": stage.day(-1)}
    yield "receipts.ingested", {**base, **where, "items": [_line(stage, upc=code)]}


def alert_on_anything(stage: Stage) -> Iterator[Event]:
    """From nothing, of a store or product that nobody knows, just at a threshold, or found again."""
    alert: dict[str, Any] = {"id": stable_id("alert", stage.now.isoformat()), "product_id": stage.product()}
    alert |= {"store_id": STORES[0].id, "old_price": "2.00", "new_price": "2.10", "change_percent": 5}
    odd: list[dict[str, Any]] = [
        {"old_price": 0, "change_percent": None},
        {"store_id": None, "store_slug": GHOST, "change_percent": None},
        {"product_id": NEVER_NAMED[0], "change_percent": 4.9999},
        {"new_price": "2.06", "change_percent": "3.00004"},
    ]
    yield "alerts.price_increase", {**alert, **stage.random.choice(odd)}
    if stage.random.random() < 0.3:
        yield "alerts.price_increase", {**alert, "new_price": "4.00", "change_percent": 100}


def pack_shrinks_oddly(stage: Stage) -> Iterator[Event]:
    """Sizes that cannot be compared, prices that are missing, a name that only the alert has."""
    pack: dict[str, Any] = {"id": stable_id("pack", stage.now.isoformat()), "product_id": stage.product()}
    pack |= {"old_size": 16, "new_size": 14.5, "old_unit": "oz", "new_unit": "oz", "confidence": 0.5}
    pack |= {"price_at_old_size": "3.99", "price_at_new_size": "4.09", "detected_date": stage.day(-5)}
    odd: list[dict[str, Any]] = [
        {"new_unit": "g"},
        {"old_size": "family", "old_unit": None, "price_at_old_size": None},
        {"price_at_new_size": "0"},
        {"old_size": "0"},
        {"old_unit": None, "new_unit": None, "confidence": "high"},
        {"product_id": NEVER_NAMED[0], "product_name": "Only the alert knows"},
        {"old_size": "16 fl oz", "new_size": "15 fl oz", "old_unit": None, "new_unit": None, "confidence": None},
    ]
    yield "alerts.shrinkflation", {**pack, **stage.random.choice(odd)}


def alert_is_read(stage: Stage) -> Iterator[Event]:
    """One that was told, or one that nobody knows."""
    alert = stage.some("alerts.price_increase", "id")
    yield "users.alert_read", {"user_id": stage.user(), "alert_id": alert.get("id") or stable_id("no alert")}


def settings_change(stage: Stage) -> Iterator[Event]:
    """Null goes back to the default, what is not sent stays."""
    settings: dict[str, Any] = {
        "price_increase_threshold_pct": stage.random.choice([None, 0, "2.125", 40]),
        "shrinkflation_enabled": stage.random.choice([None, True, False]),
        "email_notifications": stage.random.choice([None, True]),
    }
    changed = dict(stage.random.sample(sorted(settings.items()), 2))
    yield "users.alert_settings_changed", {"user_id": stage.user(), **changed}


def account_at_an_unknown_store(stage: Stage) -> Iterator[Event]:
    """Or one of which only a sync is known."""
    user = stage.random.choice([stage.user(), STRANGE_USER])
    verb = stage.random.choice(["connected", "sync_completed", "sync_failed"])
    yield f"accounts.{verb}", {"user_id": user, **stage.random.choice(HARD_TO_FIND)}


def list_of_two_users(stage: Stage) -> Iterator[Event]:
    """A user saves, or throws away, a list under an id that another user's list has."""
    if sent := stage.some("shopping_lists.saved"):
        if stage.random.random() < 0.5:
            yield "shopping_lists.removed", {"id": sent["id"], "user_id": stage.user()}
        else:
            yield "shopping_lists.saved", {**sent, "user_id": stage.user(), "name": "Mine", "items": []}


def registered_again(stage: Stage) -> Iterator[Event]:
    """Without a token, which leaves the one before; perhaps of a user who was erased."""
    yield "users.registered", {"user_id": stage.user(), "email_inbound_token": None}
    yield "users.registered", {"user_id": STRANGE_USER}


def told_twice(stage: Stage) -> Iterator[Event]:
    """A publisher that was not sure tells something again, long after."""
    type_ = stage.random.choice(["prices.updated", "products.normalized", "coupons.updated", "stores.location_updated"])
    if data := stage.some(type_):
        yield type_, data


MISHAPS: dict[Mishap, int] = {
    receipt_in_both_forms: 20,
    receipt_is_sent_again: 25,
    receipt_without_a_number: 4,
    receipt_of_an_unknown_store: 20,
    bar_code_is_shared: 4,
    alert_on_anything: 30,
    pack_shrinks_oddly: 20,
    alert_is_read: 40,
    settings_change: 12,
    account_at_an_unknown_store: 15,
    list_of_two_users: 10,
    registered_again: 5,
    told_twice: 60,
}
