"""Which row an operator means: the name of a projection, and some values of a key."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from readmodel.engine.plan import Plan, PlannedTable
from readmodel.errors import ReadModelError

_NAMED = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)


class KeyInvalid(ReadModelError):
    """{key} is no key of {name}: {reason}. Write column=value for each, or the values in order, with commas between
    them; part of a key is enough. The keys are {keys}."""


class TableUnknown(ReadModelError):
    """There is no projection {name!r}; there are {names}. A table of one is NAME.TABLE, in one store NAME@STORE."""


@dataclass(frozen=True, slots=True)
class RowWanted:
    """Rows of one table whose key has these values, by column, as texts that its types take."""

    plan: Plan
    table: PlannedTable
    values: Mapping[str, str]

    @property
    def is_whole(self) -> bool:
        """Whether that is at most one row."""
        return len(self.values) == len(self.table.table.key)


def rows_wanted(plans: Sequence[Plan], name: str, key: Sequence[str]) -> list[RowWanted]:
    """The tables that a name and a key may mean.

    A name is `projection`, `projection.table`, and either with `@store`; without one, a projection that lives in both
    stores is meant where it is asked. TableUnknown where there is none, KeyInvalid where none has such a key.
    """
    tables = _tables(plans, name)
    named = [found for part in key if (found := _NAMED.fullmatch(part))]
    if not key or (named and len(named) < len(key)):
        raise _invalid(tables, name, key, "columns must be named all, or none" if key else "it is empty")
    if named:
        given = {found[1]: found[2] for found in named}
        fitting = [(plan, table, given) for plan, table in tables if given.keys() <= set(table.table.key)]
    else:
        values = [value for part in key for value in part.split(",")]
        by_place = ((plan, table, dict(zip(table.table.key, values, strict=False))) for plan, table in tables)
        fitting = [wanted for wanted in by_place if len(wanted[2]) == len(values)]
    if not fitting:
        raise _invalid(tables, name, key, "no table has a key of such columns")
    return [RowWanted(*wanted) for wanted in _castable(fitting, name, key, tables)]


def _tables(plans: Sequence[Plan], name: str) -> list[tuple[Plan, PlannedTable]]:
    of_projection, _, store = name.partition("@")
    projection, _, table_name = of_projection.partition(".")
    found = [
        (plan, table)
        for plan in plans
        if plan.name == projection and plan.store == (store or plan.declared.stores[0])
        for table in plan.tables
        if table_name in ("", table.table.name)
    ]
    if not found:
        names = (f"{plan.name}.{table.table.name}@{plan.store}" for plan in plans for table in plan.tables)
        raise TableUnknown(name=name, names=", ".join(names))
    return found


def _castable(
    fitting: Sequence[tuple[Plan, PlannedTable, Mapping[str, str]]],
    name: str,
    key: Sequence[str],
    tables: Sequence[tuple[Plan, PlannedTable]],
) -> Iterator[tuple[Plan, PlannedTable, Mapping[str, str]]]:
    """Those whose columns take the values; KeyInvalid with a reason where none does."""
    reasons = []
    with duckdb.connect() as connection:
        for plan, table, values in fitting:
            if reason := _refusal(connection, table, values):
                reasons.append(reason)
            else:
                yield plan, table, values
    if len(reasons) == len(fitting):
        raise _invalid(tables, name, key, "; ".join(dict.fromkeys(reasons)))


def _refusal(connection: duckdb.DuckDBPyConnection, table: PlannedTable, values: Mapping[str, str]) -> str | None:
    kinds = {column.name: column.duckdb for column in table.columns}
    for column, value in values.items():
        cast = connection.execute(f"SELECT TRY_CAST($value AS {kinds[column]})", {"value": value}).fetchone()
        if cast == (None,):
            return f"{value!r} is no {kinds[column]}, which {column} is"
    return None


def _invalid(tables: Sequence[tuple[Plan, PlannedTable]], name: str, key: Sequence[str], reason: str) -> KeyInvalid:
    keys = "; ".join(f"{table.table.name} ({', '.join(table.table.key)})" for _, table in tables)
    return KeyInvalid(key=repr(" ".join(key)), name=name, reason=reason, keys=keys)
