"""Exactly once in effect: across restarts, slow projections, lost connections and lost streams."""

import asyncio
import dataclasses
from typing import Any

import orjson
import psycopg
import pytest
from redis.asyncio import Redis

import projections
from readmodel.cli.folding import Folding
from readmodel.engine.catalogue import discover
from readmodel.engine.folding.batch import batch_of
from readmodel.engine.plan import Plan
from readmodel.events.envelope import Entry
from readmodel.settings import Settings
from readmodel.stores.postgres import PostgresStore
from readmodel.stores.store import Commit, CursorMoved
from tests.handlers.conftest import Keep, caught_up, until
from tests.handlers.test_bad_input import days, price, rows


def plan_of(name: str) -> Plan:
    """A projection's plan."""
    return next(plan for plan in discover(projections) if plan.name == name)


async def publish(redis: Redis, numbers: range) -> None:
    """One price a number, each of another day."""
    pipeline = redis.pipeline(transaction=False)
    for number in numbers:
        pipeline.xadd("cartsnitch.prices", {"data": orjson.dumps(price(number))})
    await pipeline.execute()


async def status_of(kept: Folding, name: str) -> dict[str, Any]:
    """One projection's row of `status`."""
    await kept.monitor.look()
    return next(status for status in kept.monitor.statuses() if status["name"] == name)


async def in_state(kept: Folding, name: str, state: str) -> dict[str, Any]:
    """Wait until a projection is in a state."""

    async def is_in_it() -> bool:
        return bool((await status_of(kept, name))["state"] == state)

    await until(is_in_it, f"{name} did not become {state}")
    return await status_of(kept, name)


async def test_a_restart_goes_on_where_the_cursor_stands(keep: Keep, redis: Redis) -> None:
    """What was published while nothing ran is folded after the start, and what was folded is not folded again."""
    async with keep() as kept:
        await publish(redis, range(10))
        await caught_up(kept)
    await publish(redis, range(10, 30))
    async with keep() as kept:
        await caught_up(kept)
        assert await days(kept) == 30
        counted = await rows(kept, "SELECT entries FROM readmodel.cursors WHERE projection = 'price_history'")
    assert counted == [{"entries": 30}]


async def test_stopping_in_the_middle_loses_and_doubles_nothing(keep: Keep, redis: Redis) -> None:
    """However far a run came, rows and cursor are those of the same batches."""
    await publish(redis, range(5_000))
    for _ in range(3):
        async with keep():
            pass  # stopped as soon as it has started
    async with keep() as kept:
        await caught_up(kept)
        assert await days(kept) == 5_000


async def test_a_projection_added_later_catches_up_beside_the_others(keep: Keep, redis: Redis) -> None:
    """A new projection begins before the first entry and joins the feed when it has all of history."""
    async with keep([plan_of("stores")]):
        await publish(redis, range(100))
    async with keep() as kept:
        await caught_up(kept)
        assert await days(kept) == 100


async def test_a_projection_that_hangs_holds_up_no_other(keep: Keep, redis: Redis, database: str) -> None:
    """While one table is locked the others go on; freed, its projection catches up from history."""
    async with keep() as kept:
        await publish(redis, range(1))
        await caught_up(kept)
        async with await psycopg.AsyncConnection.connect(database) as blocker:
            await blocker.execute("LOCK TABLE price_history_v1.points IN ACCESS EXCLUSIVE MODE")
            for number in range(1, 21):
                await publish(redis, range(number * 10, number * 10 + 10))

                async def trends_have_it(upto: int = number) -> bool:
                    found = kept.stores.file.cursor().execute("SELECT count(*) FROM price_trends_v1.points")
                    return bool(found.fetchall()[0][0] == 1 + upto * 10)

                await until(trends_have_it, "price_trends was held up")
            assert (await status_of(kept, "price_history"))["lag_events"] == 200
        await caught_up(kept)
        assert await days(kept) == 201


async def test_lost_connections_are_made_again(keep: Keep, redis: Redis, database: str) -> None:
    """A Postgres that drops every connection costs time, and nothing else; nothing is put aside."""
    async with keep() as kept:
        for number in range(5):
            await publish(redis, range(number * 200, number * 200 + 200))
            async with await psycopg.AsyncConnection.connect(database, autocommit=True) as other:
                await other.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )

        async def all_there() -> bool:
            # Asked over connections of their own, because ours are being cut too.
            async with await psycopg.AsyncConnection.connect(database) as other:
                cursor = await other.execute("SELECT count(*) FROM price_history_v1.points")
                return await cursor.fetchone() == (1_000,)

        await until(all_there, "not everything was folded")
        assert (await status_of(kept, "price_history"))["quarantined"] == 0


async def test_a_flushed_stream_is_an_alarm(keep: Keep, redis: Redis) -> None:
    """A cursor beyond the stream's end stops the projection, which says so, and never jumps."""
    async with keep() as kept:
        await publish(redis, range(3))
        await caught_up(kept)
        await redis.delete("cartsnitch.prices")
        status = await in_state(kept, "price_history", "stopped")
        assert "it was flushed, recreated or failed over" in status["last_error"]


async def test_a_stream_that_was_flushed_and_filled_again_is_an_alarm(keep: Keep, redis: Redis) -> None:
    """New entries do not hide that the one at the cursor is gone."""
    async with keep() as kept:
        await publish(redis, range(3))
        await caught_up(kept)
        await redis.delete("cartsnitch.prices")
        await publish(redis, range(3, 5))
        status = await in_state(kept, "price_history", "stopped")
        assert "that entry is gone" in status["last_error"]


async def test_a_refusal_of_redis_is_waited_out(keep: Keep, redis: Redis) -> None:
    """Something else under the stream's name stops nothing for good; when it is gone, reading goes on."""
    async with keep([plan_of("price_history")]) as kept:
        await redis.set("cartsnitch.prices", "not a stream")
        status = await in_state(kept, "price_history", "retrying")
        assert "WRONGTYPE" in status["last_error"]
        await redis.delete("cartsnitch.prices")
        await publish(redis, range(3))
        await caught_up(kept)

        assert kept.consumer.health()["cartsnitch.prices"]
        assert (await in_state(kept, "price_history", "live"))["last_error"] is None


async def test_entries_trimmed_before_they_were_read_are_an_alarm(keep: Keep, redis: Redis) -> None:
    """A projection that has not begun needs the stream from its first entry on."""
    await publish(redis, range(10))
    await redis.xtrim("cartsnitch.prices", maxlen=5, approximate=False)
    async with keep() as kept:
        status = await in_state(kept, "price_history", "stopped")
        assert "5 older entries were trimmed or deleted" in status["last_error"]
        await in_state(kept, "stores", "live")


async def test_another_process_takes_over(keep: Keep, redis: Redis) -> None:
    """The second process waits for the lease, and goes on where the first one stopped."""
    plans = [plan_of("price_history")]
    async with keep(plans) as first:
        await publish(redis, range(10))
        await caught_up(first)
        other = asyncio.create_task(_take_over(keep, plans, redis))
        await until(lambda: _is_waiting(other), "the second did not start")
    assert await other == 20


async def _is_waiting(other: "asyncio.Task[int]") -> bool:
    return not other.done() and len(asyncio.all_tasks()) > 1


async def _take_over(keep: Keep, plans: list[Plan], redis: Redis) -> int:
    async with keep(plans) as second:
        await in_state(second, "price_history", "live")
        await publish(redis, range(10, 20))
        await caught_up(second)
        (row,) = await rows(second, "SELECT count(*) AS n FROM price_history_v1.points")
        return int(row["n"])


async def test_a_new_version_is_built_beside_the_old_one(keep: Keep, redis: Redis) -> None:
    """While version 1 is kept and shown, version 2 catches up from history and is shown to those who ask for it."""
    first = plan_of("price_history")
    second = dataclasses.replace(first, version=2)
    await publish(redis, range(10))
    async with keep([first]) as old:
        await caught_up(old)
        assert await live_versions(old) == [1]
        async with keep([second]) as new:
            await in_state(new, "price_history", "live")
            await publish(redis, range(10, 20))
            await caught_up(old)
            await caught_up(new)
            assert await live_versions(new) == [1, 2]
            for version in (1, 2):
                assert await rows(new, f"SELECT count(*) AS n FROM price_history_v{version}.points") == [{"n": 20}]
    async with keep([first]) as old:
        await in_state(old, "price_history", "live")
        assert await live_versions(old) == [1, 2]


async def live_versions(kept: Folding) -> list[int]:
    """Which versions of price_history queries may see."""
    found = await rows(kept, "SELECT version FROM readmodel.live WHERE projection = 'price_history' ORDER BY 1")
    return [row["version"] for row in found]


async def test_a_zombie_cannot_commit(keep: Keep, settings: Settings, redis: Redis) -> None:
    """An owner that was taken over from finds its epoch outdated, whatever position it expects."""
    plan = plan_of("price_history")
    async with keep([plan]) as kept:
        await publish(redis, range(1))
        await caught_up(kept)
    store = PostgresStore(str(settings.database_url))
    old = store.take_over(plan.as_version, 5, plan.streams)["cartsnitch.prices"]
    store.take_over(plan.as_version, 6, plan.streams)
    commit = Commit(plan.as_version, 5, "cartsnitch.prices", old.position, old.position + 1, 1, [], plan.fold, [])
    with pytest.raises(CursorMoved, match="with epoch 5"):
        store.commit(commit)
    store.close()


async def test_a_batch_that_does_not_follow_is_not_folded(keep: Keep, redis: Redis) -> None:
    """A runner that is handed a batch beyond its cursor reads what lies between from the stream instead."""
    async with keep([plan_of("price_history")]) as kept:
        await publish(redis, range(5))
        await caught_up(kept)
        runner = kept.runners["price_history@postgres"]
        beyond = runner.cursors["cartsnitch.prices"] + 1_000
        stray = Entry(beyond + 1, orjson.dumps(price(100)))

        await runner.offer(batch_of("cartsnitch.prices", [stray], beyond))
        await publish(redis, range(5, 10))
        await caught_up(kept)

        assert await rows(kept, "SELECT count(*) AS n FROM price_history_v1.points") == [{"n": 10}]


async def test_a_stream_that_is_no_longer_read_shows(keep: Keep) -> None:
    """Status says of each stream whether its subscriber reads, and readiness ends with the first that does not."""
    async with keep([plan_of("price_history")]) as kept:
        status = await in_state(kept, "price_history", "live")
        assert (status["reading"], kept.monitor.ready()) == ({"cartsnitch.prices": True}, (True, "ok"))

        await kept.consumer.stop()

        assert (await status_of(kept, "price_history"))["reading"] == {"cartsnitch.prices": False}
        assert kept.monitor.ready()[0] is False
