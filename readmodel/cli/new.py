"""`readmodel new projection NAME`: a projection that works, with its test, to be made into what is wanted."""

import re
from pathlib import Path

import click

from readmodel.errors import ReadModelError

_INIT = '''"""What {name} answers, for whom, and why it lives in this store."""

from readmodel.engine.projection import POSTGRES, Projection, Table
from readmodel.events.prices import PriceUpdated

projection = Projection(
    version=1,
    stores=(POSTGRES,),
    events=(PriceUpdated,),
    tables=(Table("sightings", key=("product_id", "store")),),
)
'''
_DEFINITION = """-- sightings --
-- The facts that events state. The table of this name holds, per key, the newest of them.
SELECT
    product_id,
    store,
    observed_date AS last_seen,
    position
FROM prices_updated
"""
_QUERIES = """-- sightings_of_product --
-- Where a product was seen, and when last.
SELECT store, last_seen
FROM {{{name}}}.sightings
WHERE product_id = $product_id
ORDER BY store
"""
_TEST = '''"""{title}: given events, then rows. That every way of folding gives them, test_fold_law.py shows."""

from collections.abc import Sequence
from datetime import date

import pytest

from readmodel.testing.given import Document, Given, event

PRODUCT = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
def names() -> Sequence[str]:
    return ("{name}",)


def price(day: str, store: str) -> Document:
    data = {{"product_id": PRODUCT, "store_slug": store, "observed_date": day, "regular_price": "1.99"}}
    return event("prices.updated", data)


async def test_the_newest_sighting_is_kept(log: Given) -> None:
    """Of two sightings in one store the later event holds; another store has its own."""
    log.events(price("2024-01-01", "corner"), price("2024-01-02", "corner"), price("2024-01-01", "market"))

    assert await log.answer("sightings_of_product", product_id=PRODUCT) == [
        {{"store": "corner", "last_seen": date(2024, 1, 2)}},
        {{"store": "market", "last_seen": date(2024, 1, 1)}},
    ]
'''


class NameTaken(ReadModelError):
    """{path} exists already; choose another name."""


class NotACheckout(ReadModelError):
    """{path} has no folder `projections`; run this at the top of a checkout."""


@click.group()
def new() -> None:
    """Begin something new."""


@new.command()
@click.argument("name")
def projection(name: str) -> None:
    """Make projections/NAME and its test, ready to run."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{2,40}", name):
        raise click.BadParameter(f"{name!r} is not a name such as price_trends", param_hint="NAME")
    top = Path.cwd()
    if not (top / "projections").is_dir():
        raise NotACheckout(path=top)
    folder, test = top / "projections" / name, top / "tests" / "projections" / f"test_{name}.py"
    for path in (folder, test):
        if path.exists():
            raise NameTaken(path=path)
    folder.mkdir()
    for file, text in (
        (folder / "__init__.py", _INIT),
        (folder / "definition.sql", _DEFINITION),
        (folder / "queries.sql", _QUERIES),
        (test, _TEST),
    ):
        file.write_text(text.format(name=name, title=name.replace("_", " ").capitalize()))
        click.echo(f"made {file.relative_to(top)}")
