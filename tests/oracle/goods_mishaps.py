"""What goes wrong with stores, products, prices and coupons."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from readmodel.demo.catalogue import STORES
from readmodel.events.ids import stable_id
from tests.oracle.stage import Event, Mishap, Stage

FARM, FARM_ID, GHOST, GHOST_ID = "farmgate", stable_id("store", "farmgate"), "ghost", stable_id("store", "ghost")
"""A store that is known late, and one that never is."""
HANDED = "handed-on"
"""A slug that several stores have had."""
HARD_TO_FIND = ({"store_slug": FARM}, {"store_id": FARM_ID}, {"store_slug": GHOST}, {"store_slug": HANDED})
NEVER_NAMED = [stable_id("product", "never named", str(number)) for number in range(3)]
"""Products that have prices and perhaps no name."""


def _price(product: str, day: str, price: str, **where: str) -> Event:
    return "prices.updated", {"product_id": product, "observed_date": day, "regular_price": price, **where}


def _cents(stage: Stage) -> str:
    return f"{stage.random.randint(100, 900) / 100:.2f}"


def late_price(stage: Stage) -> Iterator[Event]:
    """Somebody found an old receipt: a price of a day that has passed."""
    store = stage.random.choice(STORES)
    yield _price(stage.product(), stage.day(-60), _cents(stage), store_id=store.id, source="receipt")


def price_at_unknown_store(stage: Stage) -> Iterator[Event]:
    """By slug here, by id there."""
    where = stage.random.choice([*HARD_TO_FIND, {"store_id": GHOST_ID}])
    yield _price(stage.product(), stage.day(-40), _cents(stage), **where)


def odd_price(stage: Stage) -> Iterator[Event]:
    """Free, half a cent, or of a product that nobody has named."""
    store = stage.random.choice(STORES)
    product = stage.random.choice([stage.product(), *NEVER_NAMED])
    price = stage.random.choice(["0", "0.00", "1.005", "2.345", "0.0049", 3, 2.5])
    yield _price(product, stage.day(-3), str(price), store_slug=store.slug)


def free_for_a_day(stage: Stage) -> Iterator[Event]:
    """A price is seen, and then none: the day has a point, and that is of 0."""
    product = stage.product()
    yield _price(product, stage.day(0), "3.33", store_slug=STORES[1].slug)
    yield _price(product, stage.day(0), "0", store_slug=STORES[1].slug)


def rise_of_ten_percent(stage: Stage) -> Iterator[Event]:
    """The same rise from several prices, of which the last is first misread: equal rises have an order, too."""
    for cents in (30, 60, 90, 120):
        product = stage.product()
        yield _price(product, stage.day(-1, -1), f"{cents / 10:.2f}", store_slug=GHOST)
        yield _price(product, stage.day(0), "99.00", store_slug=GHOST)
        yield _price(product, stage.day(0), f"{cents * 1.1 / 10:.2f}", store_slug=GHOST)


def store_is_known_at_last(stage: Stage) -> Iterator[Event]:
    """By the slug that it had all along; it has the name of another, and branches in two towns."""
    yield "stores.updated", {"id": FARM_ID, "name": STORES[0].name, "slug": FARM, "logo_url": "/farm.svg"}
    for town, lat in (("Upper End", "40.123456"), ("Lower End", 41)):
        place = {"address": "2 Farm Road", "city": town, "state": "OH", "zip": "00001", "lat": lat, "lng": -81.5}
        yield "stores.location_updated", {"id": stable_id("location", FARM, town), "store_id": FARM_ID, **place}


def store_is_renamed(stage: Stage) -> Iterator[Event]:
    """It keeps its logo, and things are still sent by the slug that it had."""
    store = STORES[2]
    yield "stores.updated", {"id": store.id, "name": "Value Foods & Co.", "slug": "valuefoodsco", "website_url": None}
    yield _price(stage.product(), stage.day(0), _cents(stage), store_slug="valuefoodsco")


def slug_changes_hands(stage: Stage) -> Iterator[Event]:
    """Two stores claim one slug; the later one may give it up, and then the first one has it."""
    first, second = stage.random.sample(["First Hand", "Second Hand", "Third Hand"], 2)
    slugs = [(first, HANDED), (second, HANDED), (second, stage.random.choice([HANDED, "second", "second"]))]
    for name, slug in slugs:
        yield "stores.updated", {"id": stable_id("store", name), "name": name, "slug": slug}


def product_loses_a_field(stage: Stage) -> Iterator[Event]:
    """Null clears, what is not sent stays."""
    field = stage.random.choice(["category", "brand", "upc_variants", "canonical_name"])
    yield "products.normalized", {"product_id": stage.product(), field: None, "image_url": "/picture.png"}


def category_is_uncertain(stage: Stage) -> Iterator[Event]:
    """It is told again and again, and some of that late: the newest word is not the last."""
    product = stage.product()
    for category in ("Frozen Food", "Household", None, "Frozen Food", "Household"):
        yield "products.normalized", {"normalized_product_id": product, "category": category}


def product_is_matched(stage: Stage) -> Iterator[Event]:
    """Today's short form, with a name or without, perhaps of a product that nobody has described."""
    product = stage.random.choice([stage.product(), *NEVER_NAMED])
    name = {"canonical_name": "Something matched"} if stage.random.random() < 0.5 else {}
    yield "products.normalized", {"product_id": product, "match_method": "fuzzy", "confidence": 0.7, **name}


def product_is_removed(stage: Stage) -> Iterator[Event]:
    """And matched again, so that it is there, but nothing is known of it."""
    product = stage.product()
    yield "products.removed", {"normalized_product_id": product}
    if stage.random.random() < 0.6:
        yield "products.normalized", {"product_id": product, "match_method": "upc", "confidence": 1}


def coupon_changes(stage: Stage) -> Iterator[Event]:
    """A coupon that begins or ends about when it is asked for; it may lose its end or its beginning, or come back."""
    where = stage.random.choice([{"store_slug": STORES[1].slug}, *HARD_TO_FIND])
    least: dict[str, Any] = {"id": stable_id("coupon", stage.now.isoformat()), "title": "12.125% off", **where}
    least |= {"discount_type": "percent", "requires_clip": True}
    about = [(stage.end + timedelta(days=days)).isoformat() for days in (-1, 0, 0, 1)]
    days = {"valid_from": stage.random.choice([stage.day(-3), *about]), "valid_to": stage.random.choice(about)}
    texts = {"description": "Nearly an eighth", "coupon_code": "XII", "discount_value": "12.125"}
    yield "coupons.updated", {**least, **days, **texts, "product_id": stage.product()}
    happens = stage.random.choice(["endless", "earlier", "gone", "back", "nothing"])
    if happens == "endless":
        yield "coupons.updated", {**least, "valid_to": None, "product_id": None}
    if happens == "earlier":
        yield "coupons.updated", {**least, "valid_from": None, "discount_value": None}
    if happens in {"gone", "back"}:
        yield "coupons.removed", {"id": least["id"]}
    if happens == "back":
        yield "coupons.updated", {**least, "title": "Back again", "discount_type": "bogo"}


def index_of_another_series(stage: Stage) -> Iterator[Event]:
    """And a figure of long ago."""
    period = f"{stage.today.year - stage.random.randint(0, 2)}-{stage.random.randint(1, 12):02d}"
    value = round(300 + stage.random.random(), 4)
    yield "indices.published", {"series": "CUUR0000SA0", "period": period, "value": value}


MISHAPS: dict[Mishap, int] = {
    late_price: 60,
    price_at_unknown_store: 80,
    odd_price: 40,
    free_for_a_day: 10,
    rise_of_ten_percent: 4,
    store_is_known_at_last: 1,
    store_is_renamed: 1,
    slug_changes_hands: 3,
    product_loses_a_field: 8,
    category_is_uncertain: 10,
    product_is_matched: 12,
    product_is_removed: 4,
    coupon_changes: 60,
    index_of_another_series: 6,
}
