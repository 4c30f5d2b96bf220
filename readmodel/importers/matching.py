"""Which articles of different shops are one product: the closure of pairs, by union-find."""

from collections.abc import Iterable
from typing import TypeAlias

Article: TypeAlias = tuple[str, str]
"""(shop or kind of number, id in it)."""


class Matches:
    """Sets of matching articles. Each set is represented by its smallest article, so that neither the order
    of the pairs nor which articles a prices file happens to hold can change a product's id."""

    def __init__(self, pairs: Iterable[tuple[Article, ...]] = ()) -> None:
        self._parent: dict[Article, Article] = {}
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
        self._parent[high] = low
