"""What differs between two tables of the same shape, found by DuckDB, which spills to disk what does not fit."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import duckdb

from readmodel.stores.store import StoredColumn

EXAMPLES = 10
"""Rows of each kind that are shown."""
TOLERANCE = 1e-9
"""How far apart two DOUBLEs may be, relative to the larger."""

Kind = Literal["removed", "added", "changed"]
Json = Any
"""A value as JSON has it; what JSON has no type for is text."""
_KINDS: dict[Kind, str] = {
    "removed": "in_left AND NOT in_right",
    "added": "in_right AND NOT in_left",
    "changed": "in_left AND in_right",
}


@dataclass(frozen=True, slots=True)
class Example:
    """One row that differs: its key, and the columns that do, left and right. Of a row that is missing all are None."""

    kind: Kind
    key: dict[str, Json]
    columns: dict[str, tuple[Json, Json]]

    def as_json(self) -> dict[str, Json]:
        """As an answer shows it."""
        columns = {name: {"left": left, "right": right} for name, (left, right) in self.columns.items()}
        return {"kind": self.kind, "key": self.key, "columns": columns}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Rows on both sides, those that are only left (`removed`), only right (`added`) or on both and `changed`."""

    left: int
    right: int
    removed: int
    added: int
    changed: int
    changed_columns: dict[str, int] = field(default_factory=dict)
    examples: list[Example] = field(default_factory=list)

    @property
    def differing(self) -> int:
        """How many rows are not the same on both sides."""
        return self.removed + self.added + self.changed

    def as_json(self) -> dict[str, Json]:
        """As an answer shows it."""
        counts = {name: getattr(self, name) for name in ("left", "right", "removed", "added", "changed")}
        examples = [example.as_json() for example in self.examples]
        return counts | {"changed_columns": self.changed_columns, "examples": examples}


def compare(
    connection: duckdb.DuckDBPyConnection,
    left: str,
    right: str,
    columns: Sequence[StoredColumn],
    examples: int = EXAMPLES,
) -> Comparison:
    """Compare two tables or views by key, with up to so many examples of each kind, in order of key.

    DOUBLEs may differ by TOLERANCE, everything else must be equal, NULLs are. The connection is left as it was.
    """
    connection.execute(f"CREATE OR REPLACE TEMPORARY TABLE differing AS {_differing(left, right, columns)}")
    try:
        others = [column for column in columns if not column.in_key]
        counts = {kind: _count(connection, f"FROM differing WHERE {of_kind}") for kind, of_kind in _KINDS.items()}
        return Comparison(
            _count(connection, f"FROM {left}"),
            _count(connection, f"FROM {right}"),
            **counts,
            changed_columns=_changed_columns(connection, others) if counts["changed"] else {},
            examples=[example for kind in _KINDS for example in _examples(connection, kind, columns, examples)],
        )
    finally:
        connection.execute("DROP TABLE differing")


def _differing(left: str, right: str, columns: Sequence[StoredColumn]) -> str:
    """The rows that are not the same on both sides: `left_...`, `right_...`, and whether each side has it."""
    on = " AND ".join(f"l.{c.name} IS NOT DISTINCT FROM r.{c.name}" for c in columns if c.in_key)
    differs = " OR ".join(
        ["NOT coalesce(in_left AND in_right, FALSE)", *(_differs(c) for c in columns if not c.in_key)]
    )
    sides = ", ".join(f"l.{c.name} AS left_{c.name}, r.{c.name} AS right_{c.name}" for c in columns)
    return f"""SELECT * FROM (
  SELECT {sides}, coalesce(in_left, FALSE) AS in_left, coalesce(in_right, FALSE) AS in_right
  FROM (SELECT *, TRUE AS in_left FROM {left}) AS l
  FULL JOIN (SELECT *, TRUE AS in_right FROM {right}) AS r ON {on}
) AS paired
WHERE {differs}"""


def _differs(column: StoredColumn) -> str:
    left, right = f"left_{column.name}", f"right_{column.name}"
    differs = f"{left} IS DISTINCT FROM {right}"
    if column.duckdb != "DOUBLE":
        return differs
    apart = f"abs({left} - {right}) > {TOLERANCE} * greatest(abs({left}), abs({right}))"
    return f"({differs} AND coalesce(NOT (isfinite({left}) AND isfinite({right})) OR {apart}, TRUE))"


def _count(connection: duckdb.DuckDBPyConnection, what: str) -> int:
    row = connection.execute(f"SELECT count(*) {what}").fetchone()
    assert row
    return int(row[0])


def _changed_columns(connection: duckdb.DuckDBPyConnection, columns: Sequence[StoredColumn]) -> dict[str, int]:
    counts = ", ".join(f"count(*) FILTER (WHERE {_differs(column)})" for column in columns)
    row = connection.execute(f"SELECT {counts} FROM differing WHERE {_KINDS['changed']}").fetchone()
    assert row
    return {column.name: count for column, count in zip(columns, row, strict=True) if count}


def _examples(
    connection: duckdb.DuckDBPyConnection, kind: Kind, columns: Sequence[StoredColumn], count: int
) -> list[Example]:
    key = [column for column in columns if column.in_key]
    others = [column for column in columns if not column.in_key]
    keys = ", ".join(f"coalesce(left_{c.name}, right_{c.name}) AS {c.name}" for c in key)
    pairs = "".join(f", left_{c.name}, right_{c.name}, {_differs(c)}" for c in others)
    order = ", ".join(c.name for c in key)
    query = f"SELECT {keys}{pairs} FROM differing WHERE {_KINDS[kind]} ORDER BY {order} LIMIT {int(count)}"
    return [_example(kind, key, others, row) for row in connection.execute(query).fetchall()]


def _example(kind: Kind, key: Sequence[StoredColumn], others: Sequence[StoredColumn], row: tuple[Any, ...]) -> Example:
    names = dict(zip((column.name for column in key), map(as_json, row), strict=False))
    values = row[len(key) :]
    pairs = zip(others, values[::3], values[1::3], values[2::3], strict=True)
    return Example(
        kind, names, {c.name: (as_json(left), as_json(right)) for c, left, right, differs in pairs if differs}
    )


def as_json(value: Any) -> Json:
    """A value of a table as JSON has it: exact, decimals and ids as text, instants in UTC."""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    return value
