"""Bad input costs itself only: it is named and kept, and nothing else is lost."""

import uuid
from typing import Any

import orjson
import pytest
from redis.asyncio import Redis

from readmodel.cli.folding import Folding
from readmodel.engine.projection import POSTGRES
from tests.handlers.conftest import Keep, caught_up

STORE = "00000000-0000-4000-8000-00000000000a"
PRODUCT = "00000000-0000-4000-8000-00000000000b"


def price(day: int = 1, **changed: Any) -> dict[str, Any]:
    """A good price event, of another day for each number, with fields changed."""
    data = {
        "normalized_product_id": PRODUCT,
        "store_id": STORE,
        "observed_date": f"20{10 + day // 336:02}-{1 + day // 28 % 12:02}-{1 + day % 28:02}",
        "regular_price": "1.99",
        **changed,
    }
    return {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "type": "cartsnitch.prices.updated",
        "source": "t",
        "data": data,
    }


def without(field: str) -> dict[str, Any]:
    """A price event that lacks a field."""
    event = price()
    del event["data"][field]
    return event


BAD = {
    "not JSON": (b"{nope", "not JSON"),
    "JSON, but no object": (b"[1]", "a JSON list, not an object"),
    "wrong envelope": (b'{"kind": "cartsnitch.prices.updated"}', "the envelope names no event"),
    "payload is no object": (b'{"type": "cartsnitch.prices.updated", "data": 7}', "`data` is int, not a JSON object"),
    "missing price": (without("regular_price"), "regular_price"),
    "missing product": (without("normalized_product_id"), "normalized_product_id"),
    "wrong type": (price(regular_price={"amount": 1}), "regular_price"),
    "NaN": (price(regular_price="NaN"), "regular_price"),
    "negative": (price(regular_price=-1), "(got -1)"),
    "absurd": (price(regular_price=10**9), "(got 1000000000)"),
    "five decimals": (price(regular_price="1.00001"), "no more than 4 decimal places"),
    "a date that is none": (price(observed_date="2024-02-30"), "'2024-02-30'"),
    "a product id that is none": (price(normalized_product_id="butter"), "'butter' is not a UUID"),
    "NUL": (price(source="cata\0log"), r"cata\x00log"),
    "another stream's event": (b'{"type": "cartsnitch.stores.updated", "data": {}}', "belongs in the stream"),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_event_between_good_ones(name: str, keep: Keep, redis: Redis) -> None:
    """The good neighbours are folded; the bad one is kept with its bytes, and status names it."""
    bad, reason = BAD[name]
    raw = bad if isinstance(bad, bytes) else orjson.dumps(bad)
    async with keep() as kept:
        await redis.xadd("cartsnitch.prices", {"data": orjson.dumps(price(1))})
        bad_id: Any = await redis.xadd("cartsnitch.prices", {"data": raw})
        await redis.xadd("cartsnitch.prices", {"data": orjson.dumps(price(2))})
        await caught_up(kept)

        assert await days(kept) == 2
        (row,) = await quarantine(kept)
        assert (row["id"], row["raw"]) == (bad_id.decode(), raw)
        assert reason in row["error"]
        (status,) = [s for s in kept.monitor.statuses() if s["name"] == "price_history"]
        assert (status["state"], status["quarantined"]) == ("live", 1)
        assert reason in status["last_error"]


async def test_a_megabyte_of_name(keep: Keep, redis: Redis) -> None:
    """An event beyond 256 KiB is put aside whole, and its stream goes on."""
    product = {"type": "cartsnitch.products.normalized", "data": {"product_id": PRODUCT, "canonical_name": "x" * 2**20}}
    good = {"type": "cartsnitch.products.normalized", "data": {"product_id": PRODUCT, "canonical_name": "Butter"}}
    async with keep() as kept:
        await redis.xadd("cartsnitch.products", {"data": orjson.dumps(product)})
        await redis.xadd("cartsnitch.products", {"data": orjson.dumps(good)})
        await caught_up(kept)

        (row,) = await quarantine(kept, "products")
        assert row["raw"] == orjson.dumps(product)
        assert "more than the 262144 allowed" in row["error"]
        assert await rows(kept, "SELECT canonical_name FROM products_v2.products") == [{"canonical_name": "Butter"}]


async def test_an_unknown_type_is_counted(keep: Keep, redis: Redis) -> None:
    """A type that nobody here knows is not an error, and shows in status."""
    async with keep() as kept:
        await redis.xadd("cartsnitch.prices", {"data": b'{"type": "cartsnitch.prices.dreamt", "data": {}}'})
        await redis.xadd("cartsnitch.prices", {"data": orjson.dumps(price())})
        await caught_up(kept)

        (status,) = [s for s in kept.monitor.statuses() if s["name"] == "price_history"]
        assert (status["quarantined"], status["unknown_events"]) == (0, {"cartsnitch.prices.dreamt": 1})


async def test_the_same_event_twice(keep: Keep, redis: Redis) -> None:
    """A publisher that repeats an event changes nothing."""
    event = orjson.dumps(price())
    async with keep() as kept:
        for _ in range(2):
            await redis.xadd("cartsnitch.prices", {"data": event})
        await caught_up(kept)

        assert await days(kept) == 1
        assert await quarantine(kept) == []


async def test_one_bad_event_among_ten_thousand(keep: Keep, redis: Redis) -> None:
    """Exactly the bad one is missing."""
    async with keep() as kept:
        pipeline = redis.pipeline(transaction=False)
        for number in range(10_000):
            day = price(number) if number != 5_000 else price(number, regular_price="free")
            pipeline.xadd("cartsnitch.prices", {"data": orjson.dumps(day)})
        ids = await pipeline.execute()
        await caught_up(kept)

        assert await days(kept) == 9_999
        assert [row["id"] for row in await quarantine(kept)] == [ids[5_000].decode()]


async def days(kept: Folding) -> int:
    """How many prices there are, which must be the same in both stores."""
    (in_postgres,) = await rows(kept, "SELECT count(*) AS n FROM price_history_v1.points")
    (in_duckdb,) = kept.stores.file.cursor().execute("SELECT count(*) FROM price_trends_v1.points").fetchall()
    assert in_postgres["n"] == in_duckdb[0]
    return int(in_duckdb[0])


async def quarantine(kept: Folding, projection: str = "price_history") -> list[dict[str, Any]]:
    """What a projection has put aside."""
    query = """
        SELECT (position >> 21) || '-' || (position & 2097151) AS id, event_type, error, raw
        FROM readmodel.quarantine WHERE projection = $projection ORDER BY position"""
    return await rows(kept, query, projection=projection)


async def rows(kept: Folding, query: str, **parameters: Any) -> list[dict[str, Any]]:
    """Ask Postgres."""
    async with kept.stores.readers[POSTGRES].snapshot() as snapshot:
        return await snapshot.fetch(query, parameters)
