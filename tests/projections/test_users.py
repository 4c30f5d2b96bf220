"""Where users send e-mailed receipts."""

from collections.abc import Sequence

import pytest

from readmodel.testing.given import Document, Given, event


@pytest.fixture
def names() -> Sequence[str]:
    return ("users",)


def registered(user_id: str = "ada", **fields: object) -> Document:
    return event("users.registered", {"user_id": user_id, "email": "ada@example.org", **fields})


async def test_a_registration_brings_a_token(log: Given) -> None:
    """It is the user's own; ids are compared exactly."""
    log.events(registered(email_inbound_token="t-1"), registered("bob", email_inbound_token="t-2"))

    assert await log.answer("email_inbox_of_user", user_id="ada") == [{"token": "t-1"}]
    assert await log.answer("email_inbox_of_user", user_id="bob") == [{"token": "t-2"}]
    assert await log.answer("email_inbox_of_user", user_id="Ada") == []


async def test_the_newest_token_holds(log: Given) -> None:
    """A later registration without one, or with null, takes none away."""
    log.events(
        registered(email_inbound_token="old"),
        registered(email_inbound_token="new"),
        registered(),
        registered(email_inbound_token=None),
    )

    assert await log.answer("email_inbox_of_user", user_id="ada") == [{"token": "new"}]


async def test_a_user_may_have_no_token(log: Given) -> None:
    """Then nothing is kept of the user at all."""
    log.events(registered())

    assert await log.answer("email_inbox_of_user", user_id="ada") == []
    assert await log.rows("email_inboxes") == []


async def test_an_erased_user_s_token_is_forgotten(log: Given) -> None:
    """Also one that comes afterwards; other users keep theirs."""
    log.events(registered(email_inbound_token="t-1"), registered("bob", email_inbound_token="t-2"))
    log.events(event("users.erased", {"user_id": "ada"}))
    log.events(registered(email_inbound_token="t-3"))

    assert await log.answer("email_inbox_of_user", user_id="ada") == []
    assert [row["user_id"] for row in await log.rows("email_inboxes")] == ["bob"]
