import secrets
import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import orjson
import psycopg
import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from psycopg import sql
from redis.asyncio import Redis

import projections
from gateway.app import build
from gateway.auth import Authenticator, make_token
from gateway.operators import Operators
from readmodel.engine.auditing.bench import Bench
from readmodel.engine.auditing.inspection import Inspector
from readmodel.engine.auditing.past import Past
from readmodel.engine.builds.showing import RebuildRefused
from readmodel.engine.catalogue import discover
from readmodel.engine.folding.batch import batch_of
from readmodel.engine.folding.lease import TTL, Leases
from readmodel.engine.folding.letters import Letters, ProjectionUnknown
from readmodel.engine.folding.ownership import Borrower
from readmodel.engine.folding.staging import staged
from readmodel.engine.log.history import History
from readmodel.engine.log.losses import LossChanged, NothingLost
from readmodel.engine.plan import Plan
from readmodel.engine.projection import DUCKDB, POSTGRES, StoreName
from readmodel.engine.views import View, Views
from readmodel.events.envelope import Entry
from readmodel.events.event import stream_of
from readmodel.events.position import format_position, parse_position
from readmodel.stores import duckdb as duck
from readmodel.stores import postgres
from readmodel.stores.copying import Copier, DuckCopier, PostgresCopier
from readmodel.stores.duckdb import DuckStore
from readmodel.stores.leases import LeaseTable
from readmodel.stores.postgres import PostgresStore
from readmodel.stores.reading import DuckReader, PostgresReader, Reader
from readmodel.stores.store import Commit, Store

KEYS = {"2025": "k" * 32}
SERVICE_KEY = "the services' own key, 32 bytes long"
FRONTEND = "http://localhost:3000"
ANNA, BEN = "user-anna", "auth0|Ben"

GREENBASKET = "11111111-0000-4000-8000-000000000001"
FOODHALL = "11111111-0000-4000-8000-000000000002"
BUTTER = "22222222-0000-4000-8000-00000000000b"
MILK = "22222222-0000-4000-8000-00000000000a"
BREAD = "22222222-0000-4000-8000-00000000000c"
UNKNOWN = "99999999-0000-4000-8000-000000000000"
RECEIPT = "33333333-0000-4000-8000-000000000001"
BENS_RECEIPT = "33333333-0000-4000-8000-000000000002"
DEARER_BUTTER = "44444444-0000-4000-8000-000000000001"
SMALLER_MILK = "44444444-0000-4000-8000-000000000002"
DEARER_SOMEWHERE = "44444444-0000-4000-8000-000000000003"

Payload = dict[str, Any]

_FIRST = parse_position("1763690000000-0")
_STEP = parse_position("1-0")


Published = list[tuple[str, Entry]]
"""Entries with their streams, in order."""


class Log:
    """The event log of a test: what is published is folded into every projection that reads it, as when live.

    `published` grows with it; `kept_in` puts all of that into the streams, for what reads history.
    """

    def __init__(
        self,
        plans: tuple[Plan, ...],
        database_url: str,
        file: duckdb.DuckDBPyConnection,
        published: Published,
    ) -> None:
        self.published = published
        self._stores: list[tuple[Plan, Store]] = []
        self._at: dict[tuple[str, str], int] = {}
        for plan in plans:
            store: Store = PostgresStore(database_url) if plan.store is POSTGRES else DuckStore(file)
            store.create(plan.as_version, plan.shapes(), plan.views)
            cursors = store.take_over(plan.as_version, 1, plan.streams)
            self._at |= {(plan.key, stream): cursor.position for stream, cursor in cursors.items()}
            self._stores.append((plan, store))
        self._last = max(_FIRST, *self._at.values())

    def publish(self, event: str, time: str | None = None, **payload: Any) -> str:
        """Publish one event of the type `cartsnitch.<event>`; answers where it stands, as X-Position does."""
        self._last += _STEP
        stream = stream_of(f"cartsnitch.{event}")
        document = {"type": f"cartsnitch.{event}", "source": "tests", "time": time, "data": payload}
        entry = Entry(self._last, orjson.dumps(document))
        batch = batch_of(stream, [entry])
        assert not batch.rejected, batch.rejected
        self.published.append((stream, entry))
        for plan, store in self._stores:
            if stream in plan.streams:
                expected, self._at[plan.key, stream] = self._at[plan.key, stream], self._last
                parts = list(staged(plan.relations, batch.relations, plan.store))
                store.commit(Commit(plan.as_version, 1, stream, expected, self._last, 1, parts, plan.fold, []))
        return f"{stream}={format_position(self._last)}"

    async def kept_in(self, redis: Redis) -> None:
        for stream, entry in self.published:
            await redis.xadd(stream, {"data": entry.raw}, id=format_position(entry.position))

    def close(self) -> None:
        for _, store in self._stores:
            store.close()


def stock(log: Log) -> None:
    """Two stores, three products, two users: what every test finds."""
    log.publish("stores.updated", id=GREENBASKET, name="Greenbasket", slug="greenbasket", logo_url="/green.svg")
    log.publish("stores.updated", id=FOODHALL, name="Foodhall", slug="foodhall")
    _stock_products(log)
    _stock_prices(log)
    _stock_purchases(log)
    _stock_alerts(log)
    _stock_others(log)


def _stock_products(log: Log) -> None:
    named: Payload = {"normalized_product_id": BUTTER, "canonical_name": "Butter 250 g", "category": "Dairy"}
    more: Payload = {"brand": "Alpengold", "upc_variants": ["4001", "4002"], "image_url": "/butter.png"}
    log.publish("products.normalized", **named, **more)
    milk: Payload = {"canonical_name": "Milk 1 l", "category": "Dairy", "upc_variants": ["5001"]}
    log.publish("products.normalized", normalized_product_id=MILK, **milk)
    bread: Payload = {"canonical_name": "100%_rye bread", "category": "Bröd & bakery"}
    log.publish("products.normalized", normalized_product_id=BREAD, **bread)


def _stock_prices(log: Log) -> None:
    for product, store, day, price in [
        (BUTTER, "greenbasket", "2025-11-01", "2.49"),
        (BUTTER, GREENBASKET, "2025-11-15", "2.80"),
        (BUTTER, FOODHALL, "2025-11-10", "2.60"),
        (MILK, GREENBASKET, "2025-11-05", "1.005"),  # to the cent and half up: 1.01
        (MILK, "foodhall", "2025-11-05", "1.00"),
        (MILK, FOODHALL, "2025-11-12", "1.20"),
        (UNKNOWN, FOODHALL, "2025-11-12", "7.00"),
    ]:
        where = {"store_slug": store} if store.isalpha() else {"store_id": store}
        log.publish("prices.updated", product_id=product, **where, observed_date=day, regular_price=price)


def _stock_purchases(log: Log) -> None:
    butter = {"product_name_raw": "BUTTER 250G", "quantity": 1, "unit_price": "2.80", "extended_price": "2.80"}
    milk = {"product_name_raw": "MILK", "quantity": "0.354", "unit_price": "1.00", "extended_price": "0.354"}
    items = [{**butter, "normalized_product_id": BUTTER}, {**milk, "upc": "5001"}]
    where: Payload = {"store_slug": "greenbasket", "receipt_id": "g-1"}
    receipt: Payload = {"purchase_date": "2025-11-16", "total": "3.15", "items": items}
    log.publish("receipts.ingested", user_id=ANNA, purchase_id=RECEIPT, **where, **receipt)
    short: Payload = {"purchase_id": "f-1", "purchase_date": "2025-11-18", "item_count": 4, "total": "12.30"}
    log.publish("receipts.ingested", user_id=ANNA, store_slug="foodhall", **short)
    log.publish("receipts.ingested", user_id=BEN, purchase_id=BENS_RECEIPT, **where, **receipt)


def _stock_alerts(log: Log) -> None:
    rise: Payload = {"product_id": BUTTER, "old_price": "2.49", "new_price": "2.80"}
    where: Payload = {"store_id": GREENBASKET, "change_percent": "12.4498", "new_date": "2025-11-15"}
    log.publish("alerts.price_increase", "2025-11-15T08:00:00Z", id=DEARER_BUTTER, **rise, **where)
    sizes: Payload = {"old_size": "1 l", "new_size": "0.9 l"}
    log.publish("alerts.shrinkflation", "2025-11-16T08:00:00+01:00", id=SMALLER_MILK, product_id=MILK, **sizes)
    log.publish("alerts.price_increase", "2025-11-17T08:00:00.5Z", id=DEARER_SOMEWHERE, **rise)
    log.publish("users.alert_read", user_id=ANNA, alert_id=SMALLER_MILK)


def _stock_others(log: Log) -> None:
    log.publish("users.registered", user_id=ANNA, email_inbound_token="annas-token")
    log.publish("indices.published", series="CUUR0000SAF11", period="2025-10", value="310.5")


@pytest.fixture(scope="session")
def plans() -> tuple[Plan, ...]:
    return discover(projections)


@pytest.fixture(scope="session")
def stocked_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The DuckDB file that each test's own is a copy of."""
    return tmp_path_factory.mktemp("gateway") / "analytics.duckdb"


@pytest.fixture(scope="session")
def stocked() -> Published:
    """What was published to get there."""
    return []


@pytest.fixture(scope="session")
def template(
    database_url: str, template: str, plans: tuple[Plan, ...], stocked_file: Path, stocked: Published
) -> Iterator[str]:
    """Here the database that each test's own is a copy of is stocked, as its DuckDB file is."""
    name = f"readmodel_test_{secrets.token_hex(6)}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        named = {"name": sql.Identifier(name), "template": sql.Identifier(template)}
        connection.execute(sql.SQL("CREATE DATABASE {name} TEMPLATE {template}").format(**named))
        url, file = urlsplit(database_url)._replace(path=f"/{name}").geturl(), duck.open_file(stocked_file, 1)
        try:
            postgres.migrate(url)
            log = Log(plans, url, file, stocked)
            stock(log)
            log.close()
            file.close()
            yield name
        finally:
            connection.execute(sql.SQL("DROP DATABASE {name} WITH (FORCE)").format(**named))


@pytest.fixture
def duckdb_file(template: str, stocked_file: Path, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    file = duck.open_file(Path(shutil.copy(stocked_file, tmp_path)), threads=1)
    yield file
    file.close()


@pytest.fixture
def log(
    plans: tuple[Plan, ...], database: str, duckdb_file: duckdb.DuckDBPyConnection, stocked: Published
) -> Iterator[Log]:
    """A way to publish more than what is in stock."""
    made = Log(plans, database, duckdb_file, list(stocked))
    yield made
    made.close()


Readers = dict[StoreName, Reader]


@pytest.fixture
async def readers(database: str, duckdb_file: duckdb.DuckDBPyConnection) -> AsyncIterator[Readers]:
    """Both stores, read only."""
    rows, scans = PostgresReader(database, size=4), DuckReader(duckdb_file)
    await rows.open()
    yield {POSTGRES: rows, DUCKDB: scans}
    await rows.close()
    scans.close()


@pytest.fixture
def views(plans: tuple[Plan, ...], readers: Readers) -> Views:
    """What the application reads."""
    return Views(plans, readers)


_DEAD_LETTER = """
    INSERT INTO readmodel.quarantine
        (projection, version, build, stream, position, event_type, error, raw, quarantined_at)
    VALUES ('products', 2, 1, 'cartsnitch.products', %s, NULL, 'not JSON', %s, now())"""


@pytest.fixture
async def letters(
    plans: tuple[Plan, ...], database: str, duckdb_file: duckdb.DuckDBPyConnection, readers: Readers
) -> AsyncIterator[Letters]:
    """One dead letter, in stores that nobody else keeps."""
    with psycopg.connect(database) as connection:
        connection.execute(_DEAD_LETTER, [parse_position("7-0"), b"{nope \xff"])
    leases = Leases(LeaseTable(database, "tests", TTL))

    def store(plan: Plan) -> Store:
        return PostgresStore(database) if plan.store is POSTGRES else DuckStore(duckdb_file)

    yield Letters(plans, readers, {plan.key: Borrower(plan, store, leases) for plan in plans})
    await leases.close()


class Rebuilt:
    """Says what a rebuild says, and refuses one name before it begins and another in the middle."""

    async def rebuild(
        self, name: str, *, swap: bool = True, diff: bool = False, until: str | None = None
    ) -> AsyncGenerator[dict[str, Any], None]:
        if name == "nothing":
            raise ProjectionUnknown(name=name, names="products")
        if name == "busy":
            raise RebuildRefused(projection=name, reason="another one is under way")
        yield {"projection": name, "phase": "writing", "done": 1, "of": None, "rate": 2.5, "eta_seconds": None}
        if name == "broken":
            raise RebuildRefused(projection=name, reason="its history is torn")
        yield {"projection": name, "outcome": {"live": swap, "diff": {} if diff else None, "until": until}}

    def swap(self, name: str) -> AsyncGenerator[dict[str, Any], None]:
        return self.rebuild(name)

    rollback = abandon = swap


@dataclass
class Watched:
    """A monitor that says what a test wants it to say."""

    lag: float = 0.25
    state: tuple[bool, str] = (True, "ok")
    rows: list[dict[str, Any]] = field(default_factory=list)
    stale: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    def statuses(self) -> list[dict[str, Any]]:
        return self.rows

    def lag_seconds(self, names: Any) -> float:
        return self.lag if names else 0.0

    def stale_since(self, names: Any, *texts: bytes) -> datetime | None:
        found = (self.stale.get(name, ("", None)) for name in names)
        return next((since for each, since in found if each and any(each.encode() in text for text in texts)), None)

    def ready(self) -> tuple[bool, str]:
        return self.state


class Unasked:
    """An inspector, and a past, where none is asked."""

    def reading(self, *names: str, at: datetime) -> AbstractAsyncContextManager[View]:
        raise NotImplementedError(names, at)

    def last_audits(self) -> list[dict[str, Any]]:
        return []

    async def audit(self, names: Sequence[str]) -> list[dict[str, Any]]:
        raise NotImplementedError(names)

    async def explain(self, name: str, key: Sequence[str]) -> dict[str, Any]:
        raise NotImplementedError(name, key)


@pytest.fixture
def bench(database: str, duckdb_file: duckdb.DuckDBPyConnection, redis: Redis, tmp_path: Path) -> Bench:
    """Where tables are held against the streams."""

    copiers: dict[StoreName, Copier] = {POSTGRES: PostgresCopier(database), DUCKDB: DuckCopier(duckdb_file)}
    return Bench(copiers, History(redis), tmp_path)


@pytest.fixture
def monitor() -> Watched:
    return Watched()


class Archived:
    """An archive of one segment."""

    async def shown(self) -> dict[str, Any]:
        row = {"stream": "cartsnitch.prices", "archived_upto": "7-0", "segments": 1, "entries": 7}
        return {"archiving": True, "streams": [row | {"lag_seconds": 0.5, "last_error": None}]}


class Lost:
    """A stream that has lost some entries; `accepted` is who gave them up, and why."""

    def __init__(self) -> None:
        self.accepted: list[tuple[str, str | None]] = []

    async def shown(self, stream: str) -> dict[str, Any]:
        if stream != "cartsnitch.prices":
            raise NothingLost(stream=stream)
        lost = {"stream": stream, "lost_after": "7-0", "lost_upto": "9-0", "passed_over": 0}
        between = {"from": "1970-01-01T00:00:00.007Z", "to": "1970-01-01T00:00:00.009Z"}
        return lost | between | {"stopped": [{"reader": "the archive", "position": "7-0", "reason": "it is gone"}]}

    async def accept(self, stream: str, lost_after: str, by: str, reason: str | None) -> dict[str, Any]:
        if lost_after != "7-0":
            raise LossChanged(stream=stream, after="7-0")
        self.accepted.append((by, reason))
        return await self.shown(stream)


class Erased:
    """Erases nobody, and says whom it was to erase, and for whom."""

    async def erase(self, value: str, by: str) -> AsyncIterator[dict[str, Any]]:
        yield {"phase": "looking", "done": 0, "of": None, "rate": 0.0, "eta_seconds": None}
        yield {"outcome": {"erased": value, "by": by}}


class Verified:
    """Finds all to be fine."""

    async def verify(self) -> AsyncIterator[dict[str, Any]]:
        yield {"outcome": {"findings": [{"about": "everything", "state": "fine", "says": "is well", "type": []}]}}


Client = TestClient[Any, Any]


def operators(**changed: Any) -> Operators:
    """What operators can have done: nothing, but for what is given."""
    return replace(
        Operators(Letters([], {}, {}), Rebuilt(), Unasked(), Archived(), Lost(), Erased(), Verified()), **changed
    )


@asynccontextmanager
async def serving(views: Views, monitor: Watched, **changed: Any) -> AsyncIterator[Client]:
    """A client of the application, on a real socket."""
    given: dict[str, Any] = {
        "auth": Authenticator(KEYS),
        "operators": operators(),
        "past": Unasked(),
        "asyncapi": None,
        "cors_origins": [FRONTEND],
        "service_key": SERVICE_KEY,
        **changed,
    }
    async with TestClient(TestServer(build(views, monitor=monitor, **given))) as client:
        yield client


@pytest.fixture
async def client(
    plans: tuple[Plan, ...], views: Views, monitor: Watched, letters: Letters, bench: Bench
) -> AsyncIterator[Client]:
    """Shows no credentials; takes them as headers."""
    asked = operators(letters=letters, inspector=Inspector(plans, bench))
    async with serving(views, monitor, operators=asked, past=Past(plans, bench, letters)) as made:
        yield made


@pytest.fixture
async def closed(monitor: Watched) -> AsyncIterator[Client]:
    """A client where nothing can be read: for what is decided before anything is."""
    async with serving(Views([], {}), monitor) as made:
        yield made


def bearer(user_id: str = ANNA, role: str = "user") -> dict[str, str]:
    """The header that a user shows."""
    return {"Authorization": f"Bearer {make_token(KEYS, user_id, role=role)}"}


Get = Callable[..., Coroutine[Any, Any, ClientResponse]]


@pytest.fixture
def get(client: Client) -> Get:
    """GET as Anna, or as another user."""

    async def ask(path: str, user: str = ANNA, **headers: str) -> ClientResponse:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return await client.get(path, headers=bearer(user) | sent)

    return ask


Ask = Callable[..., Awaitable[Any]]


@pytest.fixture
def ask(get: Get) -> Ask:
    """The JSON that a user gets, where the status is 200."""

    async def answer(path: str, user: str = ANNA) -> Any:
        response = await get(path, user)
        assert response.status == 200, await response.text()
        return await response.json()

    return answer


Refused = Callable[..., Awaitable[list[tuple[str, str]]]]


@pytest.fixture
def refused(get: Get) -> Refused:
    """The `(field, type)` of every fault of a request that gets 422."""

    async def faults(path: str, **headers: str) -> list[tuple[str, str]]:
        response = await get(path, **headers)
        assert response.status == 422, (path, await response.text())
        problem = await response.json()
        assert problem["code"] == "VALIDATION_ERROR"
        assert all(fault["message"] for fault in problem["errors"])
        return [(fault["field"], fault["type"]) for fault in problem["errors"]]

    return faults
