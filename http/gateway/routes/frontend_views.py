"""The web frontend's words for what other routes answer.

Here a store's id is its slug, names are in camel case, no text is null, and lists carry what belongs to their items.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from gateway.routes.answers import Day, Money
from gateway.wire import money
from readmodel.stores.reading import Row

FOREVER = date(2100, 12, 31)
"""When a coupon without an end expires: the last day that an event can name."""

Slugs = Mapping[str, str]
"""The slug of every store that is known, by its id."""
StoreSlug = Annotated[str, Field(description="A store's slug, or what it was sent as while it is not known.")]


class _Camel(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class Item(_Camel):
    """One line of a receipt; `price` is that of the whole line."""

    id: str
    product_id: str
    name: str
    quantity: float
    price: Money
    unit_price: Money


class FrontendPurchase(_Camel):
    """A purchase with its lines."""

    id: UUID
    store_id: StoreSlug
    store_name: str
    date: Day
    total: Money
    items: list[Item]


class StorePrice(_Camel):
    """What a product costs in a store."""

    store_id: StoreSlug
    store_name: str
    price: Money
    last_updated: Day


class FrontendProduct(_Camel):
    """A product with its prices."""

    id: UUID
    name: str
    brand: str
    category: str
    image_url: str
    prices: list[StorePrice]


class FrontendPrice(_Camel):
    """What a product cost in a store on a day."""

    date: Day
    price: Money
    store_id: StoreSlug


class FrontendCoupon(_Camel):
    """A coupon that is good today."""

    id: UUID
    product_id: str
    store_name: str
    description: str
    discount: str = Field(examples=["$1.00 off"])
    expires_at: Day
    code: str


class FrontendAlert(_Camel):
    """A product that became dearer: `targetPrice` is what it cost before."""

    id: UUID
    product_id: UUID
    product_name: str
    target_price: Money
    current_price: Money
    triggered: bool


def purchase_view(row: Row, lines: list[Row], slugs: Slugs) -> Row:
    """A row of `Purchase` and those of its `LineItem`s as `FrontendPurchase`."""
    return {
        "id": row["id"],
        "storeId": slugs.get(row["store_id"], row["store_id"]),
        "storeName": row["store_name"],
        "date": row["purchased_at"],
        "total": row["total"],
        "items": [
            {
                "id": line["id"],
                "productId": line["product_id"] or "",
                "name": line["name"],
                "quantity": line["quantity"],
                "price": line["total_price"],
                "unitPrice": line["unit_price"],
            }
            for line in lines
        ],
    }


def product_view(row: Row, prices: list[Row], slugs: Slugs) -> Row:
    """A row of `Product` and those of its `CurrentPrice`s as `FrontendProduct`."""
    return {
        "id": row["id"],
        "name": row["name"] or "",
        "brand": row["brand"] or "",
        "category": row["category"] or "",
        "imageUrl": row["image_url"] or "",
        "prices": [
            {
                "storeId": slugs.get(price["store_id"], price["store_id"]),
                "storeName": price["store_name"],
                "price": price["current_price"],
                "lastUpdated": price["last_seen_at"],
            }
            for price in prices
        ],
    }


def price_view(point: Row, slugs: Slugs) -> Row:
    """A row of `PricePoint` as `FrontendPrice`."""
    store_id = point["store_id"]
    return {"date": point["date"], "price": point["price"], "storeId": slugs.get(store_id, store_id)}


def coupon_view(row: Row) -> Row:
    """A row of `Coupon` as `FrontendCoupon`."""
    return {
        "id": row["id"],
        "productId": row["product_id"] or "",
        "storeName": row["store_name"],
        "description": row["description"] or row["title"],
        "discount": discount(row["discount_type"], row["discount_value"]),
        "expiresAt": row["expires_at"] or FOREVER,
        "code": row["code"] or "",
    }


def discount(kind: str, value: float | None) -> str:
    """A discount in words; without the number where none was sent."""
    if kind == "bogo":
        return "Buy one, get one free"
    if kind == "buy_x_get_y":
        return "Buy more, save more"
    if value is None:
        return "Money off"
    return f"{value:g}% off" if kind == "percent" else f"${money(Decimal(str(value))):.2f} off"


def alert_view(row: Row) -> Row:
    """A row of a price increase as `FrontendAlert`; that it is listed means that it was triggered."""
    return {
        "id": row["id"],
        "productId": row["product_id"],
        "productName": row["product_name"] or "",
        "targetPrice": row["old_price"],
        "currentPrice": row["new_price"],
        "triggered": True,
    }
