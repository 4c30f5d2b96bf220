"""What is worth looking at in a market's history: the names the demo prints for its reader."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from readmodel.errors import ReadModelError
from readmodel.events.cloudevent import CloudEvent

DEFAULT_THRESHOLD = 5


class NothingToShow(ReadModelError):
    """the events hold no {what}; try a longer history or more users"""


@dataclass(frozen=True, slots=True)
class Highlights:
    """A user with alerts, the newest price rise among them, and the category with the most rises.

    The rise is of a product that is still sold, and in a store that is named.
    """

    user_id: str
    email: str
    alerts: int
    product_id: str
    product_name: str
    store_slug: str
    old_price: str
    new_price: str
    category: str


@dataclass(slots=True)
class _Seen:
    products: dict[str, dict[str, Any]] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)
    thresholds: dict[str, float] = field(default_factory=dict)
    bought: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    rises: list[dict[str, Any]] = field(default_factory=list)

    def take(self, event: CloudEvent) -> None:
        match event.type.removeprefix("cartsnitch."), event.data:
            case "products.normalized", {"normalized_product_id": product_id}:
                self.products[product_id] = event.data
            case "products.removed", {"normalized_product_id": product_id}:
                del self.products[product_id]
            case "users.registered", {"user_id": user_id, "email": email}:
                self.users[user_id] = email
            case "users.erased", {"user_id": user_id}:
                del self.users[user_id]
            case "users.alert_settings_changed", {"user_id": user_id, "price_increase_threshold_pct": limit}:
                self.thresholds[user_id] = limit
            case "receipts.ingested", {"user_id": user_id, "items": items}:
                self.bought[user_id].update(filter(None, (i.get("normalized_product_id") for i in items)))
            case "alerts.price_increase", {"store_slug": _}:
                self.rises.append(event.data)

    def alerts_of(self, user_id: str) -> list[dict[str, Any]]:
        """The rises of what the user has bought, at least as large as the user wants to hear of, in order."""
        limit, bought = self.thresholds.get(user_id, DEFAULT_THRESHOLD), self.bought[user_id]
        here = bought.intersection(self.products)
        return [r for r in self.rises if r["product_id"] in here and r["change_percent"] >= limit]


def find_highlights(history: Iterable[CloudEvent]) -> Highlights:
    """Reads a history once. Raises NothingToShow where no user has an alert about a price rise."""
    seen = _Seen()
    for event in history:
        seen.take(event)
    alerts = {user_id: seen.alerts_of(user_id) for user_id in seen.users}
    user_id = max(alerts, key=lambda user_id: len(alerts[user_id]), default="")
    if not alerts.get(user_id):
        raise NothingToShow(what="user with an alert")
    newest = alerts[user_id][-1]
    known = (seen.products[rise["product_id"]] for rise in seen.rises if rise["product_id"] in seen.products)
    categories = Counter(product["category"] for product in known)
    return Highlights(
        user_id=user_id,
        email=seen.users[user_id],
        alerts=len(alerts[user_id]),
        product_id=newest["product_id"],
        product_name=seen.products[newest["product_id"]]["canonical_name"],
        store_slug=newest["store_slug"],
        old_price=newest["old_price"],
        new_price=newest["new_price"],
        category=categories.most_common(1)[0][0],
    )
