import pytest
from pydantic import TypeAdapter
from yarl import URL

from gateway.routes.shopping import ShoppingList
from tests.gateway.conftest import ANNA, BEN, Ask, Get, Log, Payload, Refused

WEEKLY, PARTY, BAKING = (f"77777777-0000-4000-8000-00000000000{digit}" for digit in "123")
LISTS = "/api/v1/shopping/lists"


@pytest.fixture
def saved(log: Log) -> Log:
    """Three lists of Anna's, the last of which is thrown away, and one of Ben's."""
    milk: Payload = {"name": "milk", "quantity": "0.5"}
    mine: Payload = {"user_id": ANNA}
    log.publish("shopping_lists.saved", "2025-11-10T08:00:00+01:00", id=WEEKLY, name="Weekly", items=[], **mine)
    log.publish("shopping_lists.saved", "2025-11-12T08:00:00Z", id=PARTY, name="Party", items=[milk], **mine)
    log.publish("shopping_lists.saved", "2025-11-13T08:00:00.5Z", id=WEEKLY, name="Week", items=[milk, milk], **mine)
    log.publish("shopping_lists.saved", "2025-11-14T08:00:00Z", id=BAKING, name="Baking", items=[], **mine)
    log.publish("shopping_lists.removed", id=BAKING, **mine)
    log.publish("shopping_lists.saved", "2025-11-15T08:00:00Z", id=PARTY, name="Ben's", items=[], user_id=BEN)
    return log


WEEK = {
    "id": WEEKLY,
    "name": "Week",
    "item_count": 2,
    "created_at": "2025-11-10T07:00:00Z",
    "updated_at": "2025-11-13T08:00:00.500000Z",
}
FOR_THE_PARTY = {
    "id": PARTY,
    "name": "Party",
    "item_count": 1,
    "created_at": "2025-11-12T08:00:00Z",
    "updated_at": "2025-11-12T08:00:00Z",
}
BENS = {
    **FOR_THE_PARTY,
    "name": "Ben's",
    "item_count": 0,
    "created_at": "2025-11-15T08:00:00Z",
    "updated_at": "2025-11-15T08:00:00Z",
}


@pytest.mark.usefixtures("saved")
async def test_users_see_their_own_lists_last_changed_first(ask: Ask) -> None:
    """Without those thrown away, and nobody else's; times are in UTC."""
    assert await ask(LISTS) == [WEEK, FOR_THE_PARTY]
    assert await ask(LISTS, BEN) == [BENS]
    assert await ask(LISTS, ANNA.upper()) == []


async def test_a_list_that_is_saved_again_keeps_its_age(ask: Ask, saved: Log) -> None:
    """The moment it was created is that of the first event there ever was."""
    saved.publish("shopping_lists.removed", id=WEEKLY, user_id=ANNA)
    assert await ask(LISTS) == [FOR_THE_PARTY]
    saved.publish("shopping_lists.saved", "2025-11-16T08:00:00Z", id=WEEKLY, name="Week", items=[], user_id=ANNA)
    assert await ask(LISTS) == [{**WEEK, "item_count": 0, "updated_at": "2025-11-16T08:00:00Z"}, FOR_THE_PARTY]


async def test_an_erased_user_has_no_lists(ask: Ask, saved: Log) -> None:
    """Other users keep theirs."""
    saved.publish("users.erased", user_id=ANNA)
    assert await ask(LISTS) == []
    assert await ask(LISTS, BEN) == [BENS]


@pytest.mark.usefixtures("saved")
async def test_lists_are_paged(get: Get) -> None:
    """The next part is found by its link."""
    first = await get(f"{LISTS}?page_size=1")
    following = await get(URL(first.links["next"]["url"]).path_qs)
    assert [await first.json(), await following.json()] == [[WEEK], [FOR_THE_PARTY]]
    assert [first.headers["X-Total-Count"], following.headers["X-Total-Count"]] == ["2", "2"]
    assert "next" not in following.links


@pytest.mark.usefixtures("saved")
async def test_lists_are_as_documented(get: Get) -> None:
    """Every field is in the model, of that type, and none is missing."""
    response = await get(LISTS)
    assert TypeAdapter(list[ShoppingList]).validate_json(await response.read(), extra="forbid", strict=True)


async def test_wrong_parts_are_refused(refused: Refused) -> None:
    """Nothing else can be asked."""
    assert await refused(f"{LISTS}?page=0") == [("page", "greater_than_equal")]
    assert await refused(f"{LISTS}?limit=101&offset=x") == [("limit", "less_than_equal"), ("offset", "value_error")]
