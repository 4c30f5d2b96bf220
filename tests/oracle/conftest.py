from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

import projections
from readmodel.engine.catalogue import discover
from readmodel.engine.plan import Plan
from readmodel.stores import duckdb as duck
from readmodel.stores import postgres
from tests.oracle.following import Followers


@pytest.fixture(scope="session")
def plans() -> tuple[Plan, ...]:
    return discover(projections)


@pytest.fixture
def duckdb_file(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    file = duck.open_file(tmp_path / "analytics.duckdb", threads=1)
    yield file
    file.close()


@pytest.fixture
def followers(plans: tuple[Plan, ...], database: str, duckdb_file: duckdb.DuckDBPyConnection) -> Iterator[Followers]:
    """All projections, empty."""
    postgres.migrate(database)
    made = Followers(plans, database, duckdb_file)
    yield made
    made.close()
