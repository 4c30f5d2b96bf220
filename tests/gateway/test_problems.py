import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from readmodel.engine.views import ProjectionNotReady, Views
from readmodel.stores.store import StoreUnavailable
from tests.gateway.conftest import Client, Watched, bearer, serving

PROBLEM = {"type": "about:blank", "request_id": "r-1"}
NAMED = {"X-Request-Id": "r-1"}


class Broken(Views):
    """Views of a store that does not answer, or of an engine with a bug."""

    def __init__(self, error: Exception) -> None:
        super().__init__([], {})
        self._error = error

    @asynccontextmanager
    async def reading(self, *names: str, at_least: Any = None) -> AsyncIterator[Any]:
        raise self._error
        yield


async def test_what_is_not_there_is_a_problem_too(closed: Client) -> None:
    """The router's own 404."""
    response = await closed.get("/api/v1/nonsense?q=1", headers=NAMED)
    assert (response.status, response.content_type) == (404, "application/problem+json")
    assert await response.json() == {
        **PROBLEM,
        "title": "Not Found",
        "status": 404,
        "detail": "There is nothing here.",
        "instance": "/api/v1/nonsense",
        "code": "NOT_FOUND",
    }


async def test_a_wrong_method_says_which_are_right(closed: Client) -> None:
    """The router's own 405, with Allow."""
    response = await closed.delete("/api/v1/stores", headers=NAMED)
    assert await response.json() == {
        **PROBLEM,
        "title": "Method Not Allowed",
        "status": 405,
        "detail": "DELETE is not possible here.",
        "instance": "/api/v1/stores",
        "code": "METHOD_NOT_ALLOWED",
    }
    assert response.headers["Allow"] == "GET,HEAD"


async def test_a_bug_is_logged_and_not_shown(monitor: Watched, caplog: pytest.LogCaptureFixture) -> None:
    """500 with the id under which the log says more; no stack trace and no SQL."""
    async with serving(Broken(KeyError("SELECT secret FROM users")), monitor) as client:
        response = await client.get("/api/v1/stores", headers=NAMED)
        problem = await response.json()
    assert problem == {
        **PROBLEM,
        "title": "Internal Server Error",
        "status": 500,
        "detail": "Something went wrong here. The log says more under this request_id.",
        "instance": "/api/v1/stores",
        "code": "INTERNAL_ERROR",
    }
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.exc_info
    assert "r-1" in record.getMessage()


async def test_a_store_that_is_away_is_unavailable(monitor: Watched, caplog: pytest.LogCaptureFixture) -> None:
    """503 with Retry-After; what the store said is for the log only."""
    async with serving(Broken(StoreUnavailable(store="Postgres", reason="db-7 refused")), monitor) as client:
        response = await client.get("/api/v1/stores", headers=NAMED)
        problem = await response.json()
    assert problem == {
        **PROBLEM,
        "title": "Service Unavailable",
        "status": 503,
        "detail": "The data cannot be read at the moment. Try again.",
        "instance": "/api/v1/stores",
        "code": "SERVICE_UNAVAILABLE",
    }
    assert response.headers["Retry-After"] == "5"
    assert "db-7 refused" in caplog.text


async def test_before_the_first_start_nothing_is_ready(monitor: Watched) -> None:
    """A projection without a live version is unavailable, not unknown."""
    async with serving(Broken(ProjectionNotReady(name="stores", version=1)), monitor) as client:
        response = await client.get("/api/v1/stores")
        problem = await response.json()
    assert (response.status, problem["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert response.headers["Retry-After"] == "5"


@pytest.mark.parametrize("sane", ["r-1", "01HF:abc/def+x=", "a" * 128])
async def test_a_sane_request_id_is_kept(closed: Client, sane: str) -> None:
    """On whatever is answered."""
    for path in ("/livez", "/nonsense", "/openapi.json"):
        assert (await closed.get(path, headers={"X-Request-Id": sane})).headers["X-Request-Id"] == sane


@pytest.mark.parametrize("other", ["", " ", "a b", "<script>", "a" * 129, "-", "é"])
async def test_any_other_request_id_is_replaced(closed: Client, other: str) -> None:
    """By a UUID."""
    response = await closed.get("/nonsense", headers={"X-Request-Id": other})
    assert UUID(response.headers["X-Request-Id"])
    assert (await response.json())["request_id"] == response.headers["X-Request-Id"]


@pytest.mark.parametrize(
    "target",
    [b"/\xff\xfe", b"/api/v1/products/\xff", b"/api/v1/products?q=\xff", b"/%ff%00", b"/api/v1/products?category=%ff"],
)
async def test_bytes_that_are_no_text_are_an_error_of_the_client(client: Client, target: bytes) -> None:
    """Never a 500, whatever the address is made of."""
    assert client.port
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    token = bearer()["Authorization"].encode()
    writer.write(
        b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: " + token + b"\r\n\r\n"
    )
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    assert int(head.split()[1]) in (400, 404, 422), head
    if b"problem+json" in head:
        assert json.loads(body)["request_id"]
