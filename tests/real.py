"""The real catalogue: 163,905 names of Austrian and German shops, folded as the service folds them."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import dropwhile, takewhile
from pathlib import Path

import duckdb
import psycopg

import projections
from readmodel.engine.catalogue import discover
from readmodel.engine.folding.batch import Batch, batch_of
from readmodel.engine.plan import Plan
from readmodel.engine.projection import POSTGRES
from readmodel.engine.views import Views
from readmodel.events.envelope import Entry
from readmodel.importers.heissepreise import Source, prepare
from readmodel.stores import postgres
from readmodel.stores.reading import PostgresReader
from readmodel.testing.law import Folded

SHARED = Path(__file__).parents[2] / "shared" / "data"
PRICES = SHARED / "heissepreise_prices.csv.gz"
MATCHES = SHARED / "heissepreise_matches_billa_spar.csv"

STREAM = "cartsnitch.products"
BATCH = 4_000

SEARCHES = {
    # umlauts and accents, in every spelling
    "Semmelbrösel": "Semmelbrösel",
    "semmelbroesel": "Semmelbrösel",
    "semmelbrosel": "Semmelbrösel",
    "steirerkraft kuerbiskernoel": "Steirerkraft Kürbiskernöl",
    "loreal elvital shampoo": "L'OREAL Elvital Shampoo",
    "käpt'n iglo fischstäbchen": "Iglo Käpt'n Iglo MSC Fischstäbchen 10 Stück",
    # mistakes: swapped, missing, doubled, wrong, at the first letter, in both words, two in one word
    "Nutlela": "Nutella",
    "almduler": "Almdudler",
    "Topffengolatsche": "Ab. Topfengolatsche",
    "Schlagobars": "ALPENGUT Schlagobers",
    "hwiskas": "Whiskas Frischebeutel",
    "barila spagetti": "Barilla Spaghetti",
    "champinions": "Champignons weiss",
    "philadelfia": "Philadelphia Brotaufstrich",
    # compounds: the word itself before what ends with it, and a compound in two words
    "leberkäse": "Hofstädter Leberkäse",
    "golatsche": "Topfen Golatsche",
    "krainer käse radatz": "Radatz Käsekrainer",
    "schlag obers": "ALPENGUT Schlagobers",
    # brands
    "nivea creme": "NIVEA Creme",
    "dr oetker pizza": "Dr. Oetker Ristorante Pizza",
    "hohes c": "Hohes C",
    "HARIBO GOLDBÄREN": "Haribo Goldbären",
    # bar codes
    "18787810323": "Dr.Bronner's 18-In-1 Naturseife Baby-Mild, 240 ml",
    " 13051331740 ": "Dekorieren & Einrichten Deko-Wirbel Regenbogen, 12 St",
    # several words, in another order, with sizes
    "ja natürlich bio eier": "Ja! Natürlich Bio Eier M",
    "rot zwiebel": "Zwiebel rot",
    "happy day apfelsaft 1 l": "Happy Day Apfelsaft 1l",
    "persil color 875 g": "PERSIL Color 875g",
    # not typed to the end
    "salzburgmilch goud": "SalzburgMilch Gouda",
    "römerqu still": "Römerquelle Still",
    # what very many products have
    "Milch": "Milch",
    "tee": "Nespresso Tee",
}
"""What shoppers type, and the name that they should see first: chosen by reading the names, not by asking."""


def product_batches() -> Iterator[Batch]:
    """The events of all products, decoded, as they come from the stream."""
    events = prepare(Source(PRICES, MATCHES)).events()
    products = takewhile(lambda made: made.stream == STREAM, dropwhile(lambda made: made.stream != STREAM, events))
    entries = [Entry(position << 21, made.to_json()) for position, made in enumerate(products, start=1)]
    for at in range(0, len(entries), BATCH):
        yield batch_of(STREAM, entries[at : at + BATCH])


def search_plans() -> dict[str, Plan]:
    """The projections that a search reads."""
    found = {plan.name: plan for plan in discover(projections) if plan.store is POSTGRES}
    return {name: found[name] for name in ("products", "product_words")}


def fold(plan: Plan, batches: list[Batch], database_url: str, file: duckdb.DuckDBPyConnection) -> None:
    """Fold a projection of products from nothing."""
    folded = Folded(plan, database_url, file)
    folded.empty()
    for batch in batches:
        folded.fold_relations(STREAM, batch.relations)
    folded.close()


def fold_catalogue(database_url: str, file: duckdb.DuckDBPyConnection) -> None:
    """Fold all that a search reads, and tidy up as the server does by itself after a while."""
    postgres.migrate(database_url)
    batches = list(product_batches())
    for plan in search_plans().values():
        fold(plan, batches, database_url, file)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


@asynccontextmanager
async def reading(database_url: str) -> AsyncIterator[Views]:
    """What the gateway asks, with one connection."""
    reader = PostgresReader(database_url, size=1)
    await reader.open()
    try:
        yield Views(list(search_plans().values()), {POSTGRES: reader})
    finally:
        await reader.close()
