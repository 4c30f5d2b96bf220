import asyncio

import pytest

from readmodel.engine import views as engine_views
from tests.gateway.conftest import BUTTER, FOODHALL, MILK, RECEIPT, UNKNOWN, Client, Get, Log, Refused, Watched, bearer

USER_PATHS = [
    "/api/v1/products",
    f"/api/v1/products/{BUTTER}",
    f"/api/v1/products/{BUTTER}/prices",
    "/api/v1/prices/trends",
    "/api/v1/prices/increases",
    f"/api/v1/prices/comparison?product_ids={BUTTER}",
    "/api/v1/purchases",
    f"/api/v1/purchases/{RECEIPT}",
    "/api/v1/alerts",
]
PUBLIC_PATHS = [
    "/api/v1/stores",
    f"/api/v1/public/trends/{BUTTER}",
    "/api/v1/public/store-comparison?category=Dairy",
]


@pytest.mark.parametrize("path", [*USER_PATHS, *PUBLIC_PATHS])
async def test_every_answer_says_how_new_it_is(get: Get, path: str) -> None:
    """Position, lag, a strong tag, and who may keep it."""
    response = await get(path)
    assert response.status == 200
    assert response.headers["X-Projection-Lag"] == "0.250"
    assert "cartsnitch.stores=" in response.headers["X-Position"] or path == "/api/v1/products"
    assert response.headers["ETag"].startswith('"')
    keeper = "public" if path in PUBLIC_PATHS else "private"
    assert response.headers["Cache-Control"] == f"{keeper}, no-cache"


@pytest.mark.parametrize("known", ["{tag}", "W/{tag}", '"other", {tag}', "*"])
async def test_what_the_client_has_is_not_sent_again(get: Get, known: str) -> None:
    """304 with the headers of the answer, and no body."""
    first = await get("/api/v1/products?page_size=1")
    again = await get("/api/v1/products?page_size=1", If_None_Match=known.format(tag=first.headers["ETag"]))
    assert (again.status, await again.read()) == (304, b"")
    for name in ("ETag", "X-Position", "X-Projection-Lag", "Cache-Control", "X-Total-Count", "Link", "Vary"):
        assert again.headers[name] == first.headers[name]


async def test_a_tag_is_of_the_body_alone(get: Get, log: Log) -> None:
    """It stays while positions move on, and changes with what is said."""
    first = await get(f"/api/v1/products/{BUTTER}/prices")
    log.publish("prices.updated", product_id=MILK, store_id=FOODHALL, observed_date="2025-11-20", regular_price=1)
    second = await get(f"/api/v1/products/{BUTTER}/prices", If_None_Match=first.headers["ETag"])
    assert (second.status, second.headers["ETag"]) == (304, first.headers["ETag"])
    assert second.headers["X-Position"] != first.headers["X-Position"]
    log.publish("prices.updated", product_id=BUTTER, store_id=FOODHALL, observed_date="2025-11-20", regular_price=1)
    assert (await get(f"/api/v1/products/{BUTTER}/prices", If_None_Match=first.headers["ETag"])).status == 200


async def test_head_is_get_without_the_body(client: Client) -> None:
    """The same headers, so that a cache can ask for them alone."""
    answers = [await client.request(method, "/api/v1/stores") for method in ("GET", "HEAD")]
    headers = [{k: v for k, v in a.headers.items() if k not in ("Date", "X-Request-ID")} for a in answers]
    assert headers[0] == headers[1]
    assert await answers[1].read() == b""


async def test_readers_wait_for_their_own_writes(get: Get, log: Log) -> None:
    """An answer is not sent before the projections are at X-Min-Position."""
    position = (await get("/api/v1/stores")).headers["X-Position"]
    stream, _, entry_id = position.partition("=")
    milliseconds = int(entry_id.partition("-")[0])
    asking = asyncio.create_task(get("/api/v1/stores", X_Min_Position=f"{stream}={milliseconds + 100}-0"))
    await asyncio.sleep(0.1)
    assert not asking.done()
    last = ""
    for _ in range(100):
        last = log.publish("stores.updated", id=UNKNOWN, name="Corner shop", slug="corner")
        if int(last.partition("=")[2].partition("-")[0]) >= milliseconds + 100:
            break
    response = await asking
    assert (await response.json())[0]["name"] == "Corner shop"
    assert response.headers["X-Position"] == last


async def test_the_wait_has_an_end(get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    """503 with Retry-After: the position may yet be reached."""
    monkeypatch.setattr(engine_views, "PATIENCE", 0.1)
    response = await get("/api/v1/stores", X_Min_Position="cartsnitch.stores=1763699999999-0")
    problem = await response.json()
    assert (response.status, problem["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert response.headers["Retry-After"] == "1"
    assert "has not reached cartsnitch.stores=1763699999999-0" in problem["detail"]


@pytest.mark.parametrize("where", ["cartsnitch.users=1763699999999-0", "", "cartsnitch.stores=0"])
async def test_what_a_projection_does_not_read_is_not_waited_for(get: Get, where: str) -> None:
    """A client sends the position that it got, whatever streams are in it."""
    assert (await get("/api/v1/stores", X_Min_Position=where)).status == 200


@pytest.mark.parametrize("where", ["nonsense", "=1-0", "a=b", "a=1-0-0", "a=-1", "a=1-9999999", f"a={'9' * 5000}"])
async def test_a_malformed_position_is_refused(refused: Refused, where: str) -> None:
    """As a parameter would be."""
    assert await refused("/api/v1/stores", X_Min_Position=where) == [("X-Min-Position", "position_invalid")]


async def test_lag_is_what_the_monitor_says(client: Client, monitor: Watched) -> None:
    """In seconds."""
    monitor.lag = 12.34567
    response = await client.get("/api/v1/products", headers=bearer())
    assert response.headers["X-Projection-Lag"] == "12.346"
