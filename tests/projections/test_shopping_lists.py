"""What users mean to buy."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from readmodel.engine.paging import Page
from readmodel.testing.given import Document, Given, event

WEEKLY, PARTY, BAKING = (f"77777777-0000-4000-8000-00000000000{digit}" for digit in "123")
NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def names() -> Sequence[str]:
    return ("shopping_lists",)


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def saved(minutes: int, *items: str, list_id: str = WEEKLY, user_id: str = "ada", name: str = "Weekly") -> Document:
    """A list as it was saved some minutes after noon."""
    things = [{"name": item, "quantity": 1} for item in items]
    payload = {"id": list_id, "user_id": user_id, "name": name, "items": things}
    return event("shopping_lists.saved", payload, time=at(minutes).isoformat())


def removed(list_id: str = WEEKLY, user_id: str = "ada") -> Document:
    return event("shopping_lists.removed", {"id": list_id, "user_id": user_id})


def shown(created: int, updated: int, item_count: int = 0, list_id: str = WEEKLY, **fields: Any) -> dict[str, Any]:
    """A list that was created and changed so many minutes after noon."""
    return {
        "id": UUID(list_id),
        "name": "Weekly",
        "item_count": item_count,
        "created_at": at(created),
        "updated_at": at(updated),
        **fields,
    }


async def lists(log: Given, user_id: str = "ada") -> list[dict[str, Any]]:
    return await log.answer("lists_of_user", user_id=user_id)


async def test_a_list_is_counted(log: Given) -> None:
    """With one event it was created and changed at once."""
    log.events(saved(5, "milk", "oats", name="For Sunday"))

    assert await lists(log) == [shown(5, 5, 2, name="For Sunday")]


async def test_the_newest_state_holds_and_the_first_moment_stays(log: Given) -> None:
    """Name, items and the moment of change are of the last event, the moment of creation is of the first."""
    log.events(saved(0, "milk", name="Untitled"), saved(7, "milk", "oats"), saved(9))

    assert await lists(log) == [shown(0, 9)]


async def test_first_and_last_are_told_by_position(log: Given) -> None:
    """Clocks of publishers differ; the log's order counts."""
    log.events(saved(8, "milk"), saved(1), saved(3, "milk", "oats"))

    assert await lists(log) == [shown(8, 3, 2)]


async def test_a_removed_list_is_hidden(log: Given) -> None:
    """It alone, and for good where nobody saves it again."""
    log.events(saved(0), saved(1, list_id=PARTY), removed())

    assert await lists(log) == [shown(1, 1, list_id=PARTY)]


async def test_a_list_that_is_saved_again_is_as_old_as_it_was(log: Given) -> None:
    """It is changed then, but created when it was first saved."""
    log.events(saved(0, "milk"), saved(1), removed(), saved(6, "oats", name="Again"))

    assert await lists(log) == [shown(0, 6, 1, name="Again")]


async def test_a_list_is_hidden_after_each_removal(log: Given) -> None:
    """Call by call, as it happens."""
    log.events(saved(0), removed())
    gone = await lists(log)
    log.events(saved(4))
    back = await lists(log)
    log.events(removed())
    gone_again = await lists(log)

    assert (gone, back, gone_again) == ([], [shown(0, 4)], [])


async def test_a_removal_of_what_was_never_saved_shows_nothing(log: Given) -> None:
    """A list that is saved after it is created then."""
    log.events(removed())
    nothing = await lists(log)
    log.events(saved(2))

    assert (nothing, await lists(log)) == ([], [shown(2, 2)])


async def test_the_last_changed_come_first(log: Given) -> None:
    """By id where they were changed at the same moment."""
    log.events(saved(3, list_id=PARTY), saved(5, list_id=BAKING), saved(0), saved(3))

    ordered = [shown(5, 5, list_id=BAKING), shown(0, 3), shown(3, 3, list_id=PARTY)]
    assert await lists(log) == ordered
    assert await log.page("lists_of_user", Page(limit=1, offset=1), user_id="ada") == (ordered[1:2], 3)


async def test_one_id_sent_for_two_users_is_two_lists(log: Given) -> None:
    """Nobody can change or remove another's list by using its id; user ids are compared exactly."""
    log.events(saved(0, "milk"), saved(1, user_id="mallory", name="Mine now"), removed(user_id="Ada"))
    log.events(removed(user_id="mallory"))

    assert await lists(log) == [shown(0, 0, 1)]
    assert await lists(log, "mallory") == []
    assert await lists(log, "Ada") == []


async def test_an_erased_user_has_no_lists_ever(log: Given) -> None:
    """Neither those from before, nor one that is saved afterwards; other users keep theirs."""
    log.events(saved(0), removed(PARTY), saved(0, user_id="bob"))
    log.events(event("users.erased", {"user_id": "ada"}))
    log.events(saved(2), saved(3, list_id=BAKING), removed(PARTY))

    assert await lists(log) == []
    assert await lists(log, "bob") == [shown(0, 0)]
    assert {row["user_id"] for row in await log.rows("lists")} == {"bob"}


async def test_an_erasure_may_overtake_what_it_erases(log: Given) -> None:
    """When the erasure is folded first, older lists that come after it stay out as well."""
    log.events(event("users.erased", {"user_id": "ada"}), saved(0), removed())

    assert await log.rows("lists") == []
