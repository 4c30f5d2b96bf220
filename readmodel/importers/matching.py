"""Which articles of different shops are one product: the closure of pairs, by union-find.

A product has at most one article per shop. A pair that would give it a second one, as lists of "similar" articles
do, is left out: two prices of one shop on one day would otherwise pass for a rise.
"""

from collections.abc import Iterable
from typing import TypeAlias

Article: TypeAlias = tuple[str, str]
"""(shop or kind of number, id in it)."""


class Matches:
    """Sets of matching articles. Each set is represented by its smallest article, so that
    which articles a prices file happens to hold can change a product's id."""

    def __init__(self, pairs: Iterable[tuple[Article, ...]] = ()) -> None:
        self._parent: dict[Article, Article] = {}
        self._shops: dict[Article, frozenset[str]] = {}
        for first, *others in pairs:
            for other in others:
                self._unite(first, other)

    def representative(self, article: Article) -> Article:
        """The article that stands for all that match this one; itself where nothing does."""
        parent = self._parent
        while (above := parent.get(article, article)) != article:
            # Halving the path keeps the next look-up short (Tarjan and van Leeuwen, 1984).
            parent[article] = article = parent.get(above, above)
        return article

    def _unite(self, left: Article, right: Article) -> None:
        low, high = sorted((self.representative(left), self.representative(right)))
        shops, others = self._shops_of(low), self._shops_of(high)
        if low != high and shops.isdisjoint(others):
            self._parent[high] = low
            self._shops[low] = shops | others

    def _shops_of(self, representative: Article) -> frozenset[str]:
        return self._shops.get(representative, frozenset({representative[0]}))
