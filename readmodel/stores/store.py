"""What the engine asks of a store, and what a store may answer."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from readmodel.errors import ReadModelError

_POSTGRES_TYPES = {
    "VARCHAR": 'text COLLATE "C"',
    "VARCHAR[]": "text[]",
    "UUID": "uuid",
    "BIGINT": "bigint",
    "INTEGER": "integer",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
    "DOUBLE": "double precision",
}
_DECIMAL = re.compile(r"DECIMAL(\(\d+,\d+\))")


class StoreUnavailable(ReadModelError):
    """{store} cannot be used at the moment: {reason}"""


class EventAtFault(ReadModelError):
    """The store refused an event of this batch: {reason}"""


class FoldBroken(ReadModelError):
    """The fold of {projection} does not run: {reason}"""


class QueryBroken(ReadModelError):
    """The query {query} does not run: {reason}"""


class StatementRefused(ReadModelError):
    """The store does not take this statement with these parameters: {reason}"""


class CursorMoved(ReadModelError):
    """Another process has taken over {projection}, or moved its cursor: {reason}"""


@dataclass(frozen=True, slots=True)
class StoredColumn:
    """A column of a projection's table, typed as DuckDB describes the definition."""

    name: str
    duckdb: str
    in_key: bool

    @property
    def is_storable(self) -> bool:
        return self.duckdb in _POSTGRES_TYPES or _DECIMAL.fullmatch(self.duckdb) is not None

    @property
    def postgres(self) -> str:
        return _POSTGRES_TYPES.get(self.duckdb) or self.duckdb.replace("DECIMAL", "numeric")


@dataclass(frozen=True, slots=True)
class TableShape:
    """A table to create: upserted by key, or a log of facts under a view of the newest."""

    name: str
    columns: tuple[StoredColumn, ...]
    log: str | None = None
    newest: str | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a projection in a store. Each rebuild makes another build of it, from 1, beside the others."""

    projection: str
    version: int
    build: int = 1

    @property
    def schema(self) -> str:
        """The qualified name its tables live under."""
        return f"{self.projection}_v{self.version}" + (f"_{self.build}" if self.build > 1 else "")

    def __str__(self) -> str:
        return f"{self.projection} v{self.version}" + (f" build {self.build}" if self.build > 1 else "")


@dataclass(frozen=True, slots=True)
class Pointer:
    """Which build of a version is live, which was before, and which was built only to be looked at."""

    live: int
    previous: int | None = None
    kept: int | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a projection has come in one stream: position of the last entry folded, and how many there were.

    `last_sha256` is the digest of that entry's bytes; None where there is none, or nobody knows.
    """

    position: int
    entries: int
    last_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Staged:
    """A batch's events of one type, under the name that the fold's SQL reads."""

    name: str
    columns: Mapping[str, str]
    rows: pa.Table


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An event that could not be taken, kept with its bytes and the reason."""

    position: int
    event_type: str | None
    error: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Commit:
    """A batch's effect: rows, cursor and quarantine, all of it or nothing.

    `settled` are positions that leave quarantine, because this folds what was put aside there. `last_sha256` is the
    digest of the entry that the cursor moves to.
    """

    version: Version
    epoch: int
    stream: str
    expected: int
    upto: int
    entries: int
    staged: Sequence[Staged]
    statements: Sequence[str]
    quarantined: Sequence[Quarantined]
    settled: Sequence[int] = ()
    last_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Discard:
    """Quarantined events of one stream that are given up, by whom and why."""

    version: Version
    epoch: int
    stream: str
    positions: Sequence[int]
    by: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Load:
    """A build made at once: the rows of each table, and the position that they stand for.

    `put_aside` names the build whose quarantine it takes over, up to that position; `quarantined` are more of them.
    """

    version: Version
    epoch: int
    tables: Sequence[TableShape]
    views: Sequence[str]
    rows: Callable[[TableShape], Iterable[pa.Table]]
    cursors: Mapping[str, Cursor]
    put_aside: int
    quarantined: Mapping[str, Sequence[Quarantined]]


class Store(Protocol):
    """A store that holds projections. Every method blocks, so it is called in a thread.

    Raises StoreUnavailable for what may pass by itself, and nothing else unless it is said.
    """

    def create(self, version: Version, tables: Sequence[TableShape], views: Sequence[str]) -> None:
        """Create a version's schema with its tables and views, unless it is there; the first one is live at once."""

    def plan(self, name: str, query: str) -> None:
        """Plan a query without running it; QueryBroken when it cannot be."""

    def load(self, load: Load) -> None:
        """Create a build with its rows, indexes, views, cursors and quarantine: all of it or nothing.

        CursorMoved when fenced out; EventAtFault or FoldBroken for rows that the tables do not take.
        """

    def builds(self, version: Version) -> set[int]:
        """Every build of a version that there is, complete or not."""
        ...

    def drop(self, version: Version) -> None:
        """Remove a build with all that is known of it."""

    def keep(self, version: Version, epoch: int, build: int | None) -> None:
        """Note which build of a version is there only to be looked at; CursorMoved when fenced out."""

    def put_aside_alone(self, version: Version, other: Version) -> dict[str, list[Quarantined]]:
        """What a build has put aside and another has not, by stream."""
        ...

    def pointer(self, version: Version) -> Pointer | None:
        """Which build of a version queries see; None as long as none is shown."""
        ...

    def take_over(self, version: Version, epoch: int, streams: Sequence[str]) -> dict[str, Cursor]:
        """Fence out every owner with a lower epoch, and say how far each stream has been folded."""
        ...

    def commit(self, commit: Commit) -> None:
        """Commit a batch; CursorMoved when fenced out, EventAtFault or FoldBroken when its SQL failed."""

    def attempt(self, commit: Commit) -> None:
        """Do all that `commit` does, then roll it back: the way to find which event of a batch is at fault."""

    def discard(self, discard: Discard) -> None:
        """Mark quarantined events as discarded; CursorMoved when fenced out."""

    def go_live(self, version: Version, epoch: int) -> None:
        """Make this build the one that queries see; CursorMoved when fenced out."""

    def compact(self, version: Version, tables: Sequence[TableShape]) -> None:
        """Drop superseded facts of appended tables and sort the rest by key."""

    def close(self) -> None:
        """Disconnect."""
