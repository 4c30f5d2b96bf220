"""What a projection declares. Everything else about it is SQL, or derived from these few lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from readmodel.events.event import Event


class StoreName(StrEnum):
    """The two stores a projection can live in."""

    POSTGRES = "postgres"
    DUCKDB = "duckdb"


POSTGRES, DUCKDB = StoreName.POSTGRES, StoreName.DUCKDB


@dataclass(frozen=True, slots=True)
class Group:
    """Columns that are set together, and the columns that say which of two settings is the newer."""

    newest_by: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The newest fact per key, out of the facts that the section of the same name in definition.sql states.

    Of two facts with the same key the one that is greater by `newest_by` stays. Tables whose columns are set by
    different events list `groups` instead, each with an order of its own. A table that is too large to update in
    place is `appended` (DuckDB only): its facts are added at the end, and the newest is found on reading.
    """

    name: str
    key: tuple[str, ...]
    newest_by: tuple[str, ...] = ("position",)
    groups: tuple[Group, ...] = ()
    appended: bool = False


@dataclass(frozen=True, slots=True)
class Entity:
    """The newest state per key, with no SQL to write: table, definition and view follow from the events.

    A missing field leaves a value, null clears it, a removal hides the row until a later event brings it back.
    """

    name: str
    key: str
    saved_by: type[Event]
    removed_by: type[Event] | None = None


@dataclass(frozen=True, slots=True)
class Erasure:
    """Rows whose column holds a value that this event erased are deleted, and never come back."""

    event: type[Event]
    column: str


@dataclass(frozen=True, slots=True)
class Projection:
    """A query over the event log. The folder that declares it gives the name.

    Raise `version` with every change of tables or definition: the new version is built beside the old one.
    """

    version: int
    stores: tuple[StoreName, ...]
    tables: tuple[Table | Entity, ...]
    events: Sequence[type[Event]] = ()
    erased_by: Erasure | None = None
