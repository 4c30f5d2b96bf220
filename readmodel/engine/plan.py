"""A projection in one store, with everything that the engine derives from its declaration and SQL."""

from dataclasses import dataclass
from functools import cached_property

from readmodel.engine import fold
from readmodel.engine.projection import Entity, Erasure, Projection, StoreName, Table
from readmodel.engine.relation import Relation, relations_of
from readmodel.events.event import Event, stream_of
from readmodel.stores.sql import SqlFile
from readmodel.stores.store import StoredColumn, TableShape, Version


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
        """The qualified, versioned name that the tables of its first build live under."""
        return self.as_version.schema

    @property
    def as_version(self) -> Version:
        """How the stores know its first build."""
        return Version(self.name, self.version)

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
        return events_of(self.declared)

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
        merges = [fold.merge(t.table, t.column_names, t.facts, self.erasure_in(t)) for t in self.tables]
        erased = [fold.erase(t.table, erasure) for t in self.tables if erasure and self.erasure_in(t)]
        return (*merges[:1], *erased, *merges[1:])

    def definition(self, table: PlannedTable) -> str:
        """The SELECT that computes a table from all of history."""
        erasure = self.erasure_in(table)
        query = fold.newest(table.table, table.column_names, table.facts, erasure)
        if not erasure:
            return query
        return f"WITH {fold.ERASED} AS ({fold.erased_facts(erasure)})\nSELECT * FROM ({query}) AS defined"

    def shapes(self) -> tuple[TableShape, ...]:
        """The tables to create."""
        return tuple(_shape(table) for table in self.tables)

    def erasure_in(self, table: PlannedTable) -> Erasure | None:
        """What erases rows of a table, if anything does."""
        erasure = self.declared.erased_by
        concerned = erasure and table.table.name != fold.ERASED and erasure.column in table.column_names
        return erasure if concerned else None


def _shape(table: PlannedTable) -> TableShape:
    if not table.table.appended:
        return TableShape(table.table.name, table.columns)
    log = fold.log_of(table.table)
    newest = fold.newest(table.table, table.column_names, f"SELECT * FROM {log}")
    return TableShape(table.table.name, table.columns, log, newest)


def events_of(declared: Projection) -> tuple[type[Event], ...]:
    """The events named, those of its entities, and the one that erases."""
    found = [*declared.events]
    for table in declared.tables:
        if isinstance(table, Entity):
            found += [event for event in (table.saved_by, table.removed_by) if event]
    if declared.erased_by:
        found.append(declared.erased_by.event)
    return tuple(dict.fromkeys(found))
