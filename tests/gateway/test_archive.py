"""The operators' routes for the archive and for what is lost: who may, what is asked, and what is refused."""

import pytest

from readmodel.engine.views import Views
from tests.gateway.conftest import ANNA, SERVICE_KEY, Lost, Watched, bearer, operators, serving

KEY = {"X-Service-Key": SERVICE_KEY}
GAP = "/api/v1/ops/gaps/cartsnitch.prices"


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/api/v1/ops/archive"), ("GET", GAP), ("POST", f"{GAP}?lost_after=7-0")]
)
async def test_operators_only(method: str, path: str, monitor: Watched) -> None:
    """Without credentials 401, as a user 403, as an admin or with the service key it is answered."""
    async with serving(Views([], {}), monitor) as client:
        statuses = [
            (await client.request(method, path, headers=headers)).status
            for headers in ({}, bearer(), bearer(role="admin"), KEY)
        ]
    assert statuses == [401, 403, 200, 200]


@pytest.mark.parametrize(
    ("method", "path", "status", "complaint"),
    [
        ("GET", "/api/v1/ops/gaps/cartsnitch.stores", 404, "Nothing of cartsnitch.stores is missing"),
        ("POST", f"{GAP}?lost_after=6-0", 409, "it begins after 7-0"),
        ("POST", GAP, 422, "wrong parameter"),
    ],
)
async def test_what_is_refused(method: str, path: str, status: int, complaint: str, monitor: Watched) -> None:
    """Nothing lost is 404; what is no longer as it was shown is 409, so that nobody accepts what they have not seen."""
    async with serving(Views([], {}), monitor) as client:
        answer = await client.request(method, path, headers=KEY)
        problem = await answer.json()
    assert (answer.status, complaint in problem["detail"]) == (status, True), problem


async def test_who_accepts_and_why_is_kept(monitor: Watched) -> None:
    """An admin's token says who it is; who shows the service key says it."""
    losses = Lost()
    async with serving(Views([], {}), monitor, operators=operators(losses=losses)) as client:
        await client.post(f"{GAP}?lost_after=7-0&by=ops&reason=disk%20died", headers=KEY)
        await client.post(f"{GAP}?lost_after=7-0&by=ops", headers=bearer(role="admin"))
    assert losses.accepted == [("ops", "disk died"), (ANNA, None)]
