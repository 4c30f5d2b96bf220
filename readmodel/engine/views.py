"""Queries against the live versions: every answer comes from one whole version, with the position it shows."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from readmodel.engine.paging import Extent, MarkInvalid, Page, after_mark, mark_of
from readmodel.engine.plan import Plan
from readmodel.engine.preparation import in_schemas
from readmodel.engine.projection import StoreName
from readmodel.engine.vector import Vector, format_vector, lowest, reaches
from readmodel.errors import ReadModelError
from readmodel.stores.reading import Reader, Row, Snapshot
from readmodel.stores.sql import read_sql
from readmodel.stores.store import StatementRefused, Version

PATIENCE = 5.0
"""Seconds that a reader waits for its own writes."""

_POSITIONS = read_sql("readmodel.stores", "reading.sql").sections["positions"]
_POLL = 0.02

TOTAL, RANK = "total_rows", "rank_"


class NotThereYet(ReadModelError):
    """The projection has not reached {wanted} within {seconds} seconds; it is at {position}. Try again."""


class ProjectionNotReady(ReadModelError):
    """The projection {name} is not live in the version {version} that this process asks; it is being built."""


class View:
    """One consistent look at the projections of a store."""

    def __init__(self, snapshot: Snapshot, queries: "Queries", schemas: Mapping[str, str], position: Vector) -> None:
        self.position = position
        self._snapshot = snapshot
        self._queries = queries
        self._schemas = schemas

    async def rows(self, query: str, **parameters: Any) -> list[Row]:
        """All rows of a query, named `projection.query`, as dictionaries by column name.

        Columns named `rank_...`, which are there for the order only, and `total_rows` are left out.
        """
        return [_public(row) for row in await self._snapshot.fetch(self._statement(query), parameters)]

    async def one(self, query: str, **parameters: Any) -> Row | None:
        """The first row, or None."""
        found = await self.rows(query, **parameters)
        return found[0] if found else None

    async def page(self, query: str, page: Page, **parameters: Any) -> tuple[list[Row], Extent]:
        """Part of the rows, and how many there are in all. The query ends in its order: see `paging.order_of`.

        The total takes a second run of the query, unless each row says it: `count(*) OVER () AS total_rows`.
        """
        whole = self._statement(query)
        statement, marked = after_mark(whole, page.after) if page.after else (whole, {})
        # One row more than wanted tells whether any follow.
        wanted = {**parameters, **marked, "limit": page.limit + 1, "offset": 0 if page.after else page.offset}
        try:
            found = await self._snapshot.fetch(f"{statement}\nLIMIT $limit OFFSET $offset", wanted)
        except StatementRefused as error:
            if not page.after:
                raise
            raise MarkInvalid from error
        rows, total = found[: page.limit], await self._total(whole, page, found, parameters)
        last = mark_of(whole, rows[-1]) if rows else None
        return [_public(row) for row in rows], Extent(total, last if len(found) > page.limit else None)

    async def _total(self, whole: str, page: Page, found: Sequence[Row], parameters: Mapping[str, Any]) -> int:
        if found and TOTAL in found[0]:
            return int(found[0][TOTAL])
        if not page.after and len(found) <= page.limit and (found or not page.offset):
            return page.offset + len(found)
        (counted,) = await self._snapshot.fetch(f"SELECT count(*) AS total FROM (\n{whole}\n) AS found", parameters)
        return int(counted["total"])

    def _statement(self, query: str) -> str:
        return in_schemas(self._queries[query], self._schemas)


def _public(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != TOTAL and not name.startswith(RANK)}


Queries = Mapping[str, str]
"""SQL by `projection.query`."""


class Views:
    """Where questions are asked."""

    def __init__(self, plans: Sequence[Plan], readers: Mapping[StoreName, Reader]) -> None:
        self._readers = readers
        self._homes: dict[str, StoreName] = {}
        self._versions = {plan.name: plan.version for plan in plans}
        self._queries: dict[str, str] = {}
        for plan in plans:
            self._homes.setdefault(plan.name, plan.declared.stores[0])
            self._queries |= {f"{plan.name}.{name}": sql for name, sql in plan.queries.sections.items()}

    @asynccontextmanager
    async def reading(self, *names: str, at_least: Vector | None = None) -> AsyncIterator[View]:
        """Look at some projections, the first of which says in which store; wait until they reach `at_least`.

        NotThereYet after `PATIENCE` seconds; ProjectionNotReady before the first start.
        """
        reader = self._readers[self._homes[names[0]]]
        await self._wait(reader, names, at_least or {})
        async with reader.snapshot() as snapshot:
            schemas, position = await self._live(snapshot, names)
            yield View(snapshot, self._queries, schemas, position)

    async def _wait(self, reader: Reader, names: Sequence[str], wanted: Vector) -> None:
        if not wanted:
            return
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while True:
            async with reader.snapshot() as snapshot:
                _, position = await self._live(snapshot, names)
            if reaches(position, wanted):
                return
            if asyncio.get_running_loop().time() > deadline:
                shown = format_vector(position)
                raise NotThereYet(wanted=format_vector(wanted), seconds=PATIENCE, position=shown)
            await asyncio.sleep(_POLL)

    async def _live(self, snapshot: Snapshot, names: Sequence[str]) -> tuple[dict[str, str], dict[str, int]]:
        """Schemas and position of the live builds. Queries are written for one version, so it must be one of that."""
        schemas: dict[str, str] = {}
        vectors: dict[str, dict[str, int]] = defaultdict(dict)
        for row in await snapshot.fetch(_POSITIONS, {}):
            if row["version"] == self._versions.get(row["projection"]):
                schemas[row["projection"]] = Version(row["projection"], row["version"], row["build"]).schema
                vectors[row["projection"]][row["stream"]] = row["position"]
        for name in names:
            if name not in vectors:
                raise ProjectionNotReady(name=name, version=self._versions[name])
        return schemas, lowest(vectors[name] for name in names)
