"""Comparing two tables: what is counted, and what is shown."""

from collections.abc import Iterator

import duckdb
import pytest

from readmodel.engine.builds.comparison import Comparison, Example, compare
from readmodel.stores.store import StoredColumn

COLUMNS = (
    StoredColumn("id", "BIGINT", in_key=True),
    StoredColumn("store", "VARCHAR", in_key=True),
    StoredColumn("price", "DECIMAL(10,2)", in_key=False),
    StoredColumn("ratio", "DOUBLE", in_key=False),
    StoredColumn("day", "DATE", in_key=False),
    StoredColumn("words", "VARCHAR[]", in_key=False),
)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Two empty tables, `old` and `new`."""
    columns = ", ".join(f"{column.name} {column.duckdb}" for column in COLUMNS)
    with duckdb.connect() as opened:
        for table in ("old", "new"):
            opened.execute(f"CREATE TABLE {table} ({columns})")
        yield opened


def fill(connection: duckdb.DuckDBPyConnection, table: str, *rows: str) -> None:
    """Add rows to a table, each written as SQL."""
    connection.execute(f"INSERT INTO {table} VALUES {', '.join(f'({row})' for row in rows)}")


def test_equal_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """NULLs are equal, and so are doubles that differ less than one part in 10^9; nothing is left behind."""
    fill(connection, "old", "1, '', 1.50, 0.3, NULL, ['a', NULL]", "2, '', NULL, 'nan', NULL, NULL")
    fill(connection, "new", "1, '', 1.50, 0.1 + 0.2 + 1e-12, NULL, ['a', NULL]", "2, '', NULL, 'nan', NULL, NULL")

    assert compare(connection, "old", "new", COLUMNS) == Comparison(2, 2, 0, 0, 0)
    assert connection.execute("SELECT table_name FROM duckdb_tables() ORDER BY ALL").fetchall() == [("new",), ("old",)]


def test_every_difference(connection: duckdb.DuckDBPyConnection) -> None:
    """Rows of one side, and rows that changed, by column, with the values of both sides as JSON has them."""
    fill(
        connection, "old", "1, 'a', 1.50, 1, '2024-03-01', ['x']", "1, 'b', 2, 2, NULL, NULL", "3, 'c', 3, 3, NULL, []"
    )
    fill(
        connection,
        "new",
        "1, 'a', 1.49, 1, '2024-03-02', ['x']",
        "1, 'z', 2, 2, NULL, NULL",
        "3, 'c', 3, 3, NULL, NULL",
    )

    assert compare(connection, "old", "new", COLUMNS) == Comparison(
        left=3,
        right=3,
        removed=1,
        added=1,
        changed=2,
        changed_columns={"price": 1, "day": 1, "words": 1},
        examples=[
            Example("removed", {"id": 1, "store": "b"}, {"price": ("2.00", None), "ratio": (2.0, None)}),
            Example("added", {"id": 1, "store": "z"}, {"price": (None, "2.00"), "ratio": (None, 2.0)}),
            Example(
                "changed",
                {"id": 1, "store": "a"},
                {"price": ("1.50", "1.49"), "day": ("2024-03-01", "2024-03-02")},
            ),
            Example("changed", {"id": 3, "store": "c"}, {"words": ([], None)}),
        ],
    )


@pytest.mark.parametrize(
    ("left", "right", "differs"),
    [
        ("1", "1 + 1e-8", True),
        ("1", "NULL", True),
        ("'inf'", "'-inf'", True),
        ("'inf'", "1", True),
        ("'nan'", "1", True),
        ("'inf'", "'inf'", False),
        ("0", "1e-300", True),
        ("1e15", "1e15 + 1", False),
    ],
)
def test_doubles(connection: duckdb.DuckDBPyConnection, left: str, right: str, differs: bool) -> None:
    """They are compared relative to the larger; what is no number equals only itself."""
    fill(connection, "old", f"1, '', NULL, {left}, NULL, NULL")
    fill(connection, "new", f"1, '', NULL, {right}, NULL, NULL")

    assert compare(connection, "old", "new", COLUMNS).changed == differs


def test_few_examples_of_many(connection: duckdb.DuckDBPyConnection) -> None:
    """All rows count, and only so many of each kind are shown, in order of key."""
    connection.execute("INSERT INTO old SELECT i, 'a', 1, 1, NULL, NULL FROM range(1000) AS r (i)")
    connection.execute("INSERT INTO new SELECT i, 'a', 2, 1, NULL, NULL FROM range(500, 1500) AS r (i)")

    found = compare(connection, "old", "new", COLUMNS, examples=2)

    assert (found.removed, found.added, found.changed, found.differing) == (500, 500, 500, 1500)
    assert [(e.kind, e.key["id"]) for e in found.examples] == [
        ("removed", 0),
        ("removed", 1),
        ("added", 1000),
        ("added", 1001),
        ("changed", 500),
        ("changed", 501),
    ]
