"""The product catalogue, today's and that of a month."""

from collections import defaultdict
from functools import cached_property
from typing import Any

from tests.oracle.reading import Fields, Told, product_of, states
from tests.oracle.wire import last


class Catalogue:
    """All products that are known."""

    def __init__(self, normalized: list[Told], removed: list[Told]) -> None:
        self._normalized = normalized
        self._removed = removed

    @cached_property
    def products(self) -> dict[str, Fields]:
        """The fields of each product of today's catalogue, by id."""
        return states(self._normalized, self._removed, lambda told: str(product_of(told.data)))

    def name(self, product_id: str) -> str | None:
        """What a product is called; None where nobody knows."""
        found: str | None = self.products.get(product_id, {}).get("canonical_name")
        return found

    def category(self, product_id: str | None) -> str | None:
        """Today's category; None where the product or its category is not known."""
        found: str | None = self.products.get(product_id or "", {}).get("category")
        return found

    def by_name(self, category: str | None = None) -> list[str]:
        """The ids of a category's products, or of all, in order of name."""
        ids = [i for i in self.products if category is None or self.category(i) == category]
        return sorted(ids, key=lambda i: (last(self.name(i)), i))

    def bought(self, line: Fields) -> str | None:
        """The product of a receipt's line: the one named, else the first that has its bar code."""
        return product_of(line) or self._by_upc.get(line.get("upc") or "")

    def shown(self, product_id: str) -> Fields:
        """A product as the catalogue shows it."""
        product = self.products[product_id]
        upcs = product.get("upc_variants") or [None]
        plain = {field: product.get(field) for field in ("brand", "category", "image_url")}
        return {"id": product_id, "name": product.get("canonical_name"), "upc": upcs[0], **plain}

    def category_in(self, product_id: str, month: int) -> str | None:
        """The category in a month (counted from the year 0): the newest one sent up to then, else the earliest."""
        sent = self._categories.get(product_id, [])
        until_then = [category for when, category in sent if when <= month]
        return until_then[-1] if until_then else sent[0][1] if sent else None

    def has_had(self, category: str) -> bool:
        """Whether any product was ever in the category."""
        return any(sent == category for events in self._categories.values() for _, sent in events)

    @cached_property
    def _by_upc(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for product_id in sorted(self.products, reverse=True):
            found |= dict.fromkeys(self.products[product_id].get("upc_variants") or (), product_id)
        return found

    @cached_property
    def _categories(self) -> dict[str, list[tuple[int, str | None]]]:
        found: defaultdict[str, list[tuple[int, Any]]] = defaultdict(list)
        for told in sorted(self._normalized, key=lambda told: (told.at, told.position)):
            if "category" in told.data:
                month = 12 * told.at.year + told.at.month - 1
                found[str(product_of(told.data))].append((month, told.data["category"]))
        return found
