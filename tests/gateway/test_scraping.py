from tests.gateway.conftest import ANNA, BEN, FOODHALL, GREENBASKET, Ask, Get, Log


async def test_every_sync_says_how_it_goes(ask: Ask, log: Log) -> None:
    """By the shop's slug: what runs now, and what the last complete one brought; other users' are not shown."""
    log.publish("stores.updated", id=FOODHALL, name="Foodhall", slug="zfoodhall")
    log.publish("accounts.connected", user_id=ANNA, store_slug="zfoodhall")
    log.publish("accounts.sync_completed", user_id=ANNA, store_id=GREENBASKET, at="2025-11-20", items_synced=0)
    log.publish("accounts.sync_started", user_id=ANNA, store_slug="greenbasket", job_id="j-2")
    log.publish("accounts.sync_completed", "2025-11-20T08:00:00Z", user_id=ANNA, store_slug="kiosk")
    log.publish("accounts.sync_failed", user_id=BEN, store_slug="kiosk")
    states = [
        {
            "store_slug": "greenbasket",
            "status": "running",
            "last_sync_at": "2025-11-20T00:00:00Z",
            "items_synced": 0,
        },
        {
            "store_slug": "kiosk",
            "status": "completed",
            "last_sync_at": "2025-11-20T08:00:00Z",
            "items_synced": None,
        },
        {"store_slug": "zfoodhall", "status": "never", "last_sync_at": None, "items_synced": None},
    ]
    assert await ask("/api/v1/scraping/status") == states
    assert await ask("/api/v1/scraping/status?limit=1&offset=1") == states[1:2]
    bens = {"store_slug": "kiosk", "status": "failed", "last_sync_at": None, "items_synced": None}
    assert await ask("/api/v1/scraping/status", BEN) == [bens]


async def test_without_accounts_there_is_nothing_to_tell(get: Get) -> None:
    """An empty list, and no error."""
    response = await get("/api/v1/scraping/status")
    assert (response.status, response.headers["X-Total-Count"], await response.json()) == (200, "0", [])
