"""Tables copied out of the stores, cell by cell what the store has, as of one moment."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import duckdb
import psycopg
import pytest
from hypothesis import given, settings

import projections
from readmodel.engine.builds.scratch import scratch
from readmodel.engine.catalogue import discover
from readmodel.engine.folding.staging import staged
from readmodel.engine.plan import Plan
from readmodel.engine.projection import DUCKDB
from readmodel.events.products import ProductNormalized
from readmodel.stores import copying, csv_rows
from readmodel.stores.copying import Copier, DuckCopier, PostgresCopier
from readmodel.stores.duckdb import DuckStore
from readmodel.stores.postgres import PostgresStore
from readmodel.stores.store import Commit, Quarantined, Store, StoredColumn, TableShape, Version
from readmodel.testing.delivery import Positioned
from readmodel.testing.given import Tables
from readmodel.testing.law import Rows, relations, sorted_rows
from readmodel.testing.strategies import events_of

PLANS = discover(projections)
PRODUCT = "00000000-0000-4000-8000-000000000001"
EVERY_TYPE = Version("every_type", 1)
# Per type, cells as SQL that both stores read alike: NULLs, empty texts, texts that look like them, and extremes.
CELLS = {
    "UUID": [f"'00000000-0000-4000-8000-00000000000{digit}'" for digit in "1234"],
    "VARCHAR": ["NULL", "''", r"'\N'", r"E'a\n\"b\r\n,\t'"],
    "VARCHAR[]": ["NULL", "ARRAY[]::VARCHAR[]", r"ARRAY['', NULL, 'NULL', 'a,\"b\"', '\N']", r"ARRAY[E'\n{}']"],
    "DECIMAL(12,4)": ["NULL", "0", "-99999999.9999", "0.0001"],
    "DOUBLE": ["NULL", "0.1", "1.7976931348623157e308", "5e-324"],
    "BOOLEAN": ["NULL", "FALSE", "TRUE", "TRUE"],
    "DATE": ["NULL", "'0001-01-01'", "'9999-12-31'", "'2024-02-29'"],
    "TIMESTAMP WITH TIME ZONE": [
        "NULL",
        "'1970-01-01 00:00:00+00'",
        "'2024-02-29 23:59:59.999999+00'",
        "'2024-03-01 00:30:00+02'",
    ],
    "BIGINT": ["NULL", "-9223372036854775807", "9223372036854775807", "0"],
}
COLUMNS = tuple(StoredColumn(f"column_{number}", kind, number == 0) for number, kind in enumerate(CELLS))
SHAPE = TableShape("cells", COLUMNS)


@pytest.fixture
def into(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database to copy into."""
    with scratch(tmp_path) as opened:
        yield opened


@pytest.fixture(autouse=True)
def in_small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a few rows, so that there are several."""
    monkeypatch.setattr(copying, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(csv_rows, "BYTES_AT_ONCE", 200)


def copier_of(plan: Plan, tables: Tables) -> Copier:
    """Where the plan's tables are copied from."""
    return DuckCopier(tables.file) if plan.store is DUCKDB else PostgresCopier(tables.database_url)


def copied(plan: Plan, copier: Copier, into: duckdb.DuckDBPyConnection) -> Rows:
    """A plan's tables by way of a copy."""
    with copier.moment() as moment:
        for shape in plan.shapes():
            moment.copy(plan.as_version, shape, into, f"copy_of_{shape.name}")
    return {shape.name: sorted_rows(into.execute(f"FROM copy_of_{shape.name}").fetchall()) for shape in plan.shapes()}


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.key)
def test_a_copy_is_what_the_store_has(plan: Plan, shared_tables: Tables, into: duckdb.DuckDBPyConnection) -> None:
    """Every table of every projection, appended ones as queries see them."""
    folded, copier = shared_tables.emptied(plan), copier_of(plan, shared_tables)

    @settings(max_examples=3, deadline=None)
    @given(events=events_of(plan.events))
    def a_copy_is_what_the_store_has(events: Sequence[Positioned]) -> None:
        folded.empty()
        folded.fold(events)
        assert copied(plan, copier, into) == folded.rows()

    a_copy_is_what_the_store_has()


@pytest.fixture
def of_postgres(shared_database: str) -> Iterator[Copier]:
    """A table in Postgres with the cells."""
    with psycopg.connect(shared_database) as connection:
        connection.execute("CREATE SCHEMA every_type_v1")
        for statement in filled(f"{EVERY_TYPE.schema}.cells", lambda column: column.postgres):
            connection.execute(statement.encode())
    yield PostgresCopier(shared_database)
    with psycopg.connect(shared_database) as connection:
        connection.execute("DROP SCHEMA every_type_v1 CASCADE")


@pytest.fixture
def of_duckdb(shared_file: duckdb.DuckDBPyConnection) -> Iterator[Copier]:
    """The same table in DuckDB."""
    shared_file.execute("CREATE SCHEMA every_type_v1")
    for statement in filled(f"{EVERY_TYPE.schema}.cells", lambda column: column.duckdb):
        shared_file.execute(statement)
    yield DuckCopier(shared_file)
    shared_file.execute("DROP SCHEMA every_type_v1 CASCADE")


def filled(table: str, kind: Callable[[StoredColumn], str]) -> list[str]:
    """Create a table and put the cells into it."""
    columns = ", ".join(f"{column.name} {kind(column)}" for column in SHAPE.columns)
    rows = ", ".join(f"({', '.join(cells)})" for cells in zip(*CELLS.values(), strict=True))
    return [f"CREATE TABLE {table} ({columns})", f"INSERT INTO {table} VALUES {rows}"]


@pytest.mark.parametrize("store", ["of_postgres", "of_duckdb"])
def test_every_type_is_copied_exactly(
    store: str, into: duckdb.DuckDBPyConnection, request: pytest.FixtureRequest
) -> None:
    """NULL and the empty text are two things, lists keep their elements, numbers and instants every digit."""
    copier: Copier = request.getfixturevalue(store)
    for statement in filled("expected", lambda column: column.duckdb):
        into.execute(statement)

    with copier.moment() as moment:
        moment.copy(EVERY_TYPE, SHAPE, into, "found")

    assert rows_of(into, "found") == rows_of(into, "expected")


def rows_of(connection: duckdb.DuckDBPyConnection, table: str) -> list[tuple[object, ...]]:
    """A table in order of its first column."""
    return connection.execute(f"FROM {table} ORDER BY column_0").fetchall()


@pytest.mark.parametrize("name", ["products@postgres", "products@duckdb"])
def test_a_moment_stands_still(name: str, shared_tables: Tables, into: duckdb.DuckDBPyConnection) -> None:
    """What is committed meanwhile is neither held up nor seen: rows, position and quarantine are of one moment."""
    (plan,) = [plan for plan in PLANS if plan.key == name]
    folded, copier = shared_tables.emptied(plan), copier_of(plan, shared_tables)
    version, shape, (stream,) = plan.as_version, plan.shapes()[0], plan.streams

    with copier.moment() as moment:
        before = (moment.cursors(version), moment.left_out(version))
        with closing(store_of(plan, shared_tables)) as store:
            store.commit(a_batch(plan))
        still = (moment.cursors(version), moment.left_out(version))
        moment.copy(version, shape, into, "copied")
    with copier.moment() as later:
        now = (later.cursors(version), later.left_out(version))

    assert before == still == ({stream: 0}, {})
    assert now == ({stream: 9}, {stream: {7}})
    assert (rows_in(into, "copied"), len(folded.rows()[shape.name])) == (0, 1)


def a_batch(plan: Plan) -> Commit:
    """A product that is saved, and an event that could not be taken."""
    sent = {"event_id": "e", "occurred_at": "2024-03-01T00:00:00Z", "event_source": "test"}
    product = ProductNormalized.model_validate(sent | {"product_id": PRODUCT, "canonical_name": "Milk"})
    parts = list(staged(plan.relations, relations(plan, [(9, product)]), plan.store))
    refused = [Quarantined(7, None, "a test", b"{")]
    return Commit(plan.as_version, 1, plan.streams[0], 0, 9, 2, parts, plan.fold, refused)


def store_of(plan: Plan, tables: Tables) -> Store:
    """The writing side."""
    return DuckStore(tables.file) if plan.store is DUCKDB else PostgresStore(tables.database_url)


def rows_in(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    """How many rows a table has."""
    return len(connection.execute(f"FROM {table}").fetchall())
