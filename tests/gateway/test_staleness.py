"""Answers that an event concerns which was put aside: they say so."""

from datetime import UTC, datetime

import orjson
import psycopg
import pytest

from readmodel.engine.auditing.staleness import Staleness, ids_of
from readmodel.engine.plan import Plan
from readmodel.engine.projection import POSTGRES
from tests.gateway.conftest import BREAD, BUTTER, GREENBASKET, MILK, RECEIPT, Get, Readers, Watched

SINCE = datetime(2025, 11, 20, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("path", "says_so"),
    [
        (f"/api/v1/products/{BUTTER}", True),
        (f"/api/v1/products/{BUTTER}/prices", True),
        (f"/api/v1/public/trends/{BUTTER}", True),
        ("/api/app/products", False),
    ],
)
async def test_an_answer_that_names_it_is_stale(get: Get, monitor: Watched, path: str, says_so: bool) -> None:
    """The header says since when, and so does the body where it has room; the answer is another one for caches."""
    fresh = await get(path)
    monitor.stale = {"products": (BUTTER, SINCE)}

    stale = await get(path)

    body, before = await stale.json(), await fresh.json()
    assert (stale.status, stale.headers["X-Stale-Since"]) == (200, "2025-11-20T08:00:00Z")
    assert body == (before | {"stale": True} if says_so else before)
    assert ("X-Stale-Since" in fresh.headers, stale.headers["ETag"] != fresh.headers["ETag"]) == (False, says_so)


async def test_others_are_not(get: Get, monitor: Watched) -> None:
    """Neither what names other things, nor what is made from other projections."""
    monitor.stale = {"products": (BUTTER, SINCE), "user_alerts": (MILK, SINCE)}

    for path in (f"/api/v1/products/{MILK}", "/api/v1/purchases"):
        assert "X-Stale-Since" not in (await get(path)).headers, path


async def test_what_is_not_there_may_be_stale(get: Get, monitor: Watched) -> None:
    """A product is not known perhaps because the event that makes it known was put aside."""
    unheard = "22222222-0000-4000-8000-0000000000ff"
    monitor.stale = {"products": (unheard, SINCE)}

    response = await get(f"/api/v1/products/{unheard}")

    assert (response.status, response.headers["X-Stale-Since"]) == (404, "2025-11-20T08:00:00Z")


def letter(event_type: str, **data: object) -> bytes:
    """An event as it was sent."""
    return orjson.dumps({"type": f"cartsnitch.{event_type}", "source": "tests", "data": data})


@pytest.mark.parametrize(
    ("name", "raw", "about"),
    [
        ("price_history", letter("prices.updated", product_id=BUTTER, store_id=GREENBASKET), {BUTTER}),
        ("price_history", letter("prices.updated", product_id="butter", store_id=GREENBASKET), {GREENBASKET}),
        ("price_history", letter("prices.updated", product_id=BUTTER.upper(), regular_price=-1), {BUTTER}),
        ("price_history", letter("prices.updated"), set()),
        ("price_history", letter("stores.updated", id=BUTTER), set()),
        ("price_history", b'{"data": {"product_id": "' + BUTTER.encode(), set()),
        ("purchases", letter("receipts.ingested", user_id="ada", purchase_id=RECEIPT, items=[7]), {RECEIPT}),
    ],
)
def test_what_a_letter_is_about(plans: tuple[Plan, ...], name: str, raw: bytes, about: set[str]) -> None:
    """The ids in the keys of what it states, as far as they can be read."""
    plan = next(plan for plan in plans if plan.name == name)
    found = ids_of(plan, plan.streams[0], [{"position": 7 << 21, "raw": raw, "quarantined_at": SINCE}])

    assert found == dict.fromkeys(about, SINCE)


async def test_the_index_follows_the_quarantine(plans: tuple[Plan, ...], readers: Readers, database: str) -> None:
    """Open letters of the live build count; once they are folded or discarded nothing is stale."""
    staleness = Staleness([plan for plan in plans if plan.store is POSTGRES], readers)
    mentions = f"/api/v1/products/{BREAD.upper()}".encode()
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO readmodel.quarantine VALUES"
            " ('products', 2, 1, 'cartsnitch.products', 7, NULL, 'a test', %s, '2025-11-20T09:00+01')",
            [letter("products.normalized", normalized_product_id=BREAD)],
        )
        before = staleness.since(["products"], mentions)
        await staleness.refresh()
        while_open = [staleness.since([name], mentions) for name in ("products", "stores")]
        connection.execute("UPDATE readmodel.quarantine SET discarded_at = now()")
        await staleness.refresh()

    assert (before, while_open) == (None, [SINCE, None])
    assert staleness.since(["products"], mentions) is None
