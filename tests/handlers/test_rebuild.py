"""Builds of a projection: made from history beside the one that is shown, shown, gone back from, never left behind."""

import asyncio
import dataclasses
import secrets
from contextlib import aclosing
from typing import Any

import psycopg
import pytest
from redis.asyncio import Redis

from readmodel.cli.folding import Folding
from readmodel.cli.operating import operating
from readmodel.engine.builds.rebuild import NothingToShow
from readmodel.engine.builds.showing import RebuildRefused
from readmodel.engine.folding.lease import TTL, Leases
from readmodel.engine.folding.letters import ProjectionUnknown
from readmodel.engine.folding.ownership import Borrower
from readmodel.engine.log.history import History
from readmodel.engine.plan import Plan
from readmodel.engine.preparation import prepare
from readmodel.engine.vector import UntilInvalid
from readmodel.events.position import format_position
from readmodel.settings import Settings
from readmodel.stores.leases import LeaseTable
from tests.handlers.conftest import Keep, caught_up
from tests.handlers.test_bad_input import rows
from tests.handlers.test_delivery import in_state, live_versions, plan_of, publish

Shown = dict[str, Any]
BOTH_STORES = ["price_history", "price_trends"]
RIGHTS = [
    "GRANT USAGE ON SCHEMA price_history_v1 TO {role}",
    "GRANT SELECT ON price_history_v1.points TO {role}",
    "ALTER TABLE price_history_v1.points ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY early ON price_history_v1.points FOR SELECT TO {role} USING (day < DATE '2010-01-03')",
]
PUT_ASIDE = """
    INSERT INTO readmodel.quarantine (projection, version, build, stream, position, error, raw, quarantined_at)
    VALUES ('price_history', 1, 1, 'cartsnitch.prices', %(position)s, 'it was a bad day', %(raw)s, now())"""


async def outcome(steps: Any) -> Shown:
    """What the work came to; every step before names its phase."""
    async with aclosing(steps):
        *before, last = [step async for step in steps]
    assert all(step["phase"] for step in before)
    found: Shown = last["outcome"]
    return found


async def schemas(kept: Folding, plan: Plan) -> list[str]:
    """The schemas of a projection, as its store has them."""
    async with kept.stores.readers[plan.store].snapshot() as snapshot:
        found = await snapshot.fetch("SELECT schema_name AS name FROM information_schema.schemata", {})
    return sorted({row["name"] for row in found if row["name"].startswith(f"{plan.name}_v")})


async def spoil(kept: Folding, plan: Plan, schema: str, table: str) -> None:
    """Make the prices of a build wrong."""
    statement = f"UPDATE {schema}.{table} SET regular_price = 99"
    if plan.store == "duckdb":
        kept.stores.file.cursor().execute(statement)
        return
    async with await psycopg.AsyncConnection.connect(kept.stores.database_url, autocommit=True) as connection:
        await connection.execute(statement.encode())


async def wrong(kept: Folding, plan: Plan, schema: str) -> int:
    """How many prices of a build are wrong."""
    async with kept.stores.readers[plan.store].snapshot() as snapshot:
        (row,) = await snapshot.fetch(f"SELECT count(*) AS n FROM {schema}.points WHERE regular_price = 99", {})
    return int(row["n"])


@pytest.mark.parametrize("name", BOTH_STORES)
async def test_a_rebuild_puts_a_wrong_table_right_and_can_be_gone_back_from(
    name: str, keep: Keep, redis: Redis
) -> None:
    """The new build is what history says; the one before is as it was, and both go on being folded when shown."""
    plan = plan_of(name)
    log = "points_log" if plan.store == "duckdb" else "points"
    async with keep([plan]) as kept:
        await publish(redis, range(10))
        await caught_up(kept)
        await spoil(kept, plan, f"{name}_v1", log)

        rebuilt = await outcome(kept.operating.rebuilding.rebuild(name, diff=True))
        assert rebuilt["diff"]["points"]["changed_columns"] == {"regular_price": 10}
        assert (rebuilt["build"], rebuilt["live"], rebuilt["schema"]) == (2, True, f"{name}_v1_2")
        assert await wrong(kept, plan, f"{name}_v1_2") == 0
        await publish(redis, range(10, 20))
        await caught_up(kept)
        assert await count(kept, plan, f"{name}_v1_2") == 20
        assert await count(kept, plan, f"{name}_v1") == 10

        back = await outcome(kept.operating.rebuilding.rollback(name))
        assert (back["build"], back["live"]) == (1, True)
        assert (await wrong(kept, plan, f"{name}_v1"), await count(kept, plan, f"{name}_v1")) == (10, 20)
        await publish(redis, range(20, 30))
        await caught_up(kept)
        assert await count(kept, plan, f"{name}_v1") == 30
    async with keep([plan]) as kept:
        await in_state(kept, name, "live")
        again = await outcome(kept.operating.rebuilding.rollback(name))
        assert (again["build"], await count(kept, plan, f"{name}_v1_2")) == (2, 30)


async def count(kept: Folding, plan: Plan, schema: str) -> int:
    """How many prices a build has."""
    async with kept.stores.readers[plan.store].snapshot() as snapshot:
        (row,) = await snapshot.fetch(f"SELECT count(*) AS n FROM {schema}.points", {})
    return int(row["n"])


@pytest.mark.parametrize("name", BOTH_STORES)
async def test_a_build_that_is_not_shown_is_kept_until_it_is_shown_or_dropped(
    name: str, keep: Keep, redis: Redis
) -> None:
    """Only one is kept; shown, it has caught up."""
    plan = plan_of(name)
    async with keep([plan]) as kept:
        await publish(redis, range(5))
        await caught_up(kept)
        rebuilding = kept.operating.rebuilding
        with pytest.raises(NothingToShow, match="no kept build: make one with"):
            await outcome(rebuilding.swap(name))
        with pytest.raises(NothingToShow, match="no previous build: it has not been rebuilt"):
            await outcome(rebuilding.rollback(name))
        assert not (await outcome(rebuilding.rebuild(name, swap=False)))["live"]
        kept_build = await outcome(rebuilding.rebuild(name, swap=False))
        assert await schemas(kept, plan) == [f"{name}_v1", kept_build["schema"]]
        await outcome(rebuilding.abandon(name))
        assert await schemas(kept, plan) == [f"{name}_v1"]

        await outcome(rebuilding.rebuild(name, swap=False))
        await publish(redis, range(5, 10))
        await caught_up(kept)
        shown = await outcome(rebuilding.swap(name))
        assert (shown["live"], await count(kept, plan, shown["schema"])) == (True, 10)


async def test_a_build_ends_where_it_is_told_to(keep: Keep, redis: Redis) -> None:
    """Until a vector or a time; such a build is only to be looked at."""
    plan = plan_of("price_history")
    async with keep([plan]) as kept:
        await publish(redis, range(5))
        fifth = format_position((await History(redis).state("cartsnitch.prices")).last)
        await publish(redis, range(5, 10))
        await caught_up(kept)
        rebuilding = kept.operating.rebuilding
        built = await outcome(rebuilding.rebuild("price_history", swap=False, until=f"cartsnitch.prices={fifth}"))
        assert await count(kept, plan, built["schema"]) == 5
        built = await outcome(rebuilding.rebuild("price_history", swap=False, until="2001-01-01T00:00:00Z"))
        assert await count(kept, plan, built["schema"]) == 0
        shown = await outcome(rebuilding.swap("price_history"))
        assert await count(kept, plan, shown["schema"]) == 10
        with pytest.raises(RebuildRefused, match="only to be looked at"):
            await outcome(rebuilding.rebuild("price_history", until="2001-01-01T00:00:00Z"))
        with pytest.raises(UntilInvalid, match="'yesterday' is neither a time"):
            await outcome(rebuilding.rebuild("price_history", swap=False, until="yesterday"))
        with pytest.raises(ProjectionUnknown, match="no projection 'price_histories'"):
            await outcome(rebuilding.rebuild("price_histories"))


async def test_what_was_put_aside_is_put_aside_in_the_new_build_too(keep: Keep, redis: Redis) -> None:
    """A dead letter is no part of history, and is still there to be retried after a rebuild."""
    async with keep([plan_of("price_history")]) as kept:
        await publish(redis, range(3))
        await redis.xadd("cartsnitch.prices", {"data": b"no json"})
        await publish(redis, range(3, 6))
        await caught_up(kept)
        await outcome(kept.operating.rebuilding.rebuild("price_history"))
        status = await in_state(kept, "price_history", "live")
        assert (status["quarantined"], status["lag_events"]) == (1, 0)
        put_aside = await rows(kept, "SELECT build, position FROM readmodel.quarantine ORDER BY build")
        assert [row["build"] for row in put_aside] == [1, 2]
        assert len({row["position"] for row in put_aside}) == 1


async def test_what_was_folded_after_all_meanwhile_is_folded_into_the_new_build_too(
    keep: Keep, redis: Redis, database: str
) -> None:
    """A dead letter that was retried between the making of a build and its showing is no dead letter there either."""
    plan = plan_of("price_history")
    async with (
        keep([plan]) as kept,
        await psycopg.AsyncConnection.connect(database, autocommit=True) as connection,
    ):
        await publish(redis, range(5))
        await caught_up(kept)
        (second,) = await rows(kept, "SELECT position FROM price_history_v1.points ORDER BY position LIMIT 1 OFFSET 1")
        at = format_position(second["position"])
        client: Any = redis
        found = await client.xrange("cartsnitch.prices", at, at)
        await connection.execute(PUT_ASIDE, {"raw": found[0][1][b"data"], **second})
        built = await outcome(kept.operating.rebuilding.rebuild("price_history", swap=False))
        assert await count(kept, plan, built["schema"]) == 4

        await connection.execute("DELETE FROM readmodel.quarantine WHERE build = 1")
        await outcome(kept.operating.rebuilding.swap("price_history"))
        assert await count(kept, plan, built["schema"]) == 5
        assert await rows(kept, "SELECT * FROM readmodel.quarantine") == []


async def test_what_others_may_do_with_a_table_they_may_do_with_the_new_one(
    keep: Keep, redis: Redis, database: str
) -> None:
    """Grants and policies that an operator has made are made again."""
    role = f"readmodel_test_{secrets.token_hex(6)}"
    async with (
        keep([plan_of("price_history")]) as kept,
        await psycopg.AsyncConnection.connect(database, autocommit=True) as connection,
    ):
        await publish(redis, range(5))
        await caught_up(kept)
        await connection.execute(f"CREATE ROLE {role}".encode())
        try:
            for statement in RIGHTS:
                await connection.execute(statement.format(role=role).encode())
            built = await outcome(kept.operating.rebuilding.rebuild("price_history"))
            await connection.execute(f"SET ROLE {role}".encode())
            seen = await connection.execute(f"SELECT count(*) FROM {built['schema']}.points".encode())
            assert await seen.fetchall() == [(2,)]
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute(f"DELETE FROM {built['schema']}.points".encode())
        finally:
            await connection.execute("RESET ROLE")
            await connection.execute(f"DROP OWNED BY {role}".encode())
            await connection.execute(f"DROP ROLE {role}".encode())


async def test_two_rebuilds_of_a_projection_at_once_are_refused(keep: Keep, redis: Redis) -> None:
    """The second is told so; the first goes on."""
    async with keep([plan_of("price_history")]) as kept:
        await publish(redis, range(5))
        await caught_up(kept)
        rebuilding = kept.operating.rebuilding
        async with aclosing(rebuilding.rebuild("price_history")) as first:
            await anext(first)
            with pytest.raises(RebuildRefused, match="a rebuild of it is under way"):
                await outcome(rebuilding.rebuild("price_history"))
            *_, last = [step async for step in first]
        assert last["outcome"]["live"]


@pytest.mark.parametrize("name", BOTH_STORES)
@pytest.mark.parametrize("phase", ["reading history", "writing points", "catching up"])
async def test_a_rebuild_that_is_called_off_leaves_nothing_behind(
    name: str, phase: str, keep: Keep, settings: Settings, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In whatever phase: no schema, no cursor, no scratch file; and the next one runs."""
    monkeypatch.setattr("readmodel.engine.builds.building.ROWS_AT_ONCE", 1)
    monkeypatch.setattr("readmodel.engine.builds.work.LOOK_EVERY", 0.001)
    monkeypatch.setattr("readmodel.engine.builds.showing.CLOSE", -1)  # so that it never has caught up
    plan = plan_of(name)
    async with keep([plan]) as kept:
        await publish(redis, range(500))
        await caught_up(kept)
        async with aclosing(kept.operating.rebuilding.rebuild(name)) as steps:
            async for step in steps:
                if step["phase"] == phase:
                    break
        assert await schemas(kept, plan) == [f"{name}_v1"]
        assert not list((settings.data_dir / "scratch").glob("*"))
        monkeypatch.setattr("readmodel.engine.builds.showing.CLOSE", 0)
        assert (await outcome(kept.operating.rebuilding.rebuild(name)))["live"]


async def test_what_a_dead_process_left_is_dropped_at_the_start(keep: Keep, settings: Settings, redis: Redis) -> None:
    """A build that nothing points to is nobody's; one that is kept, or that is there to go back to, stays."""
    plan = plan_of("price_trends")
    async with keep([plan]) as kept:
        await publish(redis, range(5))
        await caught_up(kept)
        await outcome(kept.operating.rebuilding.rebuild("price_trends"))
        await outcome(kept.operating.rebuilding.rebuild("price_trends", swap=False))
        kept.stores.file.cursor().execute("CREATE SCHEMA price_trends_v1_7")
    (settings.data_dir / "scratch" / "left").mkdir()
    async with keep([plan]) as kept:
        assert await schemas(kept, plan) == ["price_trends_v1", "price_trends_v1_2", "price_trends_v1_3"]
        assert not (settings.data_dir / "scratch").exists()


async def test_a_new_version_of_the_code_is_built_from_history_beside_the_old_one(
    keep: Keep, settings: Settings, redis: Redis
) -> None:
    """While version 1 goes on being folded and shown, `migrate` builds version 2, which then begins where it ended."""
    first = plan_of("price_history")
    second = dataclasses.replace(first, version=2)
    async with keep([first]) as old:
        await publish(redis, range(10))
        await redis.xadd("cartsnitch.prices", {"data": b"no json"})
        await caught_up(old)
        leases = Leases(LeaseTable(old.stores.database_url, "the new code", TTL))
        await asyncio.to_thread(prepare, [second], old.stores.of)
        keepers = {second.key: Borrower(second, old.stores.of, leases)}
        new = operating([second], old.stores, History(redis), old.archiver, keepers, leases, settings.data_dir)
        ((_, made),) = [each async for each in new.rebuilding.build_first()]
        assert made
        assert made["live"]
        assert [each async for each in new.rebuilding.build_first()] == [(second, None)]
        await leases.close()
        assert await live_versions(old) == [1, 2]
        await publish(redis, range(10, 20))
        await caught_up(old)
        assert await count(old, first, "price_history_v1") == 20
        assert await count(old, second, made["schema"]) == 10
    async with keep([second]) as kept:
        status = await in_state(kept, "price_history", "live")
        await caught_up(kept)
        assert (await count(kept, second, made["schema"]), status["quarantined"]) == (20, 1)


async def test_a_projection_that_has_stopped_is_rebuilt_and_goes_on(keep: Keep, redis: Redis, database: str) -> None:
    """Its table is gone, so that every fold fails; the rebuild makes it anew, and the owner resumes by itself."""
    plan = plan_of("price_history")
    async with keep([plan]) as kept:
        await publish(redis, range(5))
        await caught_up(kept)
        async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
            await connection.execute("DROP TABLE price_history_v1.points")
        await publish(redis, range(5, 10))
        await in_state(kept, "price_history", "stopped")
        rebuilt = await outcome(kept.operating.rebuilding.rebuild("price_history"))
        await in_state(kept, "price_history", "live")
        await caught_up(kept)
        assert await count(kept, plan, rebuilt["schema"]) == 10


async def test_a_rebuild_without_room_is_refused_before_it_begins(
    keep: Keep, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says how much is lacking, and where."""
    monkeypatch.setattr("readmodel.engine.builds.room.BYTES_PER_EVENT", 2**60)
    async with keep([plan_of("price_history")]) as kept:
        await publish(redis, range(1))
        await caught_up(kept)
        with pytest.raises(RebuildRefused, match=r"it may take .* MiB of disk, and .* left; make room there"):
            await outcome(kept.operating.rebuilding.rebuild("price_history"))
