"""Every projection there is, found by walking a package, and what the engine derives from each declaration."""

import importlib
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType

import duckdb

from readmodel.engine import entity as entities
from readmodel.engine import fold
from readmodel.engine.projection import DUCKDB, Entity, Erasure, Projection, StoreName, Table
from readmodel.engine.relation import Relation, relations_of
from readmodel.errors import ReadModelError
from readmodel.events.event import Event, stream_of
from readmodel.stores.sql import SqlFile, read_sql
from readmodel.stores.store import StoredColumn, TableShape, Version


class ProjectionInvalid(ReadModelError):
    """The projection {name} cannot be used: {reason}"""


@dataclass(frozen=True, slots=True)
class PlannedTable:
    """A table with the facts its definition states and the columns that follow from them."""

    table: Table
    facts: str
    columns: tuple[StoredColumn, ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True, repr=False)
class Plan:
    """One projection in one store: all that the engine needs to create, fold, define and query it."""

    name: str
    version: int
    store: StoreName
    declared: Projection
    tables: tuple[PlannedTable, ...]
    views: tuple[str, ...]
    queries: SqlFile

    def __repr__(self) -> str:
        return f"Plan({self.key} v{self.version})"

    @property
    def schema(self) -> str:
        """The qualified, versioned name its tables live under."""
        return f"{self.name}_v{self.version}"

    @property
    def as_version(self) -> Version:
        """How the stores know it."""
        return Version(self.name, self.version, self.schema)

    @property
    def key(self) -> str:
        """Its name in logs and status: a projection that lives in both stores is folded in each by itself."""
        return f"{self.name}@{self.store}"

    @property
    def lease(self) -> str:
        """What its owner holds. Versions have leases of their own: a new one is built while the old one is kept."""
        return f"{self.key} v{self.version}"

    @cached_property
    def events(self) -> tuple[type[Event], ...]:
        return _events_of(self.declared)

    @cached_property
    def relations(self) -> tuple[Relation, ...]:
        return tuple(relation for event in self.events for relation in relations_of(event))

    @cached_property
    def streams(self) -> tuple[str, ...]:
        return tuple(sorted({stream_of(event.type) for event in self.events}))

    @cached_property
    def fold(self) -> tuple[str, ...]:
        """The statements that merge one batch, in order: tombstones first, so that what they erase stays out."""
        erasure = self.declared.erased_by
        merges = [fold.merge(t.table, t.column_names, t.facts, self._erasure_in(t)) for t in self.tables]
        erased = [fold.erase(t.table, erasure) for t in self.tables if erasure and self._erasure_in(t)]
        return (*merges[:1], *erased, *merges[1:])

    def definition(self, table: PlannedTable) -> str:
        """The SELECT that computes a table from all of history."""
        erasure = self._erasure_in(table)
        query = fold.newest(table.table, table.column_names, table.facts, erasure)
        if not erasure:
            return query
        return f"WITH {fold.ERASED} AS ({fold.erased_facts(erasure)})\nSELECT * FROM ({query}) AS defined"

    def shapes(self) -> tuple[TableShape, ...]:
        """The tables to create."""
        return tuple(_shape(table) for table in self.tables)

    def _erasure_in(self, table: PlannedTable) -> Erasure | None:
        erasure = self.declared.erased_by
        concerned = erasure and table.table.name != fold.ERASED and erasure.column in table.column_names
        return erasure if concerned else None


def _shape(table: PlannedTable) -> TableShape:
    if not table.table.appended:
        return TableShape(table.table.name, table.columns)
    log = fold.log_of(table.table)
    newest = fold.newest(table.table, table.column_names, f"SELECT * FROM {log}")
    return TableShape(table.table.name, table.columns, log, newest)


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
    planned = tuple(_planned(name, declared, table, facts) for table, facts in tables)
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


def _planned(name: str, declared: Projection, table: Table, facts: str) -> PlannedTable:
    """Ask DuckDB which columns the facts have, over empty relations: it knows SQL and never guesses."""
    with duckdb.connect() as connection:
        for relation in (r for event in _events_of(declared) for r in relations_of(event)):
            columns = ", ".join(f"{column.name} {column.type.duckdb}" for column in relation.columns)
            connection.execute(f"CREATE TABLE {relation.name} ({columns})")
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


def _events_of(declared: Projection) -> tuple[type[Event], ...]:
    """The events named, those of its entities, and the one that erases."""
    found = [*declared.events]
    for table in declared.tables:
        if isinstance(table, Entity):
            found += [event for event in (table.saved_by, table.removed_by) if event]
    if declared.erased_by:
        found.append(declared.erased_by.event)
    return tuple(dict.fromkeys(found))
