"""What became dearer or smaller, for whom."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from readmodel.events.ids import stable_id
from tests.oracle.catalogue import Catalogue
from tests.oracle.prices import Window
from tests.oracle.purchases import Purchases
from tests.oracle.reading import Fields, Payload, Told, day_of, money, product_of, states, uuid
from tests.oracle.wire import cents, day, hundredths, instant

SETTINGS = {"price_increase_threshold_pct": 5.0, "shrinkflation_enabled": True, "email_notifications": False}
_NUMBER = re.compile(r"[0-9]+([.][0-9]+)?")
RISE, SHRUNK = "price_increase", "shrinkflation"


@dataclass(frozen=True, slots=True)
class Sentence:
    """Any text that says all of this, and more."""

    facts: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and bool(other) and all(fact in other for fact in self.facts)

    def __hash__(self) -> int:
        return hash(self.facts)


class Alerts:
    """All that was found, whoever it concerns."""

    def __init__(self, rises: list[Told], shrunk: list[Told], catalogue: Catalogue) -> None:
        self._told = {RISE: _newest_by_id(rises), SHRUNK: _newest_by_id(shrunk)}
        self._catalogue = catalogue

    def of_user(
        self, bought: Purchases, settings: Fields, read: set[str], unread: bool | None, kind: str | None
    ) -> list[Fields]:
        """GET /alerts: on what the user has bought, as far as the user wants to know, newest first."""
        found = [
            (told, self._shown(alert_id, told, alert_id in read))
            for alert_id, told in [*self._told[RISE].items(), *self._told[SHRUNK].items()]
            if product_of(told.data) in bought.products and _is_wanted(told, settings)
        ]
        found = [(t, a) for t, a in found if unread in {None, not a["read"]} and kind in {None, a["alert_type"]}]
        found.sort(key=lambda pair: str(pair[1]["id"]))
        found.sort(key=lambda pair: pair[0].at, reverse=True)
        return [alert for _, alert in found]

    def packs(self, category: str | None, window: Window) -> list[Fields]:
        """GET /public/shrinkflation: newest first."""
        found = [
            (day_of(told, "detected_date"), self._pack(alert_id, told))
            for alert_id, told in sorted(self._told[SHRUNK].items())
            if category is None or self._catalogue.category(product_of(told.data)) == category
        ]
        found = [(when, pack) for when, pack in found if when in window]
        return [pack for _, pack in sorted(found, key=lambda pair: pair[0], reverse=True)]

    def _shown(self, alert_id: str, told: Told, read: bool) -> Fields:
        return {
            "id": alert_id,
            "alert_type": _kind(told),
            "product_id": product_of(told.data),
            "product_name": self._name(told),
            "message": self._message(told),
            "triggered_at": instant(told.at),
            "read": read,
        }

    def _message(self, told: Told) -> Sentence:
        name = self._name(told)
        if _kind(told) == SHRUNK:
            facts = [_size(told.data, "old").text, _size(told.data, "new").text]
        else:
            facts = [f"{money(told.data[price]):.2f}" for price in ("old_price", "new_price")]
        return Sentence((*([name] if name else []), *facts))

    def _name(self, told: Told) -> str | None:
        return self._catalogue.name(str(product_of(told.data))) or told.data.get("product_name")

    def _pack(self, alert_id: str, told: Told) -> Fields:
        old, new = _size(told.data, "old"), _size(told.data, "new")
        old_price, new_price = money(told.data.get("price_at_old_size")), money(told.data.get("price_at_new_size"))
        ratio = old.to(new)
        dearer = Fraction(new_price) / Fraction(old_price) / ratio if ratio and old_price and new_price else None
        confidence = told.data.get("confidence")
        return {
            "id": alert_id,
            "product_id": product_of(told.data),
            "product_name": self._name(told),
            "old_size": old.text,
            "new_size": new.text,
            "size_change_pct": hundredths(None if ratio is None else 100 * (ratio - 1)),
            "old_price": cents(old_price),
            "new_price": cents(new_price),
            "unit_price_change_pct": hundredths(None if dearer is None else 100 * (dearer - 1)),
            "detected_at": day(day_of(told, "detected_date")),
            "confidence": None if confidence is None else str(confidence),
        }


@dataclass(frozen=True, slots=True)
class Size:
    """How much is in a pack; the amount as sent, which may be no number."""

    amount: str
    unit: str

    @property
    def text(self) -> str:
        return f"{self.amount} {self.unit}".strip()

    def to(self, other: "Size") -> Fraction | None:
        """The other as a share of this one; None where they cannot be compared."""
        are_numbers = _NUMBER.fullmatch(self.amount) and _NUMBER.fullmatch(other.amount)
        if not are_numbers or self.unit != other.unit or not Fraction(self.amount):
            return None
        return Fraction(other.amount) / Fraction(self.amount)


def settings_of(changed: Iterable[Told], user_id: str) -> Fields:
    """GET /alerts/settings: the defaults for what was not set or was cleared."""
    own = states((told for told in changed if told.data["user_id"] == user_id), key=lambda told: told.data["user_id"])
    found = {field: value for field, value in own.get(user_id, {}).items() if value is not None and field in SETTINGS}
    limit = float(found.get("price_increase_threshold_pct", SETTINGS["price_increase_threshold_pct"]))
    return {**SETTINGS, **found, "price_increase_threshold_pct": limit}


def _newest_by_id(found: list[Told]) -> dict[str, Told]:
    ordered = sorted(found, key=lambda told: told.position)
    return {uuid(told.data.get("id")) or stable_id("alert", told.id): told for told in ordered}


def _kind(told: Told) -> str:
    return told.type.removeprefix("alerts.")


def _is_wanted(told: Told, settings: Fields) -> bool:
    if _kind(told) == SHRUNK:
        return bool(settings["shrinkflation_enabled"])
    rise = _rise(told.data)
    # A rise from nothing has no percentage, and is above every threshold.
    return rise is None or rise >= Decimal(str(settings["price_increase_threshold_pct"]))


def _rise(data: Payload) -> Decimal | None:
    if data.get("change_percent") is not None:
        return Decimal(str(data["change_percent"]))
    old, new = money(data["old_price"]), money(data["new_price"])
    assert new is not None
    return 100 * (new - old) / old if old else None


def _size(data: Payload, which: str) -> Size:
    amount: Any = data[f"{which}_size"]
    unit = data.get(f"{which}_unit")
    parts = str(amount).split(maxsplit=1)
    return Size(parts[0], parts[1]) if unit is None and len(parts) == 2 else Size(str(amount), unit or "")
