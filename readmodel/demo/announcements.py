"""The market's facts as events of the public contract."""

from datetime import datetime
from typing import Any, Final

from readmodel.demo.catalogue import Product, Store
from readmodel.events.cloudevent import CloudEvent
from readmodel.events.ids import stable_id

RECEIPTWITNESS: Final = "receiptwitness"
STICKERSHOCK: Final = "stickershock"
SHRINKRAY: Final = "shrinkray"
CLIPARTIST: Final = "clipartist"
# Users' events come from the read model's own outbox.
READMODEL: Final = "readmodel"


def money(cents: int) -> str:
    """Dollars as a decimal string."""
    return f"{cents // 100}.{cents % 100:02d}"


def announce(source: str, kind: str, at: datetime, data: dict[str, Any], *identity: str) -> CloudEvent:
    """An event of type `cartsnitch.<kind>`; the same identity at the same time is the same event."""
    return CloudEvent(f"cartsnitch.{kind}", source, at, data, stable_id(kind, *identity, at.isoformat()))


def store_updated(store: Store, at: datetime) -> CloudEvent:
    """One of the stores is known."""
    data = {"id": store.id, "name": store.name, "slug": store.slug}
    return announce(RECEIPTWITNESS, "stores.updated", at, data, store.slug)


def location_updated(store: Store, at: datetime) -> CloudEvent:
    """The store's one branch is known."""
    data = {
        "id": stable_id("location", store.slug),
        "store_id": store.id,
        "address": "1 Market Street",
        "city": store.city,
        "state": "OH",
        "zip": "00000",
    }
    return announce(RECEIPTWITNESS, "stores.location_updated", at, data, store.slug)


def product_normalized(product: Product, at: datetime) -> CloudEvent:
    """A product is known, or known to have changed."""
    data = {
        "normalized_product_id": product.id,
        "canonical_name": product.name,
        "category": product.category.name,
        "subcategory": product.item.name,
        "brand": product.brand,
        "size": product.size,
        "size_unit": product.item.unit,
        "upc_variants": list(product.upcs),
    }
    return announce(RECEIPTWITNESS, "products.normalized", at, data, product.id)


def product_matched(product: Product, at: datetime) -> CloudEvent:
    """A line of a receipt was recognised, in the form today's services send."""
    data = {"product_id": product.id, "match_method": "upc", "confidence": 0.97}
    return announce(RECEIPTWITNESS, "products.normalized", at, data, "matched", product.id)


def product_removed(product: Product, at: datetime) -> CloudEvent:
    """A product is no longer sold."""
    return announce(RECEIPTWITNESS, "products.removed", at, {"normalized_product_id": product.id}, product.id)


def price_updated(
    product: Product, store: Store, at: datetime, regular: int, *, sale: int | None, source: str
) -> CloudEvent:
    """A price was seen; `regular` and `sale` in cents, `source` as in the contract."""
    data = {
        "id": stable_id("observation", product.id, store.slug, at.isoformat()),
        "normalized_product_id": product.id,
        "store_id": store.id,
        "store_slug": store.slug,
        "observed_date": at.date().isoformat(),
        "regular_price": money(regular),
        "sale_price": None if sale is None else money(sale),
        "source": source,
    }
    return announce(RECEIPTWITNESS, "prices.updated", at, data, product.id, store.slug)


def price_changed(product: Product, store: Store, at: datetime, old: int, new: int) -> CloudEvent:
    """A regular price moved from `old` to `new` cents, in the form today's services send."""
    data = {
        "product_id": product.id,
        "store_slug": store.slug,
        "old_price": money(old),
        "new_price": money(new),
        "change_percent": _percent(old, new),
    }
    return announce(RECEIPTWITNESS, "prices.updated", at, data, product.id, store.slug)


def price_increase(product: Product, store: Store, at: datetime, old: int, new: int) -> CloudEvent:
    """StickerShock found a rise from `old` to `new` cents; found again, it has the same id."""
    day = at.date().isoformat()
    alert_id = stable_id("price_increase", product.id, store.id, day, money(old), money(new))
    data = {
        "id": alert_id,
        "product_id": product.id,
        "store_id": store.id,
        "store_slug": store.slug,
        "old_price": money(old),
        "new_price": money(new),
        "change_percent": _percent(old, new),
        "new_date": day,
    }
    return CloudEvent("cartsnitch.alerts.price_increase", STICKERSHOCK, at, data, alert_id)


def price_increase_somewhere(product: Product, at: datetime, old: int, new: int) -> CloudEvent:
    """The same in the form today's services send: neither the alert nor the store is named."""
    data = {"product_id": product.id, "old_price": money(old), "new_price": money(new)}
    return announce(STICKERSHOCK, "alerts.price_increase", at, data, product.id, money(old), money(new))


def shrinkflation(old: Product, new: Product, cents: int, at: datetime) -> CloudEvent:
    """ShrinkRay found that `new` costs the `cents` that `old` did; found again, it has the same id."""
    alert_id = stable_id("shrinkflation", old.id, old.size, new.size)
    data = {
        "id": alert_id,
        "normalized_product_id": old.id,
        "detected_date": at.date().isoformat(),
        "old_size": old.size,
        "new_size": new.size,
        "old_unit": old.item.unit,
        "new_unit": new.item.unit,
        "price_at_old_size": money(cents),
        "price_at_new_size": money(cents),
        "confidence": "0.95",
        "notes": "The size in the catalogue changed, the price did not.",
    }
    return CloudEvent("cartsnitch.alerts.shrinkflation", SHRINKRAY, at, data, alert_id)


def shrinkflation_somewhere(old: Product, new: Product, at: datetime) -> CloudEvent:
    """The same in the form today's services send: size and unit are one text, and nothing is said of prices."""
    data = {
        "product_id": old.id,
        "product_name": old.name,
        "old_size": f"{old.size} {old.item.unit}",
        "new_size": f"{new.size} {new.item.unit}",
        "confidence": 0.9,
    }
    return announce(SHRINKRAY, "alerts.shrinkflation", at, data, old.id, old.size, new.size)


def _percent(old: int, new: int) -> float:
    return round(100 * (new - old) / old, 2)
