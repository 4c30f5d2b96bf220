"""The kit for projection tests: real stores, and every way that events may arrive."""

import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from urllib.parse import urlsplit

import duckdb
import psycopg
import pytest
from psycopg import sql

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


@pytest.fixture(scope="session")
def shared_database(database_url: str) -> Iterator[str]:
    """The URL of a database that these tests use in turn: one for each would take longer than the tests do."""
    name = f"readmodel_test_{secrets.token_hex(6)}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        url = urlsplit(database_url)._replace(path=f"/{name}").geturl()
        postgres.migrate(url)
        yield url
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def shared_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB file in the same way."""
    opened = duck.open_file(tmp_path_factory.mktemp("projections") / "analytics.duckdb", threads=1)
    yield opened
    opened.close()


@pytest.fixture
async def log(
    names: Sequence[str],
    store: StoreName,
    delivery: Delivery,
    shared_database: str,
    shared_file: duckdb.DuckDBPyConnection,
) -> AsyncIterator[Given]:
    """An empty log that the projections called `names`, a fixture of the test's module, follow."""
    plans = [PLANS[name, store] for name in names]
    async with given(*plans, database_url=shared_database, file=shared_file, delivery=delivery) as opened:
        yield opened
