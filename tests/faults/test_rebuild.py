"""Every projection is rebuilt while events arrive and fifty clients ask: nobody notices."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
import redis

from gateway.auth import make_token
from readmodel.engine.vector import Vector, parse_vector, reaches
from readmodel.events.position import parse_position
from tests.faults.publisher import Publisher
from tests.service import SECRET, ServiceProcess, service_process, wait_until

CLIENTS = 50
PAUSE = 0.3
"""Seconds between a client's questions, so that the rebuild takes half a minute and not a whole one on two cores."""
PER_SECOND = 200
"""Events, so that fifty clients, a rebuild and the servers have room on two cores."""

ADA = "user-ada"
STORE, PRODUCT = "11111111-0000-4000-8000-0000000000aa", "22222222-0000-4000-8000-0000000000aa"
RECEIPT = "33333333-0000-4000-8000-0000000000aa"
ITEM = {"product_name_raw": "SALSIFY", "quantity": 1, "unit_price": "2.00", "extended_price": "2.00"}
KNOWN: list[tuple[str, dict[str, Any]]] = [
    ("stores.updated", {"id": STORE, "name": "Steady Foods", "slug": "steadyfoods"}),
    (
        "products.normalized",
        {
            "normalized_product_id": PRODUCT,
            "canonical_name": "Steady Salsify",
            "category": "Steady",
            "upc_variants": [],
        },
    ),
    *(
        (
            "prices.updated",
            {"product_id": PRODUCT, "store_id": STORE, "observed_date": f"2025-10-{day:02}", "regular_price": day},
        )
        for day in range(1, 21)
    ),
    (
        "receipts.ingested",
        {
            "user_id": ADA,
            "purchase_id": RECEIPT,
            "store_id": STORE,
            "purchase_date": "2025-10-20",
            "total": "2.00",
            "items": [{**ITEM, "normalized_product_id": PRODUCT}],
        },
    ),
]
"""What nobody else speaks of, so that its answers stay as they are."""
QUESTIONS = [
    f"/api/v1/products/{PRODUCT}",
    "/api/v1/products?q=steady+salsify&page_size=1",
    f"/api/v1/products/{PRODUCT}/prices",
    f"/api/v1/prices/comparison?product_ids={PRODUCT}",
    "/api/v1/prices/trends?category=Steady",
    "/api/v1/public/inflation?category=Steady&period=all-time",
    f"/api/v1/purchases/{RECEIPT}",
    "/api/v1/purchases/stats",
    "/api/v1/alerts",
    "/api/v1/shopping/lists",
    "/api/v1/me/stores",
]


@pytest.fixture
def service(redis_db: str, database: str, tmp_path: Path) -> Iterator[ServiceProcess]:
    """A service that has folded what is known."""
    with service_process(redis_db, database, tmp_path) as started, redis.Redis.from_url(redis_db) as client:
        started.start()
        started.url()
        last: dict[str, int] = {}
        for name, payload in KNOWN:
            event = {"type": f"cartsnitch.{name}", "source": "test", "data": payload}
            stream = f"cartsnitch.{name.rpartition('.')[0]}"
            added: Any = client.xadd(stream, {"data": orjson.dumps(event)})
            last[stream] = parse_position(added.decode())
        wait_until(lambda: all(reaches(cursors, last) for cursors in cursors_of(started)), started.log)
        yield started


def cursors_of(service: ServiceProcess) -> Iterator[Vector]:
    """How far each projection is."""
    for status in service.statuses():
        yield {stream: parse_position(position) for stream, position in status["cursors"].items()}


class Clients:
    """Ask the same questions again and again, and note every answer that is not what it always was."""

    def __init__(self, url: str) -> None:
        self.asked = 0
        self.wrong: list[str] = []
        self._url = url
        self._first: dict[str, bytes] = {}
        self._headers = {"Authorization": f"Bearer {make_token({'default': SECRET}, ADA)}"}

    async def ask(self) -> None:
        """Be one of them, for ever. A position never goes back, for what one client sees."""
        seen: dict[str, Vector] = {}
        async with aiohttp.ClientSession(self._url, headers=self._headers) as session:
            while True:
                for question in QUESTIONS:
                    async with session.get(question) as response:
                        self._check(question, response.status, await response.read())
                        position = parse_vector(response.headers["X-Position"])
                    if not reaches(position, seen.get(question, {})):
                        self.wrong.append(f"{question} went back from {seen[question]} to {position}")
                    seen[question] = position
                    self.asked += 1
                    await asyncio.sleep(PAUSE)

    def _check(self, question: str, status: int, body: bytes) -> None:
        if status != 200:
            self.wrong.append(f"{question}: {status} {body.decode()}")
        elif body != self._first.setdefault(question, body):
            self.wrong.append(f"{question}: {body.decode()} instead of {self._first[question].decode()}")


async def test_nobody_notices_a_rebuild(service: ServiceProcess, redis_db: str, seed: int) -> None:
    """No request fails, no answer is from a half-built version or goes back, and the audit is clean."""
    clients = Clients(service.url())
    with Publisher(redis_db, seed, PER_SECOND).publishing():
        asking = [asyncio.create_task(clients.ask()) for _ in range(CLIENTS)]
        rebuilt = await asyncio.to_thread(service.run, "rebuild", "--all", "--json")
        back = await asyncio.to_thread(service.run, "rollback", "purchases", "--json")
        for task in asking:
            task.cancel()
        ended = await asyncio.gather(*asking, return_exceptions=True)
    assert [end for end in ended if not isinstance(end, asyncio.CancelledError)] == []
    assert clients.wrong == []
    assert clients.asked > CLIENTS * len(QUESTIONS)

    outcomes = json.loads(rebuilt)
    assert len(outcomes) == len(service.statuses())
    assert {(outcome["build"], outcome["live"]) for outcome in outcomes} == {(2, True)}
    assert [(outcome["build"], outcome["live"]) for outcome in json.loads(back)] == [(1, True)]
    service.wait_until_caught_up()
    audited = service.tried("audit")
    assert audited.returncode == 0, audited.stdout + audited.stderr
