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
from readmodel.testing.delivery import DELIVERIES, Delivery
from readmodel.testing.given import Given, Tables

PLANS = {(plan.name, plan.store): plan for plan in discover(projections)}


@pytest.fixture
def store() -> StoreName:
    """The store to test in; a module says when it is another."""
    return POSTGRES


@pytest.fixture(params=DELIVERIES, ids=str)
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
        # What a test leaves behind is gone with it, so no commit waits for the disk.
        connection.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(sql.Identifier(name)))
        postgres.migrate(url)
        yield url
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def shared_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB file in the same way."""
    opened = duck.open_file(tmp_path_factory.mktemp("projections") / "analytics.duckdb", threads=1)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def shared_tables(shared_database: str, shared_file: duckdb.DuckDBPyConnection) -> Iterator[Tables]:
    """The projections' tables in both, made once and emptied for each test."""
    tables = Tables(shared_database, shared_file)
    yield tables
    tables.close()


@pytest.fixture
async def log(
    names: Sequence[str], store: StoreName, delivery: Delivery, shared_tables: Tables
) -> AsyncIterator[Given]:
    """An empty log that the projections called `names`, a fixture of the test's module, follow."""
    async with shared_tables.given(*(PLANS[name, store] for name in names), delivery=delivery) as opened:
        yield opened
