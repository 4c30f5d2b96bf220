"""The stores, and what a store as sent means."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.oracle.reading import Fields, Told, own_id, states, uuid

_ADDRESS = ("address", "city", "state", "zip")


@dataclass(frozen=True, slots=True)
class Store:
    """A store as it is known; while it is not, all three are what it was called."""

    id: str
    name: str
    slug: str
    logo_url: str | None = None
    supported: bool = False


class Shops:
    """All stores that are known."""

    def __init__(self, updated: list[Told], located: list[Told]) -> None:
        self._updated = updated
        self._located = located

    def meant(self, sent: str) -> Store:
        """The store that an id or slug means now."""
        if sent in self._known:
            return self._known[sent]
        has = [store for store in self._known.values() if store.slug == sent]
        # A slug that nobody has any more still means the store that had it last.
        said = [told for told in self._updated if told.data["slug"] == sent]
        said = [told for told in said if not has or own_id(told) in {store.id for store in has}]
        if not said:
            return Store(sent, sent, sent)
        return self._known[own_id(max(said, key=lambda told: told.position))]

    def listed(self) -> list[Fields]:
        """GET /stores."""
        stores = sorted(self._known.values(), key=lambda store: (store.name, store.id))
        return [{**brief(store), "locations": self._locations(store.id)} for store in stores]

    @cached_property
    def _known(self) -> dict[str, Store]:
        found = states(self._updated)
        return {i: Store(i, s["name"], s["slug"], s.get("logo_url"), supported=True) for i, s in found.items()}

    def _locations(self, store_id: str) -> list[Fields]:
        found = states(self._located)
        here = [(i, place) for i, place in found.items() if uuid(place["store_id"]) == store_id]
        here.sort(key=lambda found: (found[1]["city"], found[0]))
        return [{"id": i, **{field: place[field] for field in _ADDRESS}, **_where(place)} for i, place in here]


def brief(store: Store) -> Fields:
    """A store without its branches."""
    return {
        "id": store.id,
        "name": store.name,
        "slug": store.slug,
        "logo_url": store.logo_url,
        "supported": store.supported,
    }


def _where(place: Fields) -> Fields:
    def degrees(value: Any) -> float | None:
        return None if value is None else float(value)

    return {"lat": degrees(place.get("lat")), "lng": degrees(place.get("lng"))}
