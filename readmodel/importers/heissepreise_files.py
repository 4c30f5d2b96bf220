"""The CSV files of the heissepreise export: their columns, and what makes a row of them bad."""

import functools
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from readmodel.importers.csv_files import BadRow, UnknownHeader, csv_rows, readable

# In the order of the file, which is also the order in which shops decide about a matched product's name.
STORES: Final = {
    "billa": "Billa",
    "bipa": "Bipa",
    "dm": "dm Österreich",
    "dmDe": "dm Deutschland",
    "hofer": "Hofer",
    "lidl": "Lidl",
    "mpreis": "MPREIS",
    "mueller": "Müller Österreich",
    "muellerDe": "Müller Deutschland",
    "penny": "Penny",
    "spar": "Spar",
    "unimarkt": "Unimarkt",
}
PRICE_COLUMNS: Final = ("store", "product_id", "name", "unit", "quantity", "category", "date", "price")
CATEGORY_COLUMNS: Final = ("code", "group", "category")
# What the event contract allows: below 1,000,000,000, at most 4 decimals; zero is left out separately.
_PRICE: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,4})?")
_DATE: Final = re.compile(r"(19[7-9][0-9]|20[0-9]{2}|2100)-[0-9]{2}-[0-9]{2}")


class PriceRow(NamedTuple):
    """A price valid from `day` on, in euro as the file writes it; `category` is a code or empty."""

    store: str
    product_id: str
    name: str
    unit: str
    quantity: str
    category: str
    day: date
    price: str


def read_prices(path: Path) -> Iterator[PriceRow]:
    """The rows in the file's order. Raises BadRow, UnknownHeader or UnreadableFile."""
    rows = csv_rows(path)
    _expect(path, next(rows)[1], PRICE_COLUMNS)
    for line, row in rows:
        yield _price_row(path, line, row)


def count_rows(path: Path) -> int:
    """How many rows the file has, without looking into them (lines less the header): for progress bars."""
    with readable(path) as file:
        blocks = iter(lambda: file.read(1 << 20), b"")
        return max(0, sum(block.count(b"\n") for block in blocks) - 1)


def read_categories(path: Path) -> dict[str, str]:
    """Code to readable category."""
    rows = csv_rows(path)
    _expect(path, next(rows)[1], CATEGORY_COLUMNS)
    return {code: category for _, (code, _, category) in rows}


def read_matches(path: Path) -> Iterator[tuple[tuple[str, str], ...]]:
    """Per row the (store, product id) of each shop; the columns `<store>_id` say which shops are matched."""
    rows = csv_rows(path)
    header = next(rows)[1]
    columns = [(i, name.removesuffix("_id")) for i, name in enumerate(header) if name.endswith("_id")]
    if len(columns) < 2 or any(store not in STORES for _, store in columns):
        raise UnknownHeader(
            path=path, found=",".join(header), expected="two or more columns <store>_id of known stores"
        )
    for line, row in rows:
        pair = tuple((store, row[i]) for i, store in columns)
        if not all(product_id for _, product_id in pair):
            raise BadRow(path=path, line=line, problem="a product id is missing", value=",".join(row))
        yield pair


def _price_row(path: Path, line: int, row: Sequence[str]) -> PriceRow:
    store, product_id, name, unit, quantity, category, day, price = row
    if store not in STORES:
        raise BadRow(path=path, line=line, problem="unknown store", value=store)
    if not product_id:
        raise BadRow(path=path, line=line, problem="the product id is missing", value=",".join(row))
    if not _PRICE.fullmatch(price) or float(price) <= 0:
        raise BadRow(path=path, line=line, problem="not a price above zero", value=price)
    if (parsed := _parse_date(day)) is None:
        raise BadRow(path=path, line=line, problem="not a date (YYYY-MM-DD, 1970 to 2100)", value=day)
    return PriceRow(store, product_id, name, unit, quantity, category, parsed, price)


# 350,000 rows share some 2,500 days.
@functools.lru_cache(maxsize=4096)
def _parse_date(text: str) -> date | None:
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _expect(path: Path, found: Sequence[str], expected: Sequence[str]) -> None:
    if tuple(found) != tuple(expected):
        raise UnknownHeader(path=path, found=",".join(found), expected=",".join(expected))
