"""What a search of the real catalogue costs, against reading every name in the same run. `make bench`."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from statistics import median

import duckdb
import psycopg
import pytest

from gateway.routes.products import SEARCHED, ProductSearch, matching
from readmodel.engine.folding.batch import Batch
from readmodel.engine.views import View
from readmodel.stores import duckdb as duck
from readmodel.stores import postgres
from readmodel.stores.reading import PostgresReader, Snapshot
from tests.real import PRICES, SEARCHES, fold, fold_catalogue, product_batches, reading, search_plans

ROUNDS = 12
AT_MOST = 20.0
"""Milliseconds, for each search with its total, on a machine that does nothing else."""
PLAIN = """
SELECT product_id, canonical_name, brand, category, image_url, count(*) OVER ()
FROM products_v2.products
WHERE strpos(lower(canonical_name), lower($q)) > 0
ORDER BY canonical_name, product_id
LIMIT 21"""

pytestmark = pytest.mark.skipif(not PRICES.exists(), reason="the shared data folder is absent")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB file, which the kit wants although Postgres alone is searched."""
    opened = duck.open_file(tmp_path_factory.mktemp("search") / "analytics.duckdb", threads=1)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def folded(module_database: str, file: duckdb.DuckDBPyConnection) -> str:
    """The URL of a database with the catalogue."""
    fold_catalogue(module_database, file)
    return module_database


@pytest.fixture
async def view(folded: str) -> AsyncIterator[View]:
    """The catalogue as a route sees it."""
    async with reading(folded) as views, views.reading(*SEARCHED) as found:
        yield found


@pytest.fixture
async def snapshot(folded: str) -> AsyncIterator[Snapshot]:
    """The same database, for plain SQL."""
    reader = PostgresReader(folded, size=1)
    await reader.open()
    async with reader.snapshot() as opened:
        yield opened
    await reader.close()


async def best(work: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds of the fastest of some rounds; more than it takes until the server has a plan that stays."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await work()
        times.append((time.perf_counter() - began) * 1000)
    return min(times)


async def test_searching(view: View, snapshot: Snapshot) -> None:
    """Each search with its total, against a scan that finds no other spelling and ranks nothing."""
    ours: dict[str, float] = {}
    plain: dict[str, float] = {}
    for q in SEARCHES:
        ours[q] = await best(partial(matching, view, ProductSearch(q=q)))
        plain[q] = await best(partial(snapshot.fetch, PLAIN, {"q": q.strip()}))
        print(f"\n{ours[q]:7.1f} ms; plain: {plain[q]:7.1f} ms; ratio {plain[q] / ours[q]:5.1f}  {q}", end="")
    for what, of in (("median", median), ("worst", max)):
        mine, theirs = of(ours.values()), of(plain.values())
        print(f"\nsearch, {what}: {mine:.1f} ms; plain: {theirs:.1f} ms; ratio {theirs / mine:.1f}")
    assert max(ours.values()) < AT_MOST


def test_folding_what_a_search_reads(database: str, file: duckdb.DuckDBPyConnection) -> None:
    """The catalogue with its words, against the same without the indexes that only a search asks."""
    postgres.migrate(database)
    batches = list(product_batches())
    with_words = sum(folding(plan_name, batches, database, file) for plan_name in search_plans())
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("DROP INDEX products_v2.products_by_word")
    without = folding("products", batches, database, file)
    count = sum(batch.relations["products_normalized"].num_rows for batch in batches)
    print(
        f"\nfold of the catalogue: {count / with_words:,.0f} events/s; without search: {count / without:,.0f}/s;"
        f" ratio {without / with_words:.2f}"
    )


def folding(name: str, batches: list[Batch], database: str, file: duckdb.DuckDBPyConnection) -> float:
    """Seconds that a projection takes from nothing."""
    began = time.perf_counter()
    fold(search_plans()[name], batches, database, file)
    return time.perf_counter() - began
