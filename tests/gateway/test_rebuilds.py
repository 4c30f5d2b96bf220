"""Rebuilds over HTTP: a line a step, refusals as problems, and operators only."""

import json

import pytest

from tests.gateway.conftest import Client, bearer

PATH = "/api/v1/ops/rebuild"


async def test_each_step_is_a_line_and_the_last_is_the_outcome(client: Client) -> None:
    """Newline-delimited JSON, so that progress can be shown as it comes."""
    response = await client.post(f"{PATH}?projection=products&swap=false", headers=bearer(role="admin"))
    assert response.headers["Content-Type"] == "application/x-ndjson"
    assert [json.loads(line) for line in (await response.text()).splitlines()] == [
        {"projection": "products", "phase": "writing", "done": 1, "of": None, "rate": 2.5, "eta_seconds": None},
        {"projection": "products", "outcome": {"live": False, "diff": None, "until": None}},
    ]


async def test_what_goes_wrong_on_the_way_is_the_last_line(client: Client) -> None:
    """The status has been sent by then, so the error takes the place of the outcome."""
    response = await client.post(f"{PATH}?projection=broken", headers=bearer(role="admin"))
    *_, last = (await response.text()).splitlines()
    assert json.loads(last) == {"error": "broken is not rebuilt: its history is torn"}


@pytest.mark.parametrize(("name", "status", "code"), [("nothing", 404, "NOT_FOUND"), ("busy", 409, "CONFLICT")])
async def test_what_cannot_begin_is_a_problem(client: Client, name: str, status: int, code: str) -> None:
    """Before the first line there is a status to say it with."""
    response = await client.post(f"{PATH}?projection={name}", headers=bearer(role="admin"))
    assert (response.status, (await response.json())["code"]) == (status, code)


async def test_only_operators_rebuild(client: Client) -> None:
    """A user is refused."""
    response = await client.post(f"{PATH}?projection=products", headers=bearer())
    assert response.status == 403
