"""The demo's three stores and its products, drawn from the assortment; and the pack sizes that shrink."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from itertools import product as combinations
from random import Random
from typing import Final

from readmodel.demo.assortment import CATEGORIES, Category, Item
from readmodel.demo.dice import dice
from readmodel.errors import ReadModelError
from readmodel.events.ids import stable_id


class AssortmentTooSmall(ReadModelError):
    """the demo's assortment has {available} products, not {wanted}"""


@dataclass(frozen=True, slots=True)
class Store:
    """A supermarket; `level` is its price level (1.0 = average), `weekday` when it reprices (Monday is 0)."""

    slug: str
    name: str
    level: float
    weekday: int
    city: str

    @property
    def id(self) -> str:
        """The same in every market."""
        return _store_id(self.slug)


STORES: Final = (
    Store("greenbasket", "Green Basket Market", 1.08, 0, "Maple Ridge"),
    Store("cornermart", "Corner Mart", 1.02, 2, "Elmford"),
    Store("valuefoods", "Value Foods", 0.92, 3, "South Harbor"),
)


@dataclass(frozen=True, slots=True)
class Product:
    """A product as the catalogue knows it at one time. `upcs` are 12 digits each, newest last; `cents` its
    average price at the start."""

    id: str
    name: str
    brand: str
    category: Category
    item: Item
    size: str
    upcs: tuple[str, ...]
    cents: int

    @property
    def by_weight(self) -> bool:
        """Whether the till weighs it."""
        return self.item.unit == "lb"


@cache
def _store_id(slug: str) -> str:
    return stable_id("store", slug)


def upc(brand: int, serial: int) -> str:
    """A UPC-A of 12 digits. It begins with 4, set aside for use inside stores: no real article has one."""
    digits = f"4{brand:05d}{serial:05d}"
    return digits + check_digit(digits)


def check_digit(digits: str) -> str:
    """The last digit of a UPC-A whose first eleven are given (GS1 General Specifications, section 7.9)."""
    weighted = 3 * sum(map(int, digits[0::2])) + sum(map(int, digits[1::2]))
    return str(-weighted % 10)


def make_products(seed: int, wanted: int) -> list[Product]:
    """As many products as wanted, spread evenly over the categories. Raises AssortmentTooSmall."""
    random = dice(seed, "catalogue")
    shelves = [list(_category_products(seed, number, category)) for number, category in enumerate(CATEGORIES)]
    for shelf in shelves:
        random.shuffle(shelf)
    if wanted > (available := len(shelves) * min(map(len, shelves))):
        raise AssortmentTooSmall(available=available, wanted=wanted)
    return [product for row in zip(*shelves, strict=False) for product in row][:wanted]


def _category_products(seed: int, number: int, category: Category) -> Iterator[Product]:
    kinds = [(item, variant) for item in category.items for variant in item.variants]
    for serial, ((item, variant), brand) in enumerate(combinations(kinds, category.brands)):
        code = upc(100 * (number + 1) + category.brands.index(brand), serial)
        identity = stable_id("product", str(seed), code)
        # Brands and variants differ in price by up to a fifth, the same way in every market.
        cents = round(item.cents * dice(code).uniform(0.85, 1.2))
        name = f"{brand} {variant} {item.name}"
        yield Product(identity, name, brand, category, item, item.size, (code,), cents)


def shrunk(product: Product, random: Random) -> Product:
    """The same product in a pack 5 to 15 % smaller, which gets a UPC of its own."""
    size = Decimal(product.size) * Decimal(random.randint(850, 950)) / 1000
    text = f"{size.quantize(Decimal('0.1')):f}".removesuffix(".0")
    code = upc(int(product.upcs[0][1:6]), int(product.upcs[0][6:11]) + 50_000)
    return replace(product, size=text, upcs=(*product.upcs, code))


def can_shrink(product: Product) -> bool:
    """Packs do; what is counted or weighed cannot without everyone seeing it."""
    return product.item.unit == "oz"
