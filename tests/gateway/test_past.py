"""Answers as of a moment that has passed: what was answered then, whatever was published since."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis

from readmodel.engine.auditing.bench import Bench
from readmodel.engine.auditing.past import Past, PastBusy
from readmodel.engine.folding.letters import Letters
from readmodel.engine.plan import Plan
from readmodel.engine.views import View, Views
from readmodel.events.position import format_position, position_milliseconds
from readmodel.stores.sql import SqlFile
from tests.gateway.conftest import BREAD, BUTTER, FOODHALL, GREENBASKET, MILK, Get, Log, Refused, Watched, serving

QUESTIONS = [
    f"/api/v1/products/{BUTTER}/prices",
    f"/api/v1/products/{BUTTER}/prices?store_id={FOODHALL}",
    "/api/v1/prices/trends?until=2025-11-20&days=30",
    "/api/v1/prices/trends?category=Dairy&page_size=1",
    "/api/v1/prices/increases",
    f"/api/v1/prices/comparison?product_ids={BUTTER},{MILK},{BREAD}",
    f"/api/v1/public/trends/{MILK}?until=2025-11-20",
    "/api/v1/public/store-comparison?category=Dairy",
    f"/api/v1/public/store-comparison?product_ids={MILK}",
    "/api/v1/public/inflation?period=all-time&until=2025-12-31",
]


async def publish_more(log: Log, redis: Redis) -> None:
    """Change everything that the questions are about."""
    log.publish("stores.updated", id=FOODHALL, name="Food Palace", slug="foodhall")
    log.publish("products.normalized", normalized_product_id=MILK, canonical_name="Whole milk", category="Drinks")
    log.publish("products.removed", normalized_product_id=BUTTER)
    for product, store, day, price in [
        (BUTTER, FOODHALL, "2025-11-10", "9.60"),
        (BUTTER, GREENBASKET, "2025-11-18", "9.80"),
        (MILK, FOODHALL, "2025-10-12", "0.50"),
        (BREAD, FOODHALL, "2025-11-19", "3.33"),
    ]:
        log.publish("prices.updated", product_id=product, store_id=store, observed_date=day, regular_price=price)
    log.publish("indices.published", series="CUUR0000SAF11", period="2025-11", value="333")
    await log.kept_in(redis)


def instant(position: int) -> str:
    """When the entry at a position was added."""
    moment = datetime.fromtimestamp(position_milliseconds(position) / 1000, UTC)
    return moment.isoformat().replace("+00:00", "Z")


async def bodies(get: Get, paths: Sequence[str]) -> list[object]:
    """What is answered to each."""
    responses = [await get(path) for path in paths]
    assert [response.status for response in responses] == [200] * len(paths), [await r.text() for r in responses]
    return [(await response.json(), response.headers.get("X-Total-Count")) for response in responses]


async def test_what_was_answered_then(get: Get, log: Log, redis: Redis) -> None:
    """Every question gets the answer that it got before more was published, and an ETag to keep it by."""
    then, before = log.published[-1][1].position, await bodies(get, QUESTIONS)
    await publish_more(log, redis)
    as_of = [f"{path}{'&' if '?' in path else '?'}as_of={instant(then)}" for path in QUESTIONS]

    found, now = await bodies(get, as_of), await bodies(get, QUESTIONS[3:])
    response = await get(as_of[4])
    again = await get(as_of[4], If_None_Match=response.headers["ETag"])

    assert found == before
    assert all(new != old for new, old in zip(now, before[3:], strict=True))
    assert again.status == 304
    last = format_position(then | (1 << 21) - 1)
    assert response.headers["X-Position"] == ",".join(
        f"cartsnitch.{stream}={last}" for stream in ("prices", "products", "stores")
    )


async def test_days_count_back_from_then(get: Get, log: Log, redis: Redis) -> None:
    """A window without an end of its own ends on the day that is asked about."""
    log.publish("prices.updated", product_id=BUTTER, store_id=FOODHALL, observed_date="2025-11-21", regular_price=1)
    log.publish("prices.updated", product_id=BUTTER, store_id=FOODHALL, observed_date="2025-11-22", regular_price=2)
    await log.kept_in(redis)

    for as_of in ("2025-11-21", "2025-11-21T23:00:00-00:30"):
        found = await (await get(f"/api/v1/products/{BUTTER}/prices?days=1&as_of={as_of}")).json()
        assert [point["date"] for point in found["data_points"]] == ["2025-11-21T00:00:00"], as_of


@pytest.mark.parametrize("as_of", ["yesterday", "2025-02-30", "1763690000", "2999-01-01", "2999-01-01T00:00:00Z", ""])
async def test_no_moment_of_the_past(refused: Refused, as_of: str) -> None:
    """What is no time, and a time that has not come, are refused."""
    ((field, _),) = await refused(f"/api/v1/prices/increases?as_of={as_of}")

    assert field == "as_of"


async def test_before_everything(get: Get, log: Log, redis: Redis) -> None:
    """Nothing was known then."""
    await log.kept_in(redis)

    one = await get(f"/api/v1/products/{BUTTER}/prices?as_of=2020-01-01")
    many = await get("/api/v1/prices/trends?as_of=2020-01-01")

    assert (one.status, many.status, await many.json()) == (404, 200, [])


async def test_one_question_at_a_time(bench: Bench, letters: Letters, plans: tuple[Plan, ...]) -> None:
    """Who would have to wait too long is told to come back."""
    past = Past(plans, bench, letters, patience=0.01)
    at = datetime(2025, 11, 21, tzinfo=UTC)

    async with past.reading("stores", at=at):
        with pytest.raises(PastBusy):
            async with past.reading("stores", at=at):
                pass
    async with past.reading("stores", at=at) as view:
        assert await view.rows("stores.all_stores") == []


async def test_a_question_that_takes_too_long(bench: Bench, letters: Letters, plans: tuple[Plan, ...]) -> None:
    """It is interrupted, and the next one can be asked."""
    endless = SqlFile("endless", {"query": "SELECT count(*) FROM range(10_000_000_000_000) WHERE range % 7 = 1"})
    stores = next(plan for plan in plans if plan.name == "stores")
    past = Past([*plans, replace(stores, name="endless", queries=endless)], bench, letters, longest=1)
    at = datetime(2025, 11, 21, tzinfo=UTC)

    with pytest.raises(PastBusy):
        async with past.reading("stores", at=at) as view:
            await view.rows("endless.query")
    async with past.reading("stores", at=at) as view:
        assert await view.rows("stores.all_stores") == []


async def test_busy_is_a_problem_to_come_back_from(views: Views, monitor: Watched) -> None:
    """503, with the seconds to wait."""
    async with serving(views, monitor, past=Busy()) as client:
        response = await client.get("/api/v1/public/inflation?as_of=2025-11-21")
        problem = await response.json()

    assert (response.status, response.headers["Retry-After"]) == (503, "5")
    assert "one at a time" in problem["detail"]


class Busy:
    """A past that is always busy."""

    def reading(self, *names: str, at: datetime) -> AbstractAsyncContextManager[View]:
        raise PastBusy
