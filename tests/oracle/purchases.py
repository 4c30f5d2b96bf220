"""What a user bought."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from typing import Any

from readmodel.events.ids import stable_id
from tests.oracle.catalogue import Catalogue
from tests.oracle.reading import Fields, Payload, Told, day_of, is_uuid, money, store_of, uuid
from tests.oracle.shops import Shops, Store
from tests.oracle.wire import cents, day


class Purchases:
    """One user's purchases, out of all receipts that were told of that user."""

    def __init__(self, receipts: list[Told], shops: Shops, catalogue: Catalogue) -> None:
        self._receipts = receipts
        self._shops = shops
        self._catalogue = catalogue

    @cached_property
    def stores(self) -> set[Store]:
        """Where the user shops."""
        return {self._store(told) for told in self._receipts}

    @cached_property
    def products(self) -> set[str]:
        """What the user has ever bought, by any form of any receipt."""
        found = {self._catalogue.bought(line) for told in self._receipts for line in _lines(told)}
        return {product_id for product_id in found if product_id}

    def listed(self, store_id: str | None = None, since: date | None = None, to: date | None = None) -> list[Fields]:
        """GET /purchases; both days are included."""
        found = [
            (purchase_id, told)
            for purchase_id, told in self._shown.items()
            if store_id in {None, self._store(told).id}
            and (since is None or _day(told) >= since)
            and (to is None or _day(told) <= to)
        ]
        found.sort(key=lambda pair: (-_day(pair[1]).toordinal(), pair[0]))
        return [self._brief(purchase_id, told) for purchase_id, told in found]

    def one(self, purchase_id: str) -> Fields | None:
        """GET /purchases/{id}."""
        told = self._by_id.get(purchase_id)
        if told is None:
            return None
        lines = [self._line(purchase_id, number, line) for number, line in enumerate(_lines(told), start=1)]
        return {**self._brief(purchase_id, told), "line_items": lines}

    def stats(self, since: date | None, to: date | None) -> Fields:
        """GET /purchases/stats, over what is listed between two days."""
        shown = [self._shown[purchase["id"]] for purchase in self.listed(None, since, to)]
        by_store: defaultdict[str, Decimal] = defaultdict(Decimal)
        by_category: defaultdict[str, Decimal] = defaultdict(Decimal)
        by_period: defaultdict[str, Decimal] = defaultdict(Decimal)
        for told in shown:
            total = _amount(told.data["total"])
            by_store[self._store(told).name] += total
            by_period[f"{_day(told):%Y-%m}"] += total
            for line in _lines(told):
                category = self._catalogue.category(self._catalogue.bought(line)) or line.get("category_raw")
                if category:
                    by_category[category] += _amount(line["extended_price"])
        return {
            "total_spent": cents(sum(by_store.values(), Decimal(0))),
            "purchase_count": len(shown),
            "by_store": _largest_first(by_store),
            "by_category": _largest_first(by_category),
            "by_period": {period: cents(by_period[period]) for period in sorted(by_period)},
        }

    @cached_property
    def _by_id(self) -> dict[str, Told]:
        """A full form beats a short one, whichever came later; between equals the later one holds."""
        ordered = sorted(self._receipts, key=lambda told: (_public_id(told), _is_full(told), told.position))
        return {purchase_id: list(forms)[-1] for purchase_id, forms in groupby(ordered, key=_public_id)}

    @cached_property
    def _shown(self) -> dict[str, Told]:
        """No short form beside the full form of the same receipt."""
        full = {(self._store(told), _number(told)) for told in self._by_id.values() if _is_full(told) and _number(told)}
        return {
            purchase_id: told
            for purchase_id, told in self._by_id.items()
            if _is_full(told) or (self._store(told), _number(told)) not in full
        }

    def _brief(self, purchase_id: str, told: Told) -> Fields:
        store = self._store(told)
        return {
            "id": purchase_id,
            "store_id": store.id,
            "store_name": store.name,
            "purchased_at": day(_day(told)),
            "total": cents(_amount(told.data["total"])),
            "item_count": len(_lines(told)) if _is_full(told) else told.data["item_count"],
        }

    def _line(self, purchase_id: str, number: int, line: Fields) -> Fields:
        return {
            "id": uuid(line.get("id")) or f"{purchase_id}-{number}",
            "product_id": self._catalogue.bought(line),
            "name": line["product_name_raw"],
            "quantity": float(line["quantity"]),
            "unit_price": cents(money(line["unit_price"])),
            "total_price": cents(money(line["extended_price"])),
        }

    def _store(self, told: Told) -> Store:
        return self._shops.meant(str(store_of(told.data)))


def _is_full(told: Told) -> bool:
    return told.data.get("items") is not None


def _lines(told: Told) -> list[Fields]:
    found: list[Fields] = told.data.get("items") or []
    return found


def _day(told: Told) -> date:
    return day_of(told, "purchase_date")


def _amount(value: Any) -> Decimal:
    return Decimal(str(value))


def _public_id(told: Told) -> str:
    """The id sent where it is a UUID, else one of user, store as sent and receipt number, else of the event."""
    data: Payload = told.data
    if is_uuid(data.get("purchase_id")):
        return str(uuid(data["purchase_id"]))
    if number := _number(told):
        return stable_id("purchase", data["user_id"], str(store_of(data)), number)
    return stable_id("purchase", told.id)


def _number(told: Told) -> str:
    """The retailer's number; today's services send it as the purchase's id."""
    sent = told.data.get("purchase_id") or ""
    return told.data.get("receipt_id") or ("" if is_uuid(sent) else sent)


def _largest_first(totals: dict[str, Decimal]) -> Fields:
    return {name: cents(totals[name]) for name in sorted(totals, key=lambda name: (-totals[name], name))}
