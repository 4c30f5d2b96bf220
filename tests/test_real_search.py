"""Searching all 163,905 real products: what a shopper wants comes first, however it is typed."""

from collections.abc import AsyncIterator

import pytest

from gateway.routes.products import SEARCHED, ProductSearch, matching
from readmodel.engine.paging import Mark
from readmodel.engine.views import View
from readmodel.stores import duckdb as duck
from readmodel.stores.reading import Row
from tests.real import PRICES, SEARCHES, fold_catalogue, reading

pytestmark = pytest.mark.skipif(not PRICES.exists(), reason="the shared data folder is absent")


@pytest.fixture(scope="module")
def folded(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a database with the catalogue."""
    file = duck.open_file(tmp_path_factory.mktemp("search") / "analytics.duckdb", threads=1)
    fold_catalogue(module_database, file)
    file.close()
    return module_database


@pytest.fixture
async def view(folded: str) -> AsyncIterator[View]:
    """The catalogue as a route sees it."""
    async with reading(folded) as views, views.reading(*SEARCHED) as found:
        yield found


async def names(view: View, q: str, size: int = 5) -> list[str]:
    """The names of what is found first."""
    rows, _ = await matching(view, ProductSearch(q=q, page_size=size))
    return [row["name"] for row in rows]


@pytest.mark.parametrize(("q", "first"), SEARCHES.items(), ids=SEARCHES)
async def test_what_is_wanted_comes_first(view: View, q: str, first: str) -> None:
    """The first name, out of all that there are."""
    assert (await names(view, q))[:1] == [first]


@pytest.mark.parametrize("spelling", ["Müsli", "muesli", "MUSLI", "mu\u0308sli", "MÜSLI"])
async def test_every_spelling_finds_the_same(view: View, spelling: str) -> None:
    """In the same order, and as many."""
    expected = await matching(view, ProductSearch(q="müsli", page_size=100))
    assert expected[1].total == 605
    assert await matching(view, ProductSearch(q=spelling, page_size=100)) == expected


async def test_parts_of_compounds_come_after_the_word(view: View) -> None:
    """Of all that has to do with Golatschen, those first that are named so."""
    rows, _ = await matching(view, ProductSearch(q="golatsche", page_size=100))
    has_word = ["golatsche" in row["name"].lower().replace("-", " ").split() for row in rows]
    assert len(rows) == 18
    assert has_word == sorted(has_word, reverse=True)


async def test_what_has_nothing_to_do_with_it_is_not_found(view: View) -> None:
    """Every product found has every word, and what nobody sells finds nothing."""
    rows, extent = await matching(view, ProductSearch(q="coca cola zero", page_size=100))
    assert extent.total == len(rows) == 87
    assert all(word in row["name"].lower() for row in rows for word in ("coca", "cola", "zero"))
    assert await names(view, "coca cola zero waschmittel") == []
    assert await names(view, "xylophonkonzert") == []


async def test_pages_follow_each_other(view: View) -> None:
    """Three pages are the first sixty in order."""
    whole, extent = await matching(view, ProductSearch(q="butter", page_size=60))
    after: Mark | None = None
    parts: list[Row] = []
    for _ in range(3):
        rows, part = await matching(view, ProductSearch(q="butter", after=after))
        after = part.next_after
        parts += rows
        assert part.total == extent.total == 1_061
    assert parts == whole
