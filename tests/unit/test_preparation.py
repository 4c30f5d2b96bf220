"""What is refused before anything runs."""

import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

import projections
from readmodel.engine.catalogue import discover, plans_of
from readmodel.engine.plan import Plan
from readmodel.engine.preparation import prepare
from readmodel.engine.projection import POSTGRES
from readmodel.stores import duckdb as duck
from readmodel.stores import postgres
from readmodel.stores.duckdb import DuckStore
from readmodel.stores.postgres import PostgresStore
from readmodel.stores.store import QueryBroken, Store

DECLARATION = """
from readmodel.engine.projection import DUCKDB, POSTGRES, Projection, Table
from readmodel.events.prices import PriceUpdated

projection = Projection(
    version=1, stores=({store},), events=(PriceUpdated,), tables=(Table("days", key=("observed_date",)),)
)
"""
DEFINITION = """
-- days --
SELECT observed_date, position FROM prices_updated
"""
QUERIES = """
-- of_day --
-- The column is missing.
SELECT price FROM {mistaken}.days WHERE observed_date = $day
"""


class Home:
    """Both stores, empty."""

    def __init__(self, database: str, folder: Path) -> None:
        postgres.migrate(database)
        self.database = database
        self.file = duck.open_file(folder / "analytics.duckdb", threads=1)

    def store_of(self, plan: Plan) -> Store:
        return PostgresStore(self.database) if plan.store is POSTGRES else DuckStore(self.file)


@pytest.fixture
def home(database: str, tmp_path: Path) -> Iterator[Home]:
    """Where plans are prepared."""
    found = Home(database, tmp_path)
    yield found
    found.file.close()


@pytest.mark.parametrize("store", ["POSTGRES", "DUCKDB"])
def test_a_query_that_does_not_match_its_tables(
    store: str, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names projection and query, and what the store says of it."""
    folder = tmp_path / "mistaken"
    folder.mkdir()
    (folder / "__init__.py").write_text(DECLARATION.format(store=store))
    (folder / "definition.sql").write_text(DEFINITION)
    (folder / "queries.sql").write_text(QUERIES)
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        with pytest.raises(QueryBroken, match=r"The query mistaken.of_day does not run: .*price"):
            prepare(plans_of("mistaken"), home.store_of)
    finally:
        del sys.modules["mistaken"]


def test_preparing_twice_changes_nothing(home: Home) -> None:
    """A second start finds everything there; the first version of each projection is live."""
    plans = discover(projections)
    prepare(plans, home.store_of)
    prepare(plans, home.store_of)
    with psycopg.connect(home.database) as connection:
        in_postgres = connection.execute("SELECT projection, version FROM readmodel.live ORDER BY 1").fetchall()
    in_duckdb = home.file.execute("SELECT projection, version FROM readmodel.live ORDER BY 1").fetchall()
    assert in_postgres == [(plan.name, plan.version) for plan in plans if plan.store is POSTGRES]
    assert in_duckdb == [(plan.name, plan.version) for plan in plans if plan.store is not POSTGRES]
