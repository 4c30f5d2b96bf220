"""Erasing a user over HTTP."""

import json

from tests.gateway.conftest import Client, bearer

PATH = "/api/v1/ops/erase-user"


async def test_the_last_line_is_the_record(client: Client) -> None:
    """Steps come as they are done; who asked is known from the token, whatever the request says."""
    response = await client.post(f"{PATH}?user=ada&by=somebody", headers=bearer(role="admin"))
    first, last = map(json.loads, (await response.text()).splitlines())
    assert (first["phase"], last["outcome"]["erased"]) == ("looking", "ada")
    assert last["outcome"]["by"] != "somebody"


async def test_only_operators_erase(client: Client) -> None:
    """A user is refused, also with a user's own id."""
    assert (await client.post(f"{PATH}?user=ada", headers=bearer())).status == 403
