"""The kit for projection tests: real stores, and every way that events may arrive."""

from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import duckdb
import pytest

import projections
from readmodel.engine.catalogue import discover
from readmodel.engine.projection import POSTGRES, StoreName
from readmodel.stores import duckdb as duck
from readmodel.stores import postgres
from readmodel.testing.given import Delivery, Given, given

PLANS = {(plan.name, plan.store): plan for plan in discover(projections)}


@pytest.fixture
def store() -> StoreName:
    """The store to test in; a module says when it is another."""
    return POSTGRES


@pytest.fixture(params=Delivery, ids=lambda delivery: delivery.name.lower())
def delivery(request: pytest.FixtureRequest) -> Delivery:
    """However events arrive, the answers are the same, so every test runs with every way."""
    found: Delivery = request.param
    return found


@pytest.fixture
def file(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB file of the test's own."""
    opened = duck.open_file(tmp_path / "analytics.duckdb", threads=1)
    yield opened
    opened.close()


@pytest.fixture
async def log(
    names: Sequence[str], store: StoreName, delivery: Delivery, database: str, file: duckdb.DuckDBPyConnection
) -> AsyncIterator[Given]:
    """An empty log that the projections called `names`, a fixture of the test's module, follow."""
    postgres.migrate(database)
    plans = [PLANS[name, store] for name in names]
    async with given(*plans, database_url=database, file=file, delivery=delivery) as opened:
        yield opened
