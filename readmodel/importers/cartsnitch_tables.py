"""Today's shared database: which columns of which tables are read, and the event that a row of each becomes.

A column that is not named here is never selected: no password hash, no store session leaves the database.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from readmodel.events.event import PREFIX, stream_of

Row = dict[str, str | None]
"""Columns as texts, as Postgres writes them; a column that the table does not have is missing."""

RECEIPTWITNESS: Final = "receiptwitness"
CLIPARTIST: Final = "clipartist"
SHRINKRAY: Final = "shrinkray"
READMODEL: Final = "readmodel"

# A state is dated by its last change, what happened once by its beginning.
_CHANGED: Final = ("updated_at", "created_at")


@dataclass(frozen=True, slots=True)
class Table:
    """A table, and what is made of it.

    The columns of `must` have to be there and not null, those of `may` may be null or missing altogether. The event
    is dated by the first of `dated_by` that is not null; rows come in their order, then by id.
    """

    name: str
    event: str
    source: str
    must: tuple[str, ...]
    may: tuple[str, ...] = ()
    dated_by: tuple[str, ...] = _CHANGED
    renamed: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def type(self) -> str:
        """The type of its event; where a row makes several, of the first."""
        return PREFIX + self.event

    @property
    def stream(self) -> str:
        """The stream that all events of its rows go to."""
        return stream_of(self.type)


ITEMS: Final = Table(
    "purchase_items",
    "receipts.ingested",
    RECEIPTWITNESS,
    must=("id", "purchase_id", "product_name_raw", "quantity", "unit_price", "extended_price"),
    may=(
        "upc",
        "regular_price",
        "sale_price",
        "coupon_discount",
        "loyalty_discount",
        "category_raw",
        "normalized_product_id",
    ),
    dated_by=("created_at",),
)
PURCHASES: Final = Table(
    "purchases",
    "receipts.ingested",
    RECEIPTWITNESS,
    must=("id", "user_id", "store_id", "receipt_id", "purchase_date", "total"),
    may=("subtotal", "tax", "savings_total"),
    dated_by=("ingested_at", "created_at", "purchase_date"),
    renamed={"id": "purchase_id"},
)

# What others refer to comes first.
TABLES: Final = (
    Table("stores", "stores.updated", RECEIPTWITNESS, must=("id", "name", "slug"), may=("logo_url", "website_url")),
    Table(
        "store_locations",
        "stores.location_updated",
        RECEIPTWITNESS,
        must=("id", "store_id", "address", "city", "state", "zip"),
        may=("lat", "lng"),
    ),
    Table(
        "normalized_products",
        "products.normalized",
        RECEIPTWITNESS,
        must=("id", "canonical_name"),
        may=("category", "subcategory", "brand", "size", "size_unit", "upc_variants"),
        renamed={"id": "normalized_product_id"},
    ),
    Table(
        "users",
        "users.registered",
        READMODEL,
        must=("id", "email"),
        may=("display_name", "email_inbound_token"),
        dated_by=("created_at",),
        renamed={"id": "user_id"},
    ),
    Table(
        "user_store_accounts",
        "accounts.connected",
        RECEIPTWITNESS,
        must=("id", "user_id", "store_id", "status"),
        may=("last_sync_at",),
        dated_by=("created_at", "updated_at"),
    ),
    Table(
        "price_history",
        "prices.updated",
        RECEIPTWITNESS,
        must=("id", "normalized_product_id", "store_id", "observed_date", "regular_price", "source"),
        may=("sale_price", "loyalty_price", "coupon_price", "purchase_item_id"),
        dated_by=("created_at", "observed_date"),
    ),
    PURCHASES,
    Table(
        "coupons",
        "coupons.updated",
        CLIPARTIST,
        must=("id", "store_id", "title", "discount_type", "requires_clip"),
        may=(
            "normalized_product_id",
            "description",
            "discount_value",
            "min_purchase",
            "valid_from",
            "valid_to",
            "coupon_code",
            "source_url",
        ),
        dated_by=("updated_at", "scraped_at", "created_at"),
    ),
    Table(
        "shrinkflation_events",
        "alerts.shrinkflation",
        SHRINKRAY,
        must=(
            "id",
            "normalized_product_id",
            "detected_date",
            "old_size",
            "new_size",
            "old_unit",
            "new_unit",
            "confidence",
        ),
        may=("price_at_old_size", "price_at_new_size", "notes"),
        dated_by=("created_at", "detected_date"),
    ),
)
