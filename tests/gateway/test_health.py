import pytest

from tests.gateway.conftest import Client, Watched


@pytest.mark.parametrize("path", ["/livez", "/health"])
@pytest.mark.parametrize("ready", [True, False])
async def test_a_process_that_catches_up_is_alive(closed: Client, monitor: Watched, path: str, ready: bool) -> None:
    """No restart makes it faster."""
    monitor.state = (ready, "prices is catching up")
    response = await closed.get(path)
    assert (response.status, await response.json()) == (200, {"status": "ok", "ready": ready})
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/readyz", "/ready"])
async def test_readiness_is_what_the_monitor_says(
    closed: Client, monitor: Watched, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The reason may name hosts, so it is for the log."""
    assert await (await closed.get(path)).json() == {"status": "ready"}
    monitor.state = (False, "db-7 does not answer")
    response = await closed.get(path)
    assert (response.status, (await response.json())["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert response.headers["Retry-After"] == "1"
    assert "db-7" not in await response.text()
    assert "db-7" in caplog.text
