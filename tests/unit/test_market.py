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
from readmodel.events.event import contracts

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
    """A history holds every type that the service knows but one: people of the market keep their names."""
    assert {event.type for event in history} == contracts().keys() - {"cartsnitch.users.profile_updated"}


def test_every_event_keeps_the_contract(history: list[CloudEvent]) -> None:
    """What is told the decoder knows and takes; it refuses nothing."""
    streams: dict[str, list[Entry]] = {}
    for position, event in enumerate(history):
        streams.setdefault(event.stream, []).append(Entry(position, event.to_json()))
    decoded = [part for stream, entries in streams.items() for part in decode(stream, entries)]
    assert [rejected for part in decoded for rejected in part.rejected] == []
    assert [unknown for part in decoded for unknown in part.unknown] == []


def test_todays_short_forms_occur(history: list[CloudEvent]) -> None:
    """Of the types that today's services send, each comes in their form now and then, and mostly in the full one."""
    forms: dict[str, Counter[frozenset[str]]] = {}
    for event in history:
        forms.setdefault(event.type.removeprefix("cartsnitch."), Counter())[frozenset(event.data)] += 1
    for type_, short in {
        "receipts.ingested": {"user_id", "store_slug", "purchase_id", "purchase_date", "item_count", "total"},
        "prices.updated": {"product_id", "store_slug", "old_price", "new_price", "change_percent"},
        "products.normalized": {"product_id", "match_method", "confidence"},
        "alerts.price_increase": {"product_id", "old_price", "new_price"},
        "alerts.shrinkflation": {"product_id", "product_name", "old_size", "new_size", "confidence"},
    }.items():
        assert len(forms[type_]) == 2
        assert 0 < forms[type_][frozenset(short)] < forms[type_].total() / 2, type_


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


def product_of(event: CloudEvent) -> str:
    """By either of the names that the forms have for it."""
    found: str = event.data.get("normalized_product_id") or event.data["product_id"]
    return found


def test_prices_move_only_when_seen_to(history: list[CloudEvent]) -> None:
    """A listing is seen on its store's day; a sale is below the regular price and lasts a week, unless the product
    is no longer sold."""
    weekdays = {store.slug: store.weekday for store in STORES}
    gone = {product_of(event) for event in of_type(history, "products.removed")}
    sales: dict[tuple[str, str], CloudEvent] = {}
    for event in of_type(history, "prices.updated"):
        key = product_of(event), event.data["store_slug"]
        if event.time.date() != MARKET.start:
            assert event.time.weekday() == weekdays[event.data["store_slug"]]
        if (begun := sales.pop(key, None)) and key[0] not in gone:
            assert event.time.date() - begun.time.date() == timedelta(days=7)
            assert (event.data["regular_price"], event.data["sale_price"]) == (
                begun.data["regular_price"],
                None,
            )
        if event.data.get("sale_price") is not None:
            assert Decimal(event.data["sale_price"]) < Decimal(event.data["regular_price"])
            assert event.data["source"] == "weekly_ad"
            sales[key] = event


def test_every_rise_above_three_percent_is_an_alert(history: list[CloudEvent]) -> None:
    """StickerShock's alerts are exactly the rises of a regular price by more than 3 %."""
    last: dict[tuple[str, str], Decimal] = {}
    rises = Counter[tuple[str, str, str]]()
    for event in of_type(history, "prices.updated"):
        key = product_of(event), event.data["store_slug"]
        new, old = Decimal(event.data.get("regular_price") or event.data["new_price"]), last.get(key)
        if "old_price" in event.data:
            assert Decimal(event.data["old_price"]) == old
        if old is not None and new > old * Decimal("1.03"):
            rises[key[0], str(old), str(new)] += 1
        last[key] = new
    alerts = of_type(history, "alerts.price_increase")
    names = ("product_id", "old_price", "new_price")
    assert Counter(tuple(alert.data[name] for name in names) for alert in alerts) == rises


def test_a_pack_shrinks_at_the_same_price(history: list[CloudEvent]) -> None:
    """An alert about shrinkflation follows the product's new size, which is 5 to 15 % smaller."""
    sizes: dict[str, dict[str, None]] = {}
    for event in of_type(history, "products.normalized"):
        if "size" in event.data:
            text = f"{event.data['size']} {event.data['size_unit']}"
            sizes.setdefault(product_of(event), {})[text] = None
    alerts = {product_of(event): event.data for event in of_type(history, "alerts.shrinkflation")}
    told = {
        product: [f"{a[f'{which}_size']} {a.get(f'{which}_unit', '')}".strip() for which in ("old", "new")]
        for product, a in alerts.items()
    }
    assert told == {product: list(seen) for product, seen in sizes.items() if len(seen) > 1}
    for old, new in told.values():
        assert 0.8 < float(new.split()[0]) / float(old.split()[0]) < 0.97
    assert [a for a in alerts.values() if a.get("price_at_old_size") != a.get("price_at_new_size")] == []


def test_the_catalogue_is_kept(history: list[CloudEvent]) -> None:
    """Some products change their category, some their name; some leave, of which some come back."""
    seen: dict[str, dict[str, set[str]]] = {}
    removed: set[str] = set()
    returned: set[str] = set()
    for event in history:
        if event.type == "cartsnitch.products.removed":
            removed.add(product_of(event))
        elif event.type == "cartsnitch.products.normalized" and "category" in event.data:
            known = seen.setdefault(product_of(event), {"category": set(), "canonical_name": set()})
            for field, values in known.items():
                values.add(event.data[field])
            returned |= removed & {product_of(event)}
    assert {len(known["category"]) for known in seen.values()} == {1, 2}
    assert {len(known["canonical_name"]) for known in seen.values()} == {1, 2}
    assert 0 < len(returned) < len(removed)


def test_nobody_sells_what_is_gone(history: list[CloudEvent]) -> None:
    """Between its removal and its return a product is neither seen nor bought."""
    gone: set[str] = set()
    for event in history:
        items = [event.data, *event.data.get("items", ())]
        named = {item.get("normalized_product_id") or item.get("product_id") for item in items} - {None}
        if event.type == "cartsnitch.products.removed":
            gone |= named
        elif event.type == "cartsnitch.products.normalized":
            gone -= named
        elif event.stream in {"cartsnitch.prices", "cartsnitch.receipts"}:
            assert not gone & named
    assert gone


def test_coupons_are_of_all_kinds(history: list[CloudEvent]) -> None:
    """Every discount, for a product and store-wide; announced early, extended, without an end, and withdrawn."""
    coupons = of_type(history, "coupons.updated")
    days = [(e.data["valid_from"], e.time.date().isoformat(), e.data["valid_to"]) for e in coupons]
    assert {event.data["discount_type"] for event in coupons} == {"percent", "fixed", "bogo", "buy_x_get_y"}
    assert {event.data["normalized_product_id"] is None for event in coupons} == {True, False}
    assert {begins > told for begins, told, _ in days} == {True, False}
    assert {ends is None for _, _, ends in days} == {True, False}
    assert max(Counter(event.data["id"] for event in coupons).values()) > 1
    assert {e.data["id"] for e in of_type(history, "coupons.removed")} < {e.data["id"] for e in coupons}


def test_the_index_is_told_late(history: list[CloudEvent]) -> None:
    """Each month once, on the 13th of the next; one figure is corrected a month after it was told."""
    told = of_type(history, "indices.published")
    lags = {}
    for event in told:
        if event.time.date() != MARKET.start:
            lags[event.data["period"]] = 12 * event.time.year + event.time.month - months(event.data["period"])
            assert event.time.day == 13
    assert {event.data["series"] for event in told} == {"CUUR0000SAF11"}
    assert Counter(lags.values()) == {1: 7, 2: 1}
    assert Counter(Counter(event.data["period"] for event in told).values()) == {1: 11, 2: 1}


def months(period: str) -> int:
    return 12 * int(period[:4]) + int(period[5:])


def test_accounts_are_read_while_connected(history: list[CloudEvent]) -> None:
    """A sync starts only where there is an account, and ends at most once; what it found is what was bought."""
    connected: set[tuple[str, str]] = set()
    running: dict[str, str] = {}
    ends = Counter[str]()
    for event in (event for event in history if event.stream == "cartsnitch.accounts"):
        account = event.data["user_id"], event.data["store_slug"]
        verb = event.type.removeprefix("cartsnitch.accounts.")
        if verb in {"connected", "disconnected"}:
            assert (account in connected) == (verb == "disconnected")
            connected ^= {account}
        elif verb == "sync_started":
            assert account in connected
            running[event.data["job_id"]] = event.data["at"]
        else:
            assert running.pop(event.data["job_id"]) < event.data["at"]
            ends[verb] += 1
    assert ends["sync_completed"] > ends["sync_failed"] > 0
    assert running, "some syncs are lost"


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
    assert {event.stream.removeprefix("cartsnitch.") for event in events} == {
        "prices",
        "alerts",
        "receipts",
        "shopping_lists",
        "coupons",
        "accounts",
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
        if (event.data["product_id"], event.data.get("store_slug")) == (found.product_id, found.store_slug)
    )
    product = next(
        event.data
        for event in reversed(of_type(history, "products.normalized"))
        if event.data.get("normalized_product_id") == found.product_id
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
