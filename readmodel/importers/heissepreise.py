"""Import of the heissepreise price history: a CSV of price changes becomes events of the public contract.

The prices file is read twice: first whole, to check every row and to learn the products (only those stay in
memory), then again, row by row, for the prices. A file with a bad row therefore publishes nothing.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from readmodel.events.cloudevent import CloudEvent
from readmodel.events.ids import stable_id
from readmodel.importers.heissepreise_files import (
    STORES,
    PriceRow,
    read_categories,
    read_matches,
    read_prices,
)
from readmodel.importers.matching import Article, Matches

SOURCE: Final = "receiptwitness"
# In these shops the product id is the article's EAN, so that one id in both is one product.
EAN_STORES: Final = frozenset({"dm", "dmDe"})
# The source's history begins here. Stores have no date of their own; a repeated import must send the same.
FIRST_DAY: Final = datetime(2017, 4, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Source:
    """The files of one import; plain or gzipped CSV. Without `matches` only shared EANs match products,
    without `categories` a product's category is the source's two-character code."""

    prices: Path
    matches: Path | None = None
    categories: Path | None = None


@dataclass(slots=True)
class Product:
    """What the rows of one product say, over all shops that have it; the first shop with a value decides."""

    first_day: date
    name: str = ""
    category: str = ""
    size: str = ""
    unit: str = ""
    ean: str = ""

    def learn(self, row: PriceRow) -> None:
        """Rows come in the file's order, which is the order of the shops."""
        self.first_day = min(self.first_day, row.day)
        self.name = self.name or row.name
        self.category = self.category or row.category
        if not self.size and row.quantity:
            self.size, self.unit = row.quantity, row.unit
        if row.store in EAN_STORES:
            self.ean = row.product_id


def store_key(slug: str) -> UUID:
    """The id of a shop."""
    return UUID(stable_id("store", slug))


def product_key(store: str, product_id: str, matches: Matches) -> UUID:
    """The normalized_product_id that rows of this shop and product id get, whatever else the file holds."""
    return UUID(_article_id(*matches.representative(article(store, product_id))))


def article(store: str, product_id: str) -> Article:
    """Names an article: by its EAN where the shop's id is one, else by shop and id."""
    return ("ean", product_id) if store in EAN_STORES else (store, product_id)


def load_matches(path: Path | None) -> Matches:
    """The matches of a file of pairs; of nothing, where there is none."""
    pairs = read_matches(path) if path else ()
    return Matches(tuple(article(*side) for side in pair) for pair in pairs)


@dataclass(frozen=True, slots=True)
class Import:
    """A checked file, ready to be turned into events. Made by `prepare`."""

    source: Source
    matches: Matches
    products: dict[Article, Product]
    categories: dict[str, str]
    rows: int

    @property
    def total(self) -> int:
        """How many events there will be, for a progress bar."""
        return len(STORES) + len(self.products) + self.rows

    def events(self) -> Iterator[CloudEvent]:
        """Stores, then products, then one price per row in the file's order; the same ids every time."""
        for slug, name in STORES.items():
            yield _store_updated(slug, name)
        for key, product in self.products.items():
            yield self._product_normalized(key, product)
        for row in read_prices(self.source.prices):
            yield self._price_updated(row)

    def _product_normalized(self, key: Article, product: Product) -> CloudEvent:
        data = {
            "normalized_product_id": _article_id(*key),
            "canonical_name": product.name,
            "category": self.categories.get(product.category, product.category) or None,
            "size": product.size or None,
            "size_unit": product.unit or None,
            "upc_variants": [product.ean] if product.ean else [],
        }
        return _event("cartsnitch.products.normalized", _midnight(product.first_day), data)

    def _price_updated(self, row: PriceRow) -> CloudEvent:
        key = self.matches.representative(article(row.store, row.product_id))
        data = {
            "normalized_product_id": _article_id(*key),
            "store_id": _store_id(row.store),
            "store_slug": row.store,
            "observed_date": row.day.isoformat(),
            "regular_price": row.price,
            "source": "catalog",
        }
        return _event("cartsnitch.prices.updated", _midnight(row.day), data, row.product_id)


def prepare(source: Source) -> Import:
    """Reads and checks all files; raises BadRow, UnknownHeader or UnreadableFile at the first fault."""
    matches = load_matches(source.matches)
    categories = read_categories(source.categories) if source.categories else {}
    products: dict[Article, Product] = {}
    rows = 0
    for row in read_prices(source.prices):
        key = matches.representative(article(row.store, row.product_id))
        products.setdefault(key, Product(row.day)).learn(row)
        rows += 1
    return Import(source, matches, products, categories, rows)


def _store_updated(slug: str, name: str) -> CloudEvent:
    data = {"id": _store_id(slug), "name": name, "slug": slug}
    return _event("cartsnitch.stores.updated", FIRST_DAY, data)


def _event(type_: str, time: datetime, data: dict[str, Any], *origin: str) -> CloudEvent:
    # The whole content makes the id: a repeated import is recognised, a corrected price is a new event.
    content = [value if isinstance(value, str) else repr(value) for value in data.values()]
    return CloudEvent(type=type_, source=SOURCE, time=time, data=data, id=stable_id(type_, *origin, *content))


@functools.cache
def _store_id(slug: str) -> str:
    return str(store_key(slug))


# The rows of a product stand together, so that few ids need to be kept.
@functools.lru_cache(maxsize=1024)
def _article_id(store: str, product_id: str) -> str:
    return stable_id("heissepreise", store, product_id)


@functools.lru_cache(maxsize=4096)
def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
