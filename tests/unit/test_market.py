import itertools
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import orjson
import pytest

from readmodel.demo.catalogue import STORES, AssortmentTooSmall, check_digit, make_products
from readmodel.demo.highlights import Highlights, NothingToShow, find_highlights
from readmodel.demo.market import Market
from readmodel.demo.prices import shelf_price
from readmodel.events.cloudevent import CloudEvent, TimeNotUTC
from readmodel.events.decode import decode
from readmodel.events.envelope import Entry

MARKET = Market(seed=7, start=date(2024, 1, 1), days=240, products=120, users=20)
MIDNIGHT = datetime(2024, 8, 28, tzinfo=UTC)


@pytest.fixture(scope="module")
def history() -> list[CloudEvent]:
    return [*MARKET.history()]


def of_type(events: list[CloudEvent], type_: str) -> list[CloudEvent]:
    return [event for event in events if event.type == f"cartsnitch.{type_}"]


def test_a_seed_gives_the_same_bytes(history: list[CloudEvent]) -> None:
    """The same seed gives byte-identical events, another seed gives others."""
    small = Market(seed=7, start=date(2024, 1, 1), days=40, products=30, users=3)
    other = Market(seed=8, start=date(2024, 1, 1), days=40, products=30, users=3)
    first, second = ([event.to_json() for event in small.history()] for _ in range(2))
    assert first == second
    assert first != [event.to_json() for event in other.history()]


def test_time_only_goes_forward(history: list[CloudEvent]) -> None:
    """Events come in order of time, within the market's days, each with an id of its own."""
    times = [event.time for event in history]
    assert times == sorted(times)
    assert times[0] == datetime(2024, 1, 1, tzinfo=UTC)
    assert times[-1] < MIDNIGHT
    assert len({event.id for event in history}) == len(history)


def test_every_type_of_event_occurs(history: list[CloudEvent]) -> None:
    """A history holds each type that the demo promises."""
    assert {event.type.removeprefix("cartsnitch.") for event in history} == {
        "stores.updated",
        "stores.location_updated",
        "products.normalized",
        "prices.updated",
        "receipts.ingested",
        "alerts.price_increase",
        "alerts.shrinkflation",
        "users.registered",
        "users.alert_settings_changed",
        "users.alert_read",
        "users.erased",
    }


def test_every_event_keeps_the_contract(history: list[CloudEvent]) -> None:
    """What the decoder knows it takes; it refuses nothing."""
    streams: dict[str, list[Entry]] = {}
    for position, event in enumerate(history):
        streams.setdefault(event.stream, []).append(Entry(position, event.to_json()))
    decoded = [part for stream, entries in streams.items() for part in decode(stream, entries)]
    assert [rejected for part in decoded for rejected in part.rejected] == []
    unknown = {type_ for part in decoded for type_ in part.unknown}
    assert unknown <= {"cartsnitch.stores.location_updated"}


def test_products_have_valid_codes() -> None:
    """Products have different ids and names, and 12-digit UPCs with a check digit as GS1 defines it."""
    products = make_products(seed=7, wanted=500)
    codes = [code for product in products for code in product.upcs]
    assert check_digit("03600029145") == "2"
    assert [code for code in codes if len(code) != 12 or check_digit(code[:-1]) != code[-1]] == []
    assert len({p.id for p in products}) == len({p.name for p in products}) == len(set(codes)) == 500
    assert len({product.category.name for product in products}) == 12


def test_the_assortment_has_an_end() -> None:
    """Asking for more products than there are says how many there are."""
    with pytest.raises(AssortmentTooSmall, match="has 624 products, not 1000"):
        make_products(seed=7, wanted=1000)


def test_prices_move_only_when_seen_to(history: list[CloudEvent]) -> None:
    """A listing is seen on its store's day; a sale is below the regular price and lasts a week."""
    weekdays = {store.slug: store.weekday for store in STORES}
    sales: dict[tuple[str, str], CloudEvent] = {}
    for event in of_type(history, "prices.updated"):
        key = event.data["normalized_product_id"], event.data["store_slug"]
        if event.time.date() != MARKET.start:
            assert event.time.weekday() == weekdays[event.data["store_slug"]]
        if begun := sales.pop(key, None):
            assert event.time - begun.time == timedelta(days=7)
            assert (event.data["regular_price"], event.data["sale_price"]) == (
                begun.data["regular_price"],
                None,
            )
        if event.data["sale_price"] is not None:
            assert Decimal(event.data["sale_price"]) < Decimal(event.data["regular_price"])
            assert event.data["source"] == "weekly_ad"
            sales[key] = event


def test_every_rise_above_three_percent_is_an_alert(history: list[CloudEvent]) -> None:
    """StickerShock's alerts are exactly the rises of a regular price by more than 3 %."""
    last: dict[tuple[str, str], Decimal] = {}
    rises = []
    for event in of_type(history, "prices.updated"):
        key = event.data["normalized_product_id"], event.data["store_slug"]
        new, old = Decimal(event.data["regular_price"]), last.get(key)
        if old is not None and new > old * Decimal("1.03"):
            rises.append((*key, str(old), str(new), event.data["observed_date"]))
        last[key] = new
    names = ("product_id", "store_slug", "old_price", "new_price", "new_date")
    alerts = [tuple(e.data[name] for name in names) for e in of_type(history, "alerts.price_increase")]
    assert sorted(alerts) == sorted(rises)


def test_a_pack_shrinks_at_the_same_price(history: list[CloudEvent]) -> None:
    """An alert about shrinkflation follows the product's new size, which is 5 to 15 % smaller."""
    sizes: dict[str, list[str]] = {}
    for event in of_type(history, "products.normalized"):
        sizes.setdefault(event.data["normalized_product_id"], []).append(event.data["size"])
    alerts = [event.data for event in of_type(history, "alerts.shrinkflation")]
    assert {a["normalized_product_id"]: [a["old_size"], a["new_size"]] for a in alerts} == {
        product: seen for product, seen in sizes.items() if len(seen) > 1
    }
    assert [a for a in alerts if not 0.8 < float(a["new_size"]) / float(a["old_size"]) < 0.97] == []
    assert [a for a in alerts if a["price_at_old_size"] != a["price_at_new_size"]] == []


def test_receipts_add_up(history: list[CloudEvent]) -> None:
    """Lines add up to the subtotal, with tax to the total; some receipts lack lines, some lines a product."""
    receipts = [event.data for event in of_type(history, "receipts.ingested")]
    full = [receipt for receipt in receipts if "items" in receipt]
    for receipt in full:
        subtotal = sum(Decimal(item["extended_price"]) for item in receipt["items"])
        assert (subtotal, len(receipt["items"])) == (Decimal(receipt["subtotal"]), receipt["item_count"])
        assert subtotal + Decimal(receipt["tax"]) == Decimal(receipt["total"])
    short = [receipt for receipt in receipts if "items" not in receipt]
    assert {frozenset(receipt) for receipt in short} == {
        frozenset({"user_id", "store_slug", "purchase_id", "purchase_date", "item_count", "total"})
    }
    matched = Counter("normalized_product_id" in item for receipt in full for item in receipt["items"])
    assert matched[True] > matched[False] > 0


def test_nobody_acts_without_an_account(history: list[CloudEvent]) -> None:
    """Users do things only after they registered and before they are erased."""
    present: set[str] = set()
    for event in history:
        if event.type == "cartsnitch.users.registered":
            present.add(event.data["user_id"])
        elif user_id := event.data.get("user_id"):
            assert user_id in present
        if event.type == "cartsnitch.users.erased":
            present.remove(event.data["user_id"])
    assert len(present) == MARKET.users - 1


def test_life_goes_on_after_the_history(history: list[CloudEvent]) -> None:
    """Live events carry the clock's time, never run backwards, and are valid and new."""
    clock = itertools.count(0, 5)
    live = MARKET.live(lambda: MIDNIGHT + timedelta(days=9, seconds=next(clock)))
    events = [*itertools.islice(live, 300)]
    assert events[0].time == MIDNIGHT + timedelta(days=9)
    assert all(before.time < after.time for before, after in itertools.pairwise(events))
    assert {event.type for event in events} == {
        "cartsnitch.prices.updated",
        "cartsnitch.alerts.price_increase",
        "cartsnitch.receipts.ingested",
    }
    assert {event.id for event in events}.isdisjoint(event.id for event in history)


def test_a_clock_that_stands_still_does_not_stop_the_market() -> None:
    """With a clock before the history's end, live events follow the history in order of time all the same."""
    small = Market(seed=7, start=date(2024, 1, 1), days=10, products=20, users=2)
    times = [event.time for event in itertools.islice(small.live(lambda: MIDNIGHT - timedelta(days=999)), 50)]
    assert times[0] == datetime(2024, 1, 11, tzinfo=UTC) + timedelta(milliseconds=1)
    assert times == sorted(set(times))


def test_two_years_are_of_the_promised_size() -> None:
    """The market as the demo runs it has between 60,000 and 120,000 events."""
    assert 60_000 < sum(1 for _ in Market(seed=1, start=date(2023, 6, 1)).history()) < 120_000


def test_highlights_are_in_the_history(history: list[CloudEvent]) -> None:
    """The demo names a user with alerts, the newest rise among them, and a category."""
    found = find_highlights(history)
    alert = next(
        event.data
        for event in reversed(of_type(history, "alerts.price_increase"))
        if (event.data["product_id"], event.data["store_slug"]) == (found.product_id, found.store_slug)
    )
    product = next(
        event.data
        for event in of_type(history, "products.normalized")
        if event.data["normalized_product_id"] == found.product_id
    )
    user = next(event.data for event in of_type(history, "users.registered") if event.data["user_id"] == found.user_id)
    assert found == Highlights(
        user_id=user["user_id"],
        email=user["email"],
        alerts=found.alerts,
        product_id=alert["product_id"],
        product_name=product["canonical_name"],
        store_slug=alert["store_slug"],
        old_price=alert["old_price"],
        new_price=alert["new_price"],
        category=found.category,
    )
    assert found.alerts > 0


def test_no_highlights_without_alerts() -> None:
    """An empty history has nothing to show, and says so."""
    with pytest.raises(NothingToShow):
        find_highlights([])


def test_shelf_prices_end_as_printed() -> None:
    """Prices end in 5 or 9 below five dollars, in 9 above."""
    assert [shelf_price(cents) for cents in (1, 66.4, 142, 498, 500, 1234)] == [5, 65, 139, 499, 499, 1229]


def test_an_event_is_structured_json() -> None:
    """An event's bytes are CloudEvents 1.0 in structured mode, with a time in UTC."""
    event = CloudEvent("cartsnitch.prices.updated", "receiptwitness", MIDNIGHT, {"regular_price": "1.00"}, "x")
    assert event.stream == "cartsnitch.prices"
    assert orjson.loads(event.to_json()) == {
        "specversion": "1.0",
        "id": "x",
        "type": "cartsnitch.prices.updated",
        "source": "receiptwitness",
        "time": "2024-08-28T00:00:00Z",
        "data": {"regular_price": "1.00"},
    }


def test_an_event_without_a_zone_is_refused() -> None:
    """A naive time could mean any moment."""
    with pytest.raises(TimeNotUTC):
        CloudEvent("cartsnitch.prices.updated", "receiptwitness", MIDNIGHT.replace(tzinfo=None), {}, "x")
