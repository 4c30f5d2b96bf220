"""Parts of lists, and how the next part is found although rows come and go.

An offset counts rows, so one that arrives in front pushes another over the edge of the page: it is seen twice, or, when
one leaves, never. So the next part is what stands behind the last row that was seen, by the columns of the query's
`ORDER BY`. Whoever follows these marks sees every row that stays as it is, once.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from readmodel.errors import ReadModelError

_ORDER = re.compile(r"\nORDER BY ([^()]+)\Z")
_TERM = re.compile(r"(\w+)( DESC)?( NULLS LAST)?")
# A datetime is a date, too, and a bool an int: the first that fits.
_CASTS: dict[type, str] = {
    bool: "BOOLEAN",
    int: "BIGINT",
    float: "DOUBLE PRECISION",
    Decimal: "DECIMAL(38, 10)",
    datetime: "TIMESTAMP WITH TIME ZONE",
    date: "DATE",
    UUID: "UUID",
    str: "VARCHAR",
}

Mark = tuple[Any, ...]
"""The values by which a row stands where it does, as the store gave them; None for NULL."""


class OrderUnknown(ReadModelError):
    """A query that is read in parts must end in ORDER BY with names of columns that it selects, each with DESC or
    NULLS LAST at most, but this one ends in: {ending}"""


class MarkInvalid(ReadModelError):
    """There is no such place in this list; begin with its first part."""


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is wanted: so many rows, after a row that was seen or else after so many."""

    limit: int
    offset: int = 0
    after: Mark | None = None


@dataclass(frozen=True, slots=True)
class Extent:
    """How many rows the whole list has, and the mark of this part's last row where more follow."""

    total: int
    next_after: Mark | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """One column of an order. Nulls, where there may be any, stand last."""

    column: str
    descending: bool
    nulls_last: bool

    def follows(self, parameter: str, value: Any) -> str:
        """The condition that a row stands behind a value in this column."""
        if value is None:
            return "FALSE"
        behind = f"{self.column} {'<' if self.descending else '>'} {_cast(parameter, value)}"
        return f"({behind} OR {self.column} IS NULL)" if self.nulls_last else behind

    def equals(self, parameter: str, value: Any) -> str:
        """The condition that a row has the same value."""
        return f"{self.column} IS NULL" if value is None else f"{self.column} = {_cast(parameter, value)}"


def order_of(statement: str) -> tuple[Term, ...]:
    """The terms of the order that a statement ends in; OrderUnknown where that is no list of plain columns."""
    found = _ORDER.search(statement)
    terms = [_TERM.fullmatch(term.strip()) for term in found[1].split(",")] if found else []
    if not terms or not all(terms):
        raise OrderUnknown(ending=statement[-80:])
    return tuple(Term(term[1], bool(term[2]), bool(term[3])) for term in terms if term)


def after_mark(statement: str, mark: Mark) -> tuple[str, dict[str, Any]]:
    """The statement less the rows up to the mark, with the parameters that this adds; MarkInvalid if it cannot be."""
    terms = order_of(statement)
    if len(mark) != len(terms):
        raise MarkInvalid
    placed = [(term, f"after_{nth}", value) for nth, (term, value) in enumerate(zip(terms, mark, strict=True))]
    cases = [
        " AND ".join([*(t.equals(p, v) for t, p, v in placed[:nth]), term.follows(parameter, value)])
        for nth, (term, parameter, value) in enumerate(placed)
    ]
    ordered = _ORDER.search(statement)
    assert ordered
    query = f"SELECT * FROM (\n{statement}\n) AS listed\nWHERE ({') OR ('.join(cases)}){ordered[0]}"
    return query, {parameter: value for _, parameter, value in placed if value is not None}


def mark_of(statement: str, row: Mapping[str, Any]) -> Mark:
    """Where a row of the statement stands; OrderUnknown where the row does not tell."""
    try:
        return tuple(row[term.column] for term in order_of(statement))
    except KeyError:
        raise OrderUnknown(ending=statement[-80:]) from None


def _cast(parameter: str, value: Any) -> str:
    kind = next(kind for kind in _CASTS if isinstance(value, kind))
    return f"CAST(${parameter} AS {_CASTS[kind]})"
