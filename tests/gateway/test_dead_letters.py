"""The operators' routes for dead letters: who may, what is asked, and what is refused."""

from typing import Any

import pytest

from readmodel.engine.folding.lease import TTL, Leases
from readmodel.stores.leases import LeaseTable
from tests.gateway.conftest import SERVICE_KEY, Client, bearer

PATH = "/api/v1/ops/dead-letters"
ONE = f"{PATH}/products/postgres/cartsnitch.products/7-0"
KEY = {"X-Service-Key": SERVICE_KEY}
LETTER = {
    "projection": "products",
    "version": 2,
    "store": "postgres",
    "stream": "cartsnitch.products",
    "position": "7-0",
    "state": "open",
    "event_type": None,
    "error": "not JSON",
    "bytes": 7,
    "discarded_at": None,
    "discarded_by": None,
    "discarded_for": None,
}


async def told(client: Client, method: str, path: str, **headers: str) -> tuple[int, Any]:
    """An operator's answer: its status, and its JSON without what no test can know."""
    response = await client.request(method, path, headers=headers or KEY)
    body = await response.json()
    for letter in body.get("letters", [body]):
        letter.pop("since", None)
    return response.status, body


@pytest.mark.parametrize(("method", "path"), [("GET", PATH), ("GET", ONE), ("POST", f"{PATH}/retry?all=true")])
async def test_operators_only(method: str, path: str, client: Client) -> None:
    """Without credentials 401, as a user 403, as an admin or with the service key it is answered."""
    statuses = [
        (await client.request(method, path, headers=headers)).status
        for headers in ({}, bearer(), {"X-Service-Key": "guessed"}, bearer(role="admin"), KEY)
    ]
    assert statuses == [401, 403, 401, 200, 200]


async def test_the_list_and_its_filters(client: Client) -> None:
    """Every filter lets the letter through, or keeps it back."""
    for query in ("", "projection=products", "projection=products@postgres", "error=NOT%20json", "position=7-0",
                  "stream=cartsnitch.products", "state=all", "limit=1"):  # fmt: skip
        assert await told(client, "GET", f"{PATH}?{query}") == (200, {"total": 1, "letters": [LETTER]}), query
    for query in ("projection=stores", "error=%25", "type=cartsnitch.products.removed", "state=discarded",
                  "position=7-1", "stream=cartsnitch.prices"):  # fmt: skip
        assert await told(client, "GET", f"{PATH}?{query}") == (200, {"total": 0, "letters": []}), query


async def test_one_letter_whole(client: Client) -> None:
    """What is no JSON is shown as text, with what is no UTF-8 escaped."""
    assert await told(client, "GET", ONE) == (200, LETTER | {"event": None, "text": r"{nope \xff"})


async def test_a_letter_that_stays_wrong(client: Client) -> None:
    """A retry says what is wrong with it today."""
    status, body = await told(client, "POST", f"{PATH}/retry?projection=products")
    (letter,) = body["letters"]
    assert (status, body["retried"], body["refused"]) == (200, 0, 1)
    assert "not JSON (str is not valid UTF-8" in letter["error"]


async def test_discarding_is_signed(client: Client) -> None:
    """By an admin with their own name, whatever they say; it is kept, and no longer open."""
    decided = f"{PATH}/discard?position=7-0&reason=a%20test&by=somebody"
    assert await told(client, "POST", decided, **bearer("user-anna", "admin")) == (200, {"discarded": 1})
    _, whole = await told(client, "GET", ONE)
    assert (whole["state"], whole["discarded_by"], whole["discarded_for"]) == ("discarded", "user-anna", "a test")
    assert whole["text"] == r"{nope \xff"
    assert await told(client, "GET", PATH) == (200, {"total": 0, "letters": []})
    assert (await told(client, "POST", f"{PATH}/discard?position=7-0"))[0] == 404
    assert await told(client, "POST", f"{PATH}/discard?all=true") == (200, {"discarded": 0})


@pytest.mark.parametrize(
    ("method", "path", "status", "detail"),
    [
        ("GET", f"{PATH}?projection=nonsense", 404, "There is no projection 'nonsense'; there are "),
        ("GET", ONE.replace("7-0", "7-1"), 404, "There is no dead letter of products@postgres in cartsnitch.products"),
        ("GET", ONE.replace("7-0", f"{2**50}-0"), 404, "lies beyond what this service can order"),
        ("GET", f"{PATH}?position=seven", 422, "1 wrong parameter"),
        ("GET", f"{PATH}?limit=1001", 422, "1 wrong parameter"),
        ("POST", f"{PATH}/retry", 422, "Say which dead letters"),
        ("POST", f"{PATH}/discard", 422, "Say which dead letters"),
        ("POST", f"{PATH}/retry?type=a.b&error=c", 404, "no open dead letter of type a.b whose error contains 'c'."),
    ],
)
async def test_what_is_asked_wrongly(method: str, path: str, status: int, detail: str, client: Client) -> None:
    """The answer names what was asked."""
    found, body = await told(client, method, path)
    assert (found, detail in body["detail"]) == (status, True), body


async def test_what_another_process_keeps(client: Client, database: str) -> None:
    """Only the owner may retry: while another holds the lease it is a conflict that says so."""
    other = Leases(LeaseTable(database, "another", TTL * 100))
    await other.hold("products@postgres v2", lambda: None)
    status, body = await told(client, "POST", f"{PATH}/retry?projection=products")
    await other.close()
    assert (status, "another process holds its lease" in body["detail"]) == (409, True), body
