from tests.gateway.conftest import FOODHALL, GREENBASKET, UNKNOWN, Ask, Client, Log, Payload

UPTOWN, DOWNTOWN = "66666666-0000-4000-8000-000000000001", "66666666-0000-4000-8000-000000000002"
IN_FOODHALL: Payload = {"id": FOODHALL, "name": "Foodhall", "slug": "foodhall", "logo_url": None, "supported": True}
IN_GREENBASKET: Payload = {
    "id": GREENBASKET,
    "name": "Greenbasket",
    "slug": "greenbasket",
    "logo_url": "/green.svg",
    "supported": True,
}


async def test_stores_are_listed_by_name_for_anybody(client: Client) -> None:
    """The shops, also those that cannot show a logo."""
    response = await client.get("/api/v1/stores")
    assert (response.status, response.headers["X-Total-Count"]) == (200, "2")
    assert await response.json() == [{**IN_FOODHALL, "locations": []}, {**IN_GREENBASKET, "locations": []}]


async def test_a_store_shows_its_locations_by_city(ask: Ask, log: Log) -> None:
    """Degrees as they are, not cut to cents, and null where nobody knows them; no shop shows another's."""
    where: Payload = {"state": "MI", "zip": "01234"}
    there: Payload = {**where, "address": "1 Main St", "city": "Flint", "lat": "43.012527", "lng": -83.6874562}
    here: Payload = {**where, "address": "2 Main St", "city": "Dearborn"}
    log.publish("stores.location_updated", id=UPTOWN, store_id=GREENBASKET, **there)
    log.publish("stores.location_updated", id=DOWNTOWN, store_id=GREENBASKET, **here)
    log.publish("stores.location_updated", id=UNKNOWN, store_id=UNKNOWN, **here)
    assert await ask("/api/v1/stores") == [
        {**IN_FOODHALL, "locations": []},
        {
            **IN_GREENBASKET,
            "locations": [
                {"id": DOWNTOWN, **here, "lat": None, "lng": None},
                {"id": UPTOWN, **there, "lat": 43.012527, "lng": -83.687456},
            ],
        },
    ]
    assert await ask("/api/v1/stores?limit=1") == [{**IN_FOODHALL, "locations": []}]


async def test_a_renamed_store_keeps_its_prices(ask: Ask, log: Log) -> None:
    """What was said of it under its old slug is found under its new name."""
    product = "22222222-0000-4000-8000-0000000000ff"
    log.publish("products.normalized", normalized_product_id=product, canonical_name="Jam")
    log.publish(
        "prices.updated", product_id=product, store_slug="foodhall", observed_date="2025-11-20", regular_price=3
    )
    log.publish("stores.updated", id=FOODHALL, name="Foodpalace", slug="foodpalace")
    where = {"store_id": FOODHALL, "store_name": "Foodpalace", "current_price": 3.0}
    prices = [{**where, "last_seen_at": "2025-11-20T00:00:00"}]
    assert (await ask(f"/api/v1/products/{product}"))["prices_by_store"] == prices
    compared = await ask(f"/api/v1/prices/comparison?product_ids={product}")
    assert compared == [{"product_id": product, "product_name": "Jam", "prices": prices}]
