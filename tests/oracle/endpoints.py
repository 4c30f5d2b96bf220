"""Every question that the API answers, and what the answer is in a world."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tests.oracle.inflation import Inflation
from tests.oracle.people import email_in_address, lists_of, my_stores, sync_states
from tests.oracle.prices import Window
from tests.oracle.reading import Fields, uuid
from tests.oracle.world import World

Asked = Mapping[str, str]
"""The parameters of a question, those in its path included."""


@dataclass(frozen=True, slots=True)
class Part:
    """An answer whose list `rows` is paged; `around` puts a part of the list into the whole body."""

    rows: list[Fields]
    around: Callable[[list[Fields]], Any] = list


def answer(world: World, path: str, user: str, asked: Asked) -> Any:
    """The body of GET `/api/v1` + `path`, a `Part` where it is a paged list, None where it is 404."""
    for template, answers in ENDPOINTS.items():
        if found := re.fullmatch(template.replace("{id}", "(?P<id>[^/]+)"), path):
            return answers(world, user, {**asked, **found.groupdict()})
    raise AssertionError(f"the oracle does not know {path}")


def _day(asked: Asked, name: str) -> date | None:
    return date.fromisoformat(asked[name]) if name in asked else None


def _window(world: World, asked: Asked, days: int | None = None) -> Window:
    return Window.of(int(asked["days"]) if "days" in asked else days, _day(asked, "until"), world.today)


def _stores(world: World, user: str, asked: Asked) -> Any:
    return Part(world.shops.listed())


def _my_stores(world: World, user: str, asked: Asked) -> Any:
    return Part(my_stores(world.accounts(user)))


def _sync_states(world: World, user: str, asked: Asked) -> Any:
    return Part(sync_states(world.accounts(user)))


def _email(world: World, user: str, asked: Asked) -> Any:
    return email_in_address(world.of("users.registered", user=user))


def _purchases(world: World, user: str, asked: Asked) -> Any:
    return Part(world.purchases(user).listed(asked.get("store_id"), _day(asked, "from"), _day(asked, "to")))


def _purchase(world: World, user: str, asked: Asked) -> Any:
    return world.purchases(user).one(asked["id"])


def _stats(world: World, user: str, asked: Asked) -> Any:
    return world.purchases(user).stats(_day(asked, "from"), _day(asked, "to"))


def _products(world: World, user: str, asked: Asked) -> Any:
    return Part([world.catalogue.shown(i) for i in world.catalogue.by_name(asked.get("category"))])


def _product(world: World, user: str, asked: Asked) -> Any:
    if (product_id := asked["id"]) not in world.catalogue.products:
        return None
    return {**world.catalogue.shown(product_id), "prices_by_store": world.prices.current(product_id)}


def _history(world: World, user: str, asked: Asked) -> Any:
    if asked["id"] not in world.catalogue.products:
        return None
    return world.prices.history(asked["id"], _window(world, asked), asked.get("store_id"))


def _public_history(world: World, user: str, asked: Asked) -> Any:
    if asked["id"] not in world.catalogue.products:
        return None
    return world.prices.history(asked["id"], _window(world, asked, days=90))


def _trends(world: World, user: str, asked: Asked) -> Any:
    return Part(world.prices.trends(asked.get("category"), _window(world, asked)))


def _increases(world: World, user: str, asked: Asked) -> Any:
    least = Decimal(asked.get("min_pct", "0"))
    return Part(world.prices.increases(_window(world, asked), least, asked.get("category")))


def _comparison(world: World, user: str, asked: Asked) -> Any:
    return world.prices.compared(asked["product_ids"].split(","))


def _store_comparison(world: World, user: str, asked: Asked) -> Any:
    category = asked.get("category")
    if "product_ids" in asked:
        ids = [i for i in asked["product_ids"].split(",") if category in {None, world.catalogue.category(i)}]
        products = world.prices.compared(ids)
        return {"products": products, "stores": world.prices.baskets(product["product_id"] for product in products)}
    ids = world.catalogue.by_name(category)
    baskets = world.prices.baskets(ids)
    return Part(world.prices.compared(ids), lambda rows: {"products": rows, "stores": baskets})


def _coupons(world: World, user: str, asked: Asked) -> Any:
    return Part(world.coupons.active(asked.get("store_id")))


def _relevant_coupons(world: World, user: str, asked: Asked) -> Any:
    return Part(world.coupons.relevant(world.purchases(user)))


def _lists(world: World, user: str, asked: Asked) -> Any:
    return Part(lists_of(world.of("shopping_lists.saved", "shopping_lists.removed", user=user)))


def _alerts(world: World, user: str, asked: Asked) -> Any:
    read = {str(uuid(told.data["alert_id"])) for told in world.of("users.alert_read", user=user)}
    unread = {"true": True, "false": False, None: None}[asked.get("unread")]
    bought, settings = world.purchases(user), world.settings(user)
    return Part(world.alerts.of_user(bought, settings, read, unread, asked.get("type")))


def _settings(world: World, user: str, asked: Asked) -> Any:
    return world.settings(user)


def _shrinkflation(world: World, user: str, asked: Asked) -> Any:
    return Part(world.alerts.packs(asked.get("category"), _window(world, asked, days=365)))


def _inflation(world: World, user: str, asked: Asked) -> Any:
    until = _day(asked, "until") or world.today
    index = Inflation(world.prices, world.catalogue, world.of("indices.published"), until)
    return index.answer(asked.get("period", "1y"), asked.get("series", "CUUR0000SAF11"), asked.get("category"))


ENDPOINTS: dict[str, Callable[[World, str, Asked], Any]] = {
    "/stores": _stores,
    "/me/stores": _my_stores,
    "/me/email-in-address": _email,
    "/scraping/status": _sync_states,
    "/purchases": _purchases,
    "/purchases/stats": _stats,
    "/purchases/{id}": _purchase,
    "/products": _products,
    "/products/{id}": _product,
    "/products/{id}/prices": _history,
    "/prices/trends": _trends,
    "/prices/increases": _increases,
    "/prices/comparison": _comparison,
    "/coupons": _coupons,
    "/coupons/relevant": _relevant_coupons,
    "/shopping/lists": _lists,
    "/alerts": _alerts,
    "/alerts/settings": _settings,
    "/public/trends/{id}": _public_history,
    "/public/store-comparison": _store_comparison,
    "/public/inflation": _inflation,
    "/public/shrinkflation": _shrinkflation,
}
"""What answers GET on each path, written without `/api/v1`."""
