"""What a till prints, as ReceiptWitness reports it."""

from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, Self

from readmodel.demo.announcements import RECEIPTWITNESS, announce, money
from readmodel.demo.catalogue import Product, Store
from readmodel.demo.prices import Listing
from readmodel.events.cloudevent import CloudEvent
from readmodel.events.ids import stable_id

# Some lines are not matched to a product yet, and some receipts arrive in the form today's services send.
_UNMATCHED, _SHORT_FORM = 0.12, 0.03


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a receipt: prices in cents a unit, `thousandths` of a unit bought; `is_matched` says whether
    the line names its product or only its UPC."""

    product: Product
    thousandths: int
    regular: int
    sale: int | None
    is_matched: bool

    @classmethod
    def scanned(cls, listing: Listing, random: Random) -> Self:
        """Some of what the listing offers, at today's price."""
        product = listing.product
        amount = random.randint(400, 2600) if product.by_weight else 1000 * random.choice((1, 1, 1, 1, 2, 3))
        return cls(product, amount, listing.regular, listing.sale, random.random() >= _UNMATCHED)

    @property
    def saved(self) -> int:
        """How much less than at the regular price, in cents."""
        return self.cost(self.regular) - self.cost(self.unit_price)

    def cost(self, unit_price: int) -> int:
        """Of the whole line, in cents, half a cent rounded up."""
        return (unit_price * self.thousandths + 500) // 1000

    @property
    def unit_price(self) -> int:
        """What was paid for a unit, in cents."""
        return self.regular if self.sale is None else self.sale

    def as_item(self, receipt_id: str, number: int) -> dict[str, Any]:
        """The line in the contract's full form."""
        item = {
            "id": stable_id("line", receipt_id, str(number)),
            "product_name_raw": _as_printed(self.product.name),
            "upc": self.product.upcs[-1],
            "quantity": f"{self.thousandths / 1000:g}",
            "unit_price": money(self.unit_price),
            "extended_price": money(self.cost(self.unit_price)),
            "regular_price": money(self.regular),
            "sale_price": None if self.sale is None else money(self.sale),
            "category_raw": self.product.category.name.upper(),
        }
        return item | ({"normalized_product_id": self.product.id} if self.is_matched else {})


def receipt(user_id: str, store: Store, lines: list[Line], at: datetime, random: Random) -> CloudEvent:
    """A purchase, in full or (seldom) in today's short form."""
    identity = stable_id("receipt", user_id, store.slug, at.isoformat())
    number = f"{store.slug[:2].upper()}-{at:%m%d}-{random.randrange(10**6):06d}"
    subtotal = sum(line.cost(line.unit_price) for line in lines)
    tax = round(sum(line.product.category.tax * line.cost(line.unit_price) for line in lines))
    data: dict[str, Any] = {
        "user_id": user_id,
        "store_slug": store.slug,
        "purchase_id": number,
        "purchase_date": at.date().isoformat(),
        "item_count": len(lines),
        "total": money(subtotal + tax),
    }
    if random.random() >= _SHORT_FORM:
        data |= {
            "purchase_id": identity,
            "store_id": store.id,
            "receipt_id": number,
            "subtotal": money(subtotal),
            "tax": money(tax),
            "savings_total": money(sum(line.saved for line in lines)),
            "items": [line.as_item(identity, place) for place, line in enumerate(lines)],
        }
    return announce(RECEIPTWITNESS, "receipts.ingested", at, data, identity)


def _as_printed(name: str) -> str:
    """Shortened as tills do: long words lose their vowels, and the end is cut off. At most 28 characters."""
    words = (w if len(w) < 5 else w[0] + "".join(c for c in w[1:] if c not in "aeiou") for w in name.split())
    return " ".join(words).upper()[:28]
