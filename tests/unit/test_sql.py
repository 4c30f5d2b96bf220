"""SQL files in sections."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from readmodel.stores.sql import SqlFile, SqlFileInvalid, for_psycopg, read_sql


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of an importable package, called `sql_of_a_test`."""
    folder = tmp_path / "sql_of_a_test"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    sys.modules.pop(folder.name, None)


def read(package: Path, text: str) -> SqlFile:
    (package / "queries.sql").write_text(text)
    return read_sql(package.name, "queries.sql")


def test_a_file_is_its_sections_in_the_order_written(package: Path) -> None:
    """Each with its comments, without the semicolon that ends it; what stands before the first is a comment."""
    text = """\
-- What this file is for.

-- second_name --
-- Why it is there.
SELECT ';' AS kept;

-- first_name --
SELECT 1
"""

    assert read(package, text) == SqlFile(
        "sql_of_a_test/queries.sql",
        {"second_name": "-- Why it is there.\nSELECT ';' AS kept", "first_name": "SELECT 1"},
    )
    assert [*read(package, text).sections] == ["second_name", "first_name"]


def test_a_file_that_is_not_there_has_no_sections(package: Path) -> None:
    """A projection without queries needs no empty file."""
    assert read_sql(package.name, "schema.sql") == SqlFile("sql_of_a_test/schema.sql", {})


def test_a_header_is_a_line_of_its_own(package: Path) -> None:
    """A comment that only resembles one belongs to its section."""
    text = "-- one --\nSELECT 1 -- two --\n-- not a name --\n  -- three --\n"

    assert read(package, text).sections == {"one": "SELECT 1 -- two --\n-- not a name --\n  -- three --"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SELECT 1;\n-- one --\nSELECT 2", "a statement stands before the first `-- name --` header"),
        ("-- one --\nSELECT 1;\n-- one --\nSELECT 2", "two sections are named 'one'"),
    ],
)
def test_a_statement_is_not_lost(package: Path, text: str, reason: str) -> None:
    """One that no name leads to is a mistake; the error names the file."""
    with pytest.raises(SqlFileInvalid) as caught:
        read(package, text)

    assert str(caught.value) == f"sql_of_a_test/queries.sql: {reason}"


def test_parameters_for_psycopg() -> None:
    """`$name` as DuckDB takes it becomes `%(name)s`, as often as it stands there; a per cent sign stays one."""
    statement = "SELECT $price_pct::numeric, 5 % 3, 'a%' LIKE $q OR $q IS NULL"

    assert for_psycopg(statement) == b"SELECT %(price_pct)s::numeric, 5 %% 3, 'a%%' LIKE %(q)s OR %(q)s IS NULL"
