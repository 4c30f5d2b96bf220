"""Whose events they are."""

import json

import pytest

from readmodel.engine.erasure.subject import Subject, SubjectInvalid
from readmodel.engine.projection import Erasure
from readmodel.events.envelope import Entry
from readmodel.events.users import UserErased

ADA = Subject(Erasure(UserErased, "user_id"), "ada-1")


def event(kind: str, **data: object) -> bytes:
    """An event of the stream of users."""
    return json.dumps({"type": f"cartsnitch.users.{kind}", "source": "t", "data": data}).encode()


@pytest.mark.parametrize(
    ("raw", "is_hers"),
    [
        (event("registered", user_id="ada-1"), True),
        (event("registered", user_id="ada-1").replace(b"ada-1", b"\\u0061da-1"), True),
        (event("registered", user_id="bob", display_name="friend of ada-1"), False),
        (event("registered", user_id="ada-1", email=7), True),
        (event("erased", user_id="ada-1"), False),
        (event("waved", to="ada-1"), True),
        (event("waved", to="ada-12"), False),
        (event("waved", to="bob-ada-1"), False),
        (b'{"user": "ADA-1", ', True),
        (b"no json and nobody", False),
    ],
)
def test_events_of_a_contract_by_their_column_and_others_by_the_word(raw: bytes, is_hers: bool) -> None:
    """What a contract reads is told by its column alone; only what none reads is searched. The erasing event stays."""
    assert ADA.owns("cartsnitch.users", [Entry(7, raw)]) == ({7} if is_hers else set())


def test_an_id_that_no_contract_takes() -> None:
    """It is refused before anything is published; the error shows its beginning."""
    with pytest.raises(SubjectInvalid, match=r"'x{80}' is no user_id: String should have at most 64 characters"):
        _ = Subject(ADA.erasure, "x" * 100).event_data
