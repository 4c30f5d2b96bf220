from typing import Any

import pytest
from yarl import URL

from tests.gateway.conftest import ANNA, BEN, FOODHALL, GREENBASKET, Ask, Client, Get, Log, Payload, Refused

FOODHALLS = {"id": FOODHALL, "name": "Foodhall", "slug": "foodhall", "logo_url": None, "supported": True}
GREENBASKETS = {
    "id": GREENBASKET,
    "name": "Greenbasket",
    "slug": "greenbasket",
    "logo_url": "/green.svg",
    "supported": True,
}
KIOSKS = {"id": "kiosk", "name": "kiosk", "slug": "kiosk", "logo_url": None, "supported": False}


async def test_my_stores_say_how_each_account_stands(ask: Ask, log: Log) -> None:
    """By the shop's name, whether events named it by id or by slug; a shop that nobody knows goes by what was sent."""
    log.publish("accounts.connected", "2025-11-20T08:00:00Z", user_id=ANNA, store_slug="greenbasket")
    done: Payload = {"store_id": GREENBASKET, "at": "2025-11-20T10:00:00.5+01:00", "items_synced": 3}
    log.publish("accounts.sync_completed", user_id=ANNA, **done)
    log.publish("accounts.sync_failed", user_id=ANNA, store_slug="greenbasket", error="closed")
    log.publish("accounts.disconnected", user_id=ANNA, store_slug="foodhall")
    log.publish("accounts.sync_started", user_id=ANNA, store_slug="kiosk")
    log.publish("accounts.disconnected", user_id=BEN, store_slug="kiosk")
    accounts = [
        {"store": FOODHALLS, "connected": False, "last_sync_at": None, "sync_status": "never"},
        {
            "store": GREENBASKETS,
            "connected": True,
            "last_sync_at": "2025-11-20T09:00:00.500000Z",
            "sync_status": "failed",
        },
        {"store": KIOSKS, "connected": True, "last_sync_at": None, "sync_status": "running"},
    ]
    assert await ask("/api/v1/me/stores") == accounts
    assert await ask("/api/v1/me/stores?page=2&page_size=2") == accounts[2:]
    assert await ask("/api/v1/me/stores", BEN) == [{**accounts[2], "connected": False, "sync_status": "never"}]


@pytest.mark.parametrize("path", ["/api/v1/me/stores", "/api/v1/scraping/status"])
async def test_accounts_can_be_followed_one_by_one(get: Get, ask: Ask, log: Log, path: str) -> None:
    """The next link leads to the next account in either order, also between two shops of one name and one slug."""
    log.publish("stores.updated", id=FOODHALL, name="Greenbasket", slug="greenbasket")
    for store in ({"store_id": FOODHALL}, {"store_id": GREENBASKET}, {"store_slug": "kiosk"}, {"store_slug": "Zoo"}):
        log.publish("accounts.connected", user_id=ANNA, **store)
    seen: list[Any] = []
    following: str | None = f"{path}?page_size=1"
    while following:
        response = await get(following)
        seen += await response.json()
        following = URL(response.links["next"]["url"]).path_qs if "next" in response.links else None
    assert len(seen) == 4
    assert seen == await ask(path)


async def test_nobody_has_accounts_at_first(get: Get) -> None:
    """That is an empty list."""
    response = await get("/api/v1/me/stores")
    assert (response.status, response.headers["X-Total-Count"], await response.json()) == (200, "0", [])


async def test_an_erased_user_has_nothing(ask: Ask, get: Get, log: Log) -> None:
    """Neither accounts nor an address, whatever is heard later."""
    for event in ("users.registered", "users.erased", "users.registered"):
        token = {"email_inbound_token": "t-1"} if event == "users.registered" else {}
        log.publish(event, user_id=ANNA, **token)
        log.publish("accounts.connected", user_id=ANNA, store_slug="kiosk")
    assert await ask("/api/v1/me/stores") == []
    assert (await get("/api/v1/me/email-in-address")).status == 404


async def test_receipts_can_be_mailed_in(ask: Ask, log: Log) -> None:
    """To an address of the user's own, made of the newest token."""
    for user_id, token in ((ANNA, "old"), (ANNA, "aZ-09_x"), (BEN, "bens")):
        log.publish("users.registered", user_id=user_id, email_inbound_token=token)
    log.publish("users.registered", user_id=ANNA, email="anna@example.org")
    hers = await ask("/api/v1/me/email-in-address")
    his = await ask("/api/v1/me/email-in-address", BEN)
    assert hers["instructions"].startswith("Forward the receipts that shops e-mail to you to this address")
    assert hers == {
        "email_address": "receipts+aZ-09_x@receipts.cartsnitch.com",
        "instructions": hers["instructions"],
    }
    assert his == {**hers, "email_address": "receipts+bens@receipts.cartsnitch.com"}


async def test_without_a_token_there_is_no_address(get: Get, log: Log) -> None:
    """A user may be known all the same."""
    log.publish("users.registered", user_id="Cleo", display_name="Cleo")
    response = await get("/api/v1/me/email-in-address", "Cleo")
    problem = await response.json()
    assert (response.status, problem["code"]) == (404, "NOT_FOUND")
    assert problem["detail"] == "There is no address for the e-mailed receipts of Cleo."
    assert response.headers["X-Position"].startswith("cartsnitch.users=")


@pytest.mark.parametrize("path", ["me/stores", "me/email-in-address", "scraping/status", "alerts/settings"])
async def test_these_are_for_users(client: Client, path: str) -> None:
    """Nobody else is told anything."""
    response = await client.get(f"/api/v1/{path}")
    assert (response.status, (await response.json())["code"]) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize("path", ["me/stores", "scraping/status"])
async def test_what_is_malformed_is_refused(refused: Refused, path: str) -> None:
    """The paging of every list."""
    assert await refused(f"/api/v1/{path}?page=0") == [("page", "greater_than_equal")]
