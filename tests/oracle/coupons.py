"""What can be saved money with today."""

from datetime import date

from tests.oracle.purchases import Purchases
from tests.oracle.reading import Fields, Payload, Told, money, product_of, states, store_of
from tests.oracle.shops import Shops
from tests.oracle.wire import day


class Coupons:
    """All coupons that were told of, and those that are good on a day."""

    def __init__(self, updated: list[Told], removed: list[Told], shops: Shops, today: date) -> None:
        self._updated = updated
        self._removed = removed
        self._shops = shops
        self._today = today

    def active(self, store_id: str | None = None) -> list[Fields]:
        """GET /coupons: soonest to expire first, those without an end last."""
        found = states(self._updated, self._removed, more=_named)
        good = [self._shown(i, coupon) for i, coupon in found.items() if self._is_good(coupon)]
        return sorted((c for c in good if store_id in {None, c["store_id"]}), key=_soonest)

    def relevant(self, bought: Purchases) -> list[Fields]:
        """GET /coupons/relevant: what was bought first, then where the user shops."""
        stores = {store.id for store in bought.stores}

        def reasons(coupon: Fields) -> tuple[bool, bool]:
            return coupon["product_id"] in bought.products, coupon["store_id"] in stores

        found = [coupon for coupon in self.active() if any(reasons(coupon))]
        return sorted(found, key=lambda coupon: [not reason for reason in reasons(coupon)])

    def _is_good(self, coupon: Fields) -> bool:
        begins, ends = coupon.get("valid_from"), coupon.get("valid_to")
        today = self._today.isoformat()
        return (begins is None or begins <= today) and (ends is None or ends >= today)

    def _shown(self, coupon_id: str, coupon: Fields) -> Fields:
        store, value = self._shops.meant(coupon["store"]), money(coupon.get("discount_value"))
        ends = coupon.get("valid_to")
        return {
            "id": coupon_id,
            "store_id": store.id,
            "store_name": store.name,
            "title": coupon["title"],
            "description": coupon.get("description"),
            "discount_type": coupon["discount_type"],
            "discount_value": None if value is None else float(value),
            "product_id": coupon.get("product"),
            "requires_clip": coupon["requires_clip"],
            "code": coupon.get("coupon_code"),
            "expires_at": day(ends and date.fromisoformat(ends)),
        }


def _named(data: Payload) -> Fields:
    says_product = {"normalized_product_id", "product_id"} & data.keys()
    return {"store": store_of(data)} | ({"product": product_of(data)} if says_product else {})


def _soonest(coupon: Fields) -> tuple[bool, str, str]:
    return coupon["expires_at"] is None, coupon["expires_at"] or "", coupon["id"]
