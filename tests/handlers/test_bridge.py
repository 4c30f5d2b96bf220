"""Today's services only PUBLISH; what they say arrives all the same."""

from typing import Any

import orjson
import pytest
from redis.asyncio import Redis

from handlers.bridge import Bridge, with_id
from readmodel.cli.background import in_background
from readmodel.engine.folding.lease import TTL, Leases
from readmodel.stores import postgres
from readmodel.stores.leases import LeaseTable
from tests.handlers.conftest import Keep, caught_up, until
from tests.handlers.test_bad_input import PRODUCT, rows

SHORT = orjson.dumps(
    {
        "event_type": "cartsnitch.prices.updated",
        "timestamp": "2024-03-01T12:00:00Z",
        "service": "receiptwitness",
        "payload": {
            "product_id": PRODUCT,
            "store_slug": "bridge",
            "old_price": 1,
            "new_price": 2.5,
            "change_percent": 150,
        },
    }
)


async def test_what_is_published_on_a_channel_is_folded(keep: Keep, redis: Redis) -> None:
    """A message on the channel of a stream's name becomes an entry of the stream, and a row."""
    async with keep() as kept:

        async def heard() -> bool:
            await redis.publish("cartsnitch.prices", SHORT)
            return bool(await redis.xlen("cartsnitch.prices"))

        await until(heard, "nobody listens")
        await caught_up(kept)
        found = await rows(kept, "SELECT store, day::text, regular_price::text FROM price_history_v1.points")
        assert found == [{"store": "bridge", "day": "2024-03-01", "regular_price": "2.5000"}]


async def test_a_published_event_without_an_id_gets_a_stable_one() -> None:
    """The same bytes on the same channel are the same event; on another channel they are another one."""
    first, again, elsewhere = with_id("a", SHORT), with_id("a", SHORT), with_id("b", SHORT)
    assert first == again
    assert orjson.loads(first)["event_id"] != orjson.loads(elsewhere)["event_id"]


async def test_an_event_with_an_id_keeps_it() -> None:
    """The publisher's id is the better one, and what is no event goes on as it came."""
    with_own = orjson.dumps({"type": "cartsnitch.prices.updated", "id": "mine", "data": {}})
    assert with_id("a", with_own) == with_own
    assert with_id("a", b"{nope") == b"{nope"


async def test_what_was_heard_waits_for_its_stream(
    redis: Redis, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    """While the stream's key takes no entry the message is kept, and appended once it does."""
    postgres.migrate(database)
    leases = Leases(LeaseTable(database, "a test", TTL))
    await redis.set("cartsnitch.prices", "not a stream")
    async with in_background(Bridge(redis, leases).run()):

        async def refused() -> bool:
            if "does not take" not in caplog.text:
                await redis.publish("cartsnitch.prices", SHORT)
            return "does not take" in caplog.text

        await until(refused, "nobody listens")
        await redis.delete("cartsnitch.prices")

        async def appended() -> bool:
            return await redis.xlen("cartsnitch.prices") > 0

        await until(appended, "the message was lost")
    await leases.close()
    entries: Any = await redis.xrange("cartsnitch.prices")
    assert entries[0][1] == {b"data": with_id("cartsnitch.prices", SHORT)}
