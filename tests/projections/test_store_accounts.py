"""Which shops' receipts are read for whom, and how that goes."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from readmodel.engine.paging import Page
from readmodel.testing.given import Document, Given, event

KROGER, MEIJER = "11111111-0000-4000-8000-000000000001", "11111111-0000-4000-8000-000000000002"
ADAS = {"user_id": "ada", "by_slug": False}
NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)
STORE = event("stores.updated", {"id": KROGER, "name": "Kroger", "slug": "kroger", "logo_url": "/kroger.svg"})


@pytest.fixture
def names() -> Sequence[str]:
    return ("store_accounts", "stores")


def account(verb: str, user_id: str = "ada", store: str = "kroger", **fields: object) -> Document:
    named = {"store_id": store} if "-" in store else {"store_slug": store}
    return event(f"accounts.{verb}", {"user_id": user_id, **named, **fields}, time=NOON.isoformat())


def shown(**fields: Any) -> dict[str, Any]:
    return {
        "id": KROGER,
        "name": "Kroger",
        "slug": "kroger",
        "logo_url": "/kroger.svg",
        "supported": True,
        "connected": True,
        "last_sync_at": None,
        "sync_status": "never",
        "items_synced": None,
        **fields,
    }


def unknown(ref: str, **fields: Any) -> dict[str, Any]:
    """A shop that goes by what it was called."""
    called: dict[str, Any] = {"id": ref, "name": ref, "slug": ref}
    return shown(**called, logo_url=None, supported=False, **fields)


async def test_an_account_is_connected_until_it_is_not(log: Given) -> None:
    """The newest of the two says which."""
    log.events(STORE)
    answers: list[dict[str, Any]] = []
    for verb in ("connected", "disconnected", "connected"):
        log.events(account(verb))
        answers += await log.answer("accounts_of_user", **ADAS)

    assert answers == [shown(), shown(connected=False), shown()]


@pytest.mark.parametrize(
    ("verb", "status"),
    [
        ("sync_started", {"sync_status": "running"}),
        ("sync_completed", {"sync_status": "completed", "last_sync_at": NOON, "items_synced": 7}),
        ("sync_failed", {"sync_status": "failed"}),
    ],
)
async def test_a_sync_alone_tells_of_an_account(log: Given, verb: str, status: dict[str, object]) -> None:
    """It ran, so the account must have been connected; only a complete one says when receipts were fetched last."""
    log.events(STORE, account(verb, items_synced=7, job_id="j-1", error="none"))

    assert await log.answer("accounts_of_user", **ADAS) == [shown(**status)]


async def test_the_last_complete_sync_stays_known(log: Given) -> None:
    """While the next one runs, and after it failed; `at` says when, else the envelope."""
    morning = datetime(2024, 3, 1, 8, tzinfo=UTC)
    steps = [
        account("sync_completed", at="2024-03-01T08:00:00Z", items_synced=7),
        account("sync_started"),
        account("sync_failed", error="the shop is closed"),
        account("sync_completed"),
    ]
    log.events(STORE)
    answers: list[dict[str, Any]] = []
    for step in steps:
        log.events(step)
        answers += await log.answer("accounts_of_user", **ADAS)

    first = {"last_sync_at": morning, "items_synced": 7}
    assert answers == [
        shown(sync_status="completed", **first),
        shown(sync_status="running", **first),
        shown(sync_status="failed", **first),
        shown(sync_status="completed", last_sync_at=NOON),
    ]


async def test_connection_and_sync_are_told_apart(log: Given) -> None:
    """A sync that ends after the user took the connection back does not connect it again, nor the other way round."""
    log.events(STORE, account("connected"), account("sync_started"), account("disconnected"), account("sync_failed"))

    assert await log.answer("accounts_of_user", **ADAS) == [shown(connected=False, sync_status="failed")]


@pytest.mark.parametrize(("first", "second"), [("kroger", KROGER), (KROGER, "kroger")])
async def test_a_shop_by_slug_and_by_id_is_one_account(log: Given, first: str, second: str) -> None:
    """Of each thing the newest holds, however the event named the shop; two accounts until somebody knows it."""
    log.events(
        account("connected", store=first),
        account("sync_completed", store=first, items_synced=7),
        account("disconnected", store=second),
        account("sync_started", store=second),
        account("connected", store=first),
    )

    before = await log.answer("accounts_of_user", **ADAS)
    log.events(STORE)
    after = await log.answer("accounts_of_user", **ADAS)

    done = unknown(first, sync_status="completed", last_sync_at=NOON, items_synced=7)
    begun = unknown(second, connected=False, sync_status="running")
    assert before == sorted([done, begun], key=lambda row: str(row["id"]))
    assert after == [shown(sync_status="running", last_sync_at=NOON, items_synced=7)]


async def test_a_newer_event_that_says_nothing_of_it_clears_nothing(log: Given) -> None:
    """Under its id only the connection was heard of, and later: what the slug knows of syncs stays."""
    log.events(STORE, account("sync_failed"), account("disconnected"), account("connected", store=KROGER))

    assert await log.answer("accounts_of_user", **ADAS) == [shown(sync_status="failed")]


async def test_accounts_are_listed_by_name_or_by_slug(log: Given) -> None:
    """A shop that nobody knows stands where what it was called belongs, and two of one name by their ids."""
    stores = {KROGER: ("Twin", "b"), MEIJER: ("Twin", "a")}
    log.events(
        *(event("stores.updated", {"id": key, "name": name, "slug": slug}) for key, (name, slug) in stores.items()),
        *(account("connected", store=store) for store in (MEIJER, KROGER, "aa", "Zoo")),
    )

    async def listed(by_slug: bool) -> list[str]:
        rows, total = await log.page("accounts_of_user", Page(limit=10), **{**ADAS, "by_slug": by_slug})
        assert total == len(rows)
        return [row["slug"] for row in rows]

    assert await listed(by_slug=False) == ["b", "a", "Zoo", "aa"]
    assert await listed(by_slug=True) == ["Zoo", "a", "aa", "b"]


async def test_another_user_s_accounts_are_not_mine(log: Given) -> None:
    """User ids are compared exactly."""
    log.events(STORE, account("connected"), account("disconnected", "bob"), account("sync_failed", "bob"))

    assert await log.answer("accounts_of_user", **ADAS) == [shown()]
    bobs = await log.answer("accounts_of_user", **{**ADAS, "user_id": "bob"})
    assert bobs == [shown(connected=False, sync_status="failed")]
    for stranger in ("Ada", "ada ", "cleo"):
        assert await log.answer("accounts_of_user", **{**ADAS, "user_id": stranger}) == []


async def test_an_erased_user_has_no_accounts_ever(log: Given) -> None:
    """Neither those from before, nor what is heard afterwards; other users keep theirs."""
    mine = [account("connected"), account("sync_started"), account("sync_completed", store=MEIJER)]
    log.events(STORE, *mine, account("connected", "bob"))
    log.events(event("users.erased", {"user_id": "ada"}))
    log.events(*mine)

    assert await log.answer("accounts_of_user", **ADAS) == []
    assert [row["user_id"] for row in await log.rows("accounts")] == ["bob"]
