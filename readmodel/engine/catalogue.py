"""Every projection there is, found by walking a package, and what the engine derives from each declaration."""

import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from types import ModuleType

import duckdb

from readmodel.engine import entity as entities
from readmodel.engine import fold
from readmodel.engine.plan import Plan, PlannedTable, events_of
from readmodel.engine.projection import DUCKDB, Entity, Projection, StoreName, Table
from readmodel.engine.relation import relations_of
from readmodel.errors import ReadModelError
from readmodel.stores.sql import SqlFile, read_sql
from readmodel.stores.store import StoredColumn


class ProjectionInvalid(ReadModelError):
    """The projection {name} cannot be used: {reason}"""


def discover(package: ModuleType) -> tuple[Plan, ...]:
    """The plans of every projection declared in a package: one per projection and store, in order of name."""
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return tuple(plan for name in names for plan in plans_of(f"{package.__name__}.{name}"))


def plans_of(package: str) -> list[Plan]:
    """The plans of the projection that a package declares; ProjectionInvalid when its SQL does not match it."""
    name = package.rpartition(".")[2]
    declared = getattr(importlib.import_module(package), "projection", None)
    if not isinstance(declared, Projection):
        raise ProjectionInvalid(name=name, reason="its __init__.py declares no `projection = Projection(...)`")
    return [_plan(package, name, declared, store) for store in declared.stores]


def _plan(package: str, name: str, declared: Projection, store: StoreName) -> Plan:
    definition = read_sql(package, "definition.sql")
    tables = _tables(name, declared, definition)
    _check_sections(name, tables, definition)
    with _empty_relations(declared) as connection:
        planned = tuple(_planned(name, connection, table, facts) for table, facts in tables)
    for table in planned:
        _check(name, store, table)
        _check_erasure(name, declared, table)
    views = [entities.entity_view(table) for table in declared.tables if isinstance(table, Entity)]
    for filename in ("schema.sql", f"schema_{store}.sql"):
        views += read_sql(package, filename).sections.values()
    return Plan(name, declared.version, store, declared, planned, tuple(views), read_sql(package, "queries.sql"))


def _tables(name: str, declared: Projection, definition: SqlFile) -> list[tuple[Table, str]]:
    tables = []
    if declared.erased_by:
        tables.append((fold.erased_table(declared.erased_by), fold.erased_facts(declared.erased_by)))
    for table in declared.tables:
        if isinstance(table, Entity):
            tables.append((entities.entity_table(table), entities.entity_definition(table)))
        elif table.name in definition.sections:
            tables.append((table, definition.sections[table.name]))
        else:
            raise ProjectionInvalid(name=name, reason=f"{definition.name} has no section `-- {table.name} --`")
    return tables


def _check_sections(name: str, tables: Sequence[tuple[Table, str]], definition: SqlFile) -> None:
    declared = {table.name for table, _ in tables}
    for section in definition.sections:
        if section not in declared:
            reason = f"{definition.name} has a section `-- {section} --` but no table of that name is declared"
            raise ProjectionInvalid(name=name, reason=reason)


@contextmanager
def _empty_relations(declared: Projection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The relations of a projection's events, and no others."""
    with _in_memory().cursor() as connection:
        for relation in (r for event in events_of(declared) for r in relations_of(event)):
            columns = ", ".join(f"{column.name} {column.type.duckdb}" for column in relation.columns)
            connection.execute(f"CREATE TEMPORARY TABLE {relation.name} ({columns})")
        yield connection


@cache
def _in_memory() -> duckdb.DuckDBPyConnection:
    """One for the whole process: to make one takes longer than all that is asked of it."""
    return duckdb.connect()


def _planned(name: str, connection: duckdb.DuckDBPyConnection, table: Table, facts: str) -> PlannedTable:
    """Ask DuckDB which columns the facts have, over empty relations: it knows SQL and never guesses."""
    try:
        described = connection.execute(f"DESCRIBE {facts}").fetchall()
    except duckdb.Error as error:
        raise ProjectionInvalid(name=name, reason=f"the definition of {table.name} does not run: {error}") from None
    return PlannedTable(table, facts, tuple(StoredColumn(row[0], row[1], row[0] in table.key) for row in described))


def _check(name: str, store: StoreName, planned: PlannedTable) -> None:
    table, has = planned.table, set(planned.column_names)
    named = {*table.key, *(() if table.groups else table.newest_by)}
    named |= {column for group in table.groups for column in (*group.newest_by, *group.columns)}
    if missing := sorted(named - has):
        raise ProjectionInvalid(name=name, reason=f"the definition of {table.name} states no column {missing[0]!r}")
    if fold.NTH in has:
        raise ProjectionInvalid(name=name, reason=f"{table.name}.{fold.NTH} has a name that the engine needs")
    if table.groups and (extra := sorted(has - named)):
        raise ProjectionInvalid(name=name, reason=f"{table.name}.{extra[0]} belongs to no group of columns")
    if table.appended and store is not DUCKDB:
        raise ProjectionInvalid(name=name, reason=f"{table.name} is appended, which only DuckDB tables can be")
    for column in planned.columns:
        if not column.is_storable:
            reason = f"{table.name}.{column.name} is a {column.duckdb}, which is not stored; cast it to an exact type"
            raise ProjectionInvalid(name=name, reason=reason)


def _check_erasure(name: str, declared: Projection, planned: PlannedTable) -> None:
    """Were the erased value not in the key, one user's fact could replace another's, and go with its user."""
    column = declared.erased_by.column if declared.erased_by else ""
    if column in planned.column_names and column not in planned.table.key:
        raise ProjectionInvalid(name=name, reason=f"{planned.table.name} has {column}, so its key must name it")
