import pytest

from tests.gateway.conftest import FRONTEND, Client

PREFLIGHT = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}


@pytest.mark.parametrize("path", ["/livez", "/api/v1/purchases", "/nonsense", "/openapi.json"])
async def test_a_listed_origin_may_read_every_answer(closed: Client, path: str) -> None:
    """With credentials, also errors."""
    response = await closed.get(path, headers={"Origin": FRONTEND})
    assert response.headers["Access-Control-Allow-Origin"] == FRONTEND
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    assert "X-Position" in response.headers["Access-Control-Expose-Headers"]
    assert response.headers["Vary"] == "Origin"


@pytest.mark.parametrize("origin", ["https://evil.example", f"{FRONTEND}.evil.example", "null", FRONTEND.upper(), None])
@pytest.mark.parametrize("path", ["/livez", "/nonsense"])
async def test_no_other_origin_may(closed: Client, path: str, origin: str | None) -> None:
    """Nothing is said to it, but caches are told that the answer depends on the origin."""
    response = await closed.get(path, headers={"Origin": origin} if origin else {})
    assert not [name for name in response.headers if name.startswith("Access-Control")]
    assert response.headers["Vary"] == "Origin"


async def test_a_preflight_is_answered_before_anything_is_checked(closed: Client) -> None:
    """It carries no credentials."""
    response = await closed.options("/api/v1/purchases", headers={"Origin": FRONTEND, **PREFLIGHT})
    assert (response.status, await response.read()) == (204, b"")
    assert response.headers["Access-Control-Allow-Origin"] == FRONTEND
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    assert "PATCH" in response.headers["Access-Control-Allow-Methods"]
    assert {"Authorization", "X-Min-Position"} <= set(response.headers["Access-Control-Allow-Headers"].split(", "))
    assert response.headers["Access-Control-Max-Age"] == "600"
    assert response.headers["Vary"] == "Origin"


async def test_a_preflight_of_another_origin_is_refused(closed: Client) -> None:
    """Without a permission for anybody."""
    response = await closed.options("/api/v1/purchases", headers={"Origin": "https://evil.example", **PREFLIGHT})
    assert (response.status, (await response.json())["code"]) == (403, "FORBIDDEN")
    assert "Access-Control-Allow-Origin" not in response.headers
    assert response.headers["Vary"] == "Origin"


async def test_options_without_a_preflight_is_a_wrong_method(closed: Client) -> None:
    """As every method that a path does not take."""
    assert (await closed.options("/api/v1/stores", headers={"Origin": FRONTEND})).status == 405
