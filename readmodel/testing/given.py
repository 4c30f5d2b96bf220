"""Tests of projections that read like their rules: given these events, however they arrive, these are the answers.

    tables = Tables(database_url, file)
    async with tables.given(purchases, stores, products, delivery=Delivery(times=3, batch=2, shuffled_by=7)) as log:
        log.events(event("stores.updated", {"id": STORE, "name": "Kroger", "slug": "kroger"}))
        log.events(event("receipts.ingested", {"user_id": "ada", "store_slug": "kroger", ...}))

        assert await log.answer("purchases_of_user", user_id="ada", ...) == [{...}]

Nothing is faked: payloads are decoded by their contracts, folded into the store that the projection lives in, and
asked for with the projection's own queries. Events of several streams go to every projection that reads them. The
projections (`readmodel.engine.plan.Plan`) are those that `readmodel.engine.catalogue.discover` finds in a package.
"""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Self

import duckdb
import orjson

from readmodel.engine.paging import Page
from readmodel.engine.plan import Plan
from readmodel.engine.projection import DUCKDB, POSTGRES
from readmodel.engine.views import Views
from readmodel.errors import ReadModelError
from readmodel.events.decode import decode
from readmodel.events.envelope import Entry
from readmodel.events.event import PREFIX, Event, stream_of
from readmodel.events.position import parse_position
from readmodel.stores.reading import DuckReader, PostgresReader, Row
from readmodel.testing.delivery import TOGETHER, Delivery
from readmodel.testing.law import Folded

FIRST = 1_709_287_200_000
"""When the first event of a log is added: 2024-03-01 at 10:00 UTC, in milliseconds since 1970."""
_MINUTE = 60_000

Document = Mapping[str, Any]
"""An event as JSON, in any of the envelopes."""


class GivenInvalid(ReadModelError):
    """A test was given an event that the service would not take: {reason}"""


def event(name: str, payload: Document, *, time: str | None = None, event_id: str | None = None) -> Document:
    """A CloudEvent, its type written without `cartsnitch.`; without a time it happens when it is added."""
    return {
        "specversion": "1.0",
        "type": PREFIX + name,
        "id": event_id,
        "time": time,
        "source": "test",
        "data": payload,
    }


def given(*plans: Plan, database_url: str, file: duckdb.DuckDBPyConnection, delivery: Delivery = TOGETHER) -> "Given":
    """Some projections, emptied: the one under test, and after it those that its queries join, in the same store.

    The engine's own tables must exist in the Postgres database (`stores.postgres.migrate`) and in the DuckDB file
    (`stores.duckdb.open_file`). All cursors there are reset, so that tests may share them, one after the other; many
    tests are faster with `Tables.given`.
    """
    return Given(plans, Tables(database_url, file), delivery, keep=False)


class Tables:
    """The tables of projections in a database and a file, made when first asked for, and kept from test to test."""

    def __init__(self, database_url: str, file: duckdb.DuckDBPyConnection) -> None:
        self.database_url = database_url
        self.file = file
        self._folded: dict[str, Folded] = {}

    def given(self, *plans: Plan, delivery: Delivery = TOGETHER) -> "Given":
        """As the function `given`, in these tables."""
        return Given(plans, self, delivery, keep=True)

    def emptied(self, plan: Plan) -> Folded:
        """A projection's tables without a row."""
        if plan.key not in self._folded:
            self._folded[plan.key] = Folded(plan, self.database_url, self.file)
        self._folded[plan.key].empty()
        return self._folded[plan.key]

    def close(self) -> None:
        """Close all connections; the tables stay."""
        for folded in self._folded.values():
            folded.close()
        self._folded = {}


class Given:
    """An event log and the projections that follow it. Enter it, so that its connections are closed."""

    def __init__(self, plans: Sequence[Plan], tables: Tables, delivery: Delivery, *, keep: bool) -> None:
        self._plans = plans
        self._tables = tables
        self._delivery = delivery
        self._added = 0
        self._open = AsyncExitStack()
        if not keep:
            self._open.callback(tables.close)

    async def __aenter__(self) -> Self:
        """Create the projections where they are not there yet, empty them, and connect to their store."""
        self._folded = {plan.name: self._tables.emptied(plan) for plan in self._plans}
        postgres, duck = PostgresReader(self._tables.database_url, size=1), DuckReader(self._tables.file)
        self._open.callback(duck.close)
        if self._plans[0].store is POSTGRES:
            await postgres.open()
            self._open.push_async_callback(postgres.close)
        self._reader = postgres if self._plans[0].store is POSTGRES else duck
        self._views = Views(self._plans, {POSTGRES: self._reader, DUCKDB: self._reader})
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect."""
        await self._open.aclose()

    def events(self, *documents: Document) -> None:
        """Add events to their streams, a minute apart and in the order written, and fold them as they are delivered.

        Those of one call are delivered together; a later call's come after them. GivenInvalid for one that
        does not decode: a test of what is refused needs no projection.
        """
        decoded = [self._decoded(document) for document in documents]
        for plan in self._plans:
            for batch in self._delivery.batches([(at, made) for at, made in decoded if type(made) in plan.events]):
                self._folded[plan.name].fold(batch)

    def compact(self) -> None:
        """Compact the tables of the projection under test, which must change no answer."""
        self._folded[self._plans[0].name].compact()

    async def answer(self, query: str, **parameters: Any) -> list[Row]:
        """All rows of a query of the projection under test; another projection's is named `projection.query`."""
        async with self._views.reading(*self._folded) as view:
            return await view.rows(self._qualified(query), **parameters)

    async def page(self, query: str, page: Page, **parameters: Any) -> tuple[list[Row], int]:
        """Part of a query's rows, and how many there are in all."""
        async with self._views.reading(*self._folded) as view:
            rows, extent = await view.page(self._qualified(query), page, **parameters)
            return rows, extent.total

    async def rows(self, relation: str) -> list[Row]:
        """All rows of a table or view of the projection under test, in order of its columns."""
        schema = self._plans[0].schema
        async with self._reader.snapshot() as snapshot:
            found = await snapshot.fetch(f"SELECT * FROM {schema}.{relation}", {})
        return sorted(found, key=lambda row: repr(list(row.values())))

    def _qualified(self, query: str) -> str:
        return query if "." in query else f"{self._plans[0].name}.{query}"

    def _decoded(self, document: Document) -> tuple[int, Event]:
        position = parse_position(f"{FIRST + _MINUTE * self._added}-0")
        self._added += 1
        stream = stream_of(document.get("type") or document["event_type"])
        (decoded,) = decode(stream, [Entry(position, orjson.dumps(document))])
        if not decoded.events:
            reason = decoded.rejected[0].error if decoded.rejected else f"nobody knows the type {[*decoded.unknown]}"
            raise GivenInvalid(reason=reason)
        ((found,),) = decoded.events.values()
        return found
