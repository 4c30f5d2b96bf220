"""Events that were put aside, folded after all or given up, while the projection goes on."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest
from redis.asyncio import Redis

from readmodel.cli.folding import Folding
from readmodel.engine.catalogue import plans_of
from readmodel.engine.folding.batch import batch_of
from readmodel.engine.folding.committer import UNKNOWN
from readmodel.engine.folding.letters import AT_ONCE, DISCARDED, OPEN, LetterMissing, ProjectionUnknown, Selection
from readmodel.engine.folding.ownership import NotOwner
from readmodel.engine.log.history import History
from readmodel.engine.plan import Plan
from readmodel.events import envelope
from readmodel.events.position import format_position, parse_position
from readmodel.stores.store import CursorMoved
from readmodel.testing.law import Rows, defined_by, stored
from tests.handlers.conftest import Keep, caught_up, until
from tests.handlers.test_bad_input import price
from tests.handlers.test_delivery import status_of
from tests.handlers.test_poison import fragile

__all__ = ["fragile"]  # a fixture

TOLERANT = """
-- numbers --
SELECT observed_date, CASE WHEN observed_by = 'poison' THEN -1 ELSE CAST(observed_by AS INTEGER) END AS number, position
FROM prices_updated
"""
STRICTER = """
-- numbers --
SELECT observed_date, CAST(observed_by || '!' AS INTEGER) AS number, position
FROM prices_updated
"""
ALL = Selection(state=OPEN)


def deployed(definition: str, tmp_path: Path) -> Plan:
    """The fragile projection after its definition was changed, with tables that stay as they are."""
    (tmp_path / "fragile" / "definition.sql").write_text(definition)
    (plan,) = plans_of("fragile")
    return plan


async def publish(redis: Redis, sources: list[str], first: int = 0) -> list[str]:
    """One price a source, each of another day: the entry ids."""
    pipeline = redis.pipeline(transaction=False)
    for day, source in enumerate(sources, start=first):
        pipeline.xadd("cartsnitch.prices", {"data": orjson.dumps(price(day, source=source))})
    return [entry_id.decode() for entry_id in await pipeline.execute()]


def rows_of(kept: Folding, plan: Plan) -> Rows:
    """What its tables hold."""
    return stored(plan, kept.stores.database_url, kept.stores.file)


async def defined_rows(kept: Folding, plan: Plan) -> Rows:
    """What its definition makes of its history: of all there is in its streams, less what is put aside."""
    history, left_out = History(kept.redis), await kept.operating.letters.left_out(plan)
    return defined_by(
        plan,
        [
            batch_of(stream, entries).without(left_out[stream]).relations
            for stream in plan.streams
            for last in [(await history.state(stream)).last]
            async for entries in history.pages(stream, 0, last)
        ],
    )


async def ready(kept: Folding) -> None:
    """Wait until every projection is owned by this process and has folded, or put aside, every event."""

    async def all_live() -> bool:
        return all(status["state"] == "live" for status in kept.monitor.statuses())

    await caught_up(kept)
    await until(all_live, "not every projection is live")


async def cursor(kept: Folding, plan: Plan) -> list[dict[str, Any]]:
    """The whole of its cursor."""
    async with kept.stores.readers[plan.store].snapshot() as snapshot:
        return await snapshot.fetch("SELECT * FROM readmodel.cursors WHERE projection = $name", {"name": plan.name})


async def listed(kept: Folding, selection: Selection = ALL) -> list[dict[str, Any]]:
    """The letters, whole as `list` shows them."""
    found: list[dict[str, Any]] = (await kept.operating.letters.listed(selection))["letters"]
    return found


async def positions(kept: Folding, selection: Selection = ALL) -> list[str]:
    """The entry ids of letters."""
    return [letter["position"] for letter in await listed(kept, selection)]


async def test_what_was_put_right_is_folded(fragile: Plan, keep: Keep, redis: Redis, tmp_path: Path) -> None:
    """After a deploy a retry makes the rows those of the definition, and moves no cursor; newer facts stay."""
    ids = await publish(redis, ["poison" if number % 10 == 3 else str(number) for number in range(50)])
    await publish(redis, ["1000"], first=13)  # says of the same day what the second of the poisoned says
    async with keep([fragile]) as kept:
        await ready(kept)
        assert await positions(kept) == ids[3::10]
        assert rows_of(kept, fragile) == await defined_rows(kept, fragile)
        assert len(rows_of(kept, fragile)["numbers"]) == 46
    plan = deployed(TOLERANT, tmp_path)
    async with keep([plan]) as kept:
        await ready(kept)
        before = await cursor(kept, plan)

        done = await kept.operating.letters.retry(Selection("fragile", state=OPEN))

        assert done == {"retried": 5, "refused": 0, "letters": []}
        assert await positions(kept, Selection()) == []
        numbers = [number for _, number, _ in rows_of(kept, plan)["numbers"]]
        assert (len(numbers), numbers.count(-1), numbers.count(1000)) == (50, 4, 1)
        assert rows_of(kept, plan) == await defined_rows(kept, plan)
        assert await cursor(kept, plan) == before
        status = await status_of(kept, "fragile")
        assert (status["lag_events"], status["quarantined"]) == (0, 0)
        assert (status["state"], status["last_error"]) == ("live", None)


async def test_what_is_still_wrong_stays(fragile: Plan, keep: Keep, redis: Redis, tmp_path: Path) -> None:
    """With its bytes, its time and today's error. That all are refused does not stop the projection."""
    await publish(redis, ["1", *["worse"] * 9, "2"])
    async with keep([fragile]) as kept:
        await ready(kept)
        before = await listed(kept)
        whole = await kept.operating.letters.whole(Selection("fragile", position=parse_position(before[0]["position"])))
    plan = deployed(STRICTER, tmp_path)
    async with keep([plan]) as kept:
        await ready(kept)
        first, done = [await kept.operating.letters.retry(ALL) for _ in range(2)]

        assert first == done == {"retried": 0, "refused": 9, "letters": await listed(kept)}
        for was, now in zip(before, done["letters"], strict=True):
            assert "worse!" in now["error"]
            assert was | {"error": now["error"]} == now
        again = await kept.operating.letters.whole(Selection("fragile", position=parse_position(before[0]["position"])))
        assert (again["event"], again["since"]) == (whole["event"], whole["since"])
        status = await status_of(kept, "fragile")
        assert (status["state"], status["quarantined"]) == ("live", 9)
        assert len(rows_of(kept, plan)["numbers"]) == 2


async def test_only_what_is_right_now_is_taken(fragile: Plan, keep: Keep, redis: Redis, tmp_path: Path) -> None:
    """Of letters that are retried together each stands for itself."""
    ids = await publish(redis, ["0", *["poison", "worse"] * 4])
    async with keep([fragile]) as kept:
        await ready(kept)
    plan = deployed(TOLERANT, tmp_path)
    async with keep([plan]) as kept:
        await ready(kept)
        done = await kept.operating.letters.retry(ALL)
        assert (done["retried"], done["refused"]) == (4, 4)
        assert [letter["position"] for letter in done["letters"]] == await positions(kept) == ids[2::2]
        assert rows_of(kept, plan) == await defined_rows(kept, plan)


async def test_discarded_is_kept(fragile: Plan, keep: Keep, redis: Redis, tmp_path: Path) -> None:
    """With its bytes, by whom and why; it is not history, not open, and folded only when it is named."""
    ids = await publish(redis, ["poison", "1", "poison"])
    given_up = Selection("fragile", position=parse_position(ids[0]))
    async with keep([fragile]) as kept:
        await ready(kept)
        raw = (await kept.operating.letters.whole(given_up))["event"]
        assert await kept.operating.letters.discard(given_up, "anna", "a test") == {"discarded": 1}
        status = await status_of(kept, "fragile")
        assert (status["quarantined"], status["discarded"]) == (1, 1)
    plan = deployed(TOLERANT, tmp_path)
    async with keep([plan]) as kept:
        await ready(kept)
        assert (await kept.operating.letters.retry(ALL))["retried"] == 1
        assert await positions(kept, Selection(state=DISCARDED)) == [ids[0]]
        whole = await kept.operating.letters.whole(given_up)
        assert (whole["event"], whole["discarded_by"], whole["discarded_for"]) == (raw, "anna", "a test")
        assert len(rows_of(kept, plan)["numbers"]) == 2
        assert rows_of(kept, plan) == await defined_rows(kept, plan)
        with pytest.raises(LetterMissing, match=f"no open dead letter of fragile at {ids[0]}"):
            await kept.operating.letters.discard(given_up, "ben")

        assert (await kept.operating.letters.retry(given_up))["retried"] == 1

        assert len(rows_of(kept, plan)["numbers"]) == 3
        assert rows_of(kept, plan) == await defined_rows(kept, plan)
        assert (await status_of(kept, "fragile"))["discarded"] == 0


async def test_filters(fragile: Plan, keep: Keep, redis: Redis, tmp_path: Path) -> None:
    """By type, by any part of the error, by position; what fits none is an error that names what was asked."""
    await publish(redis, ["1", "poison", "worse"])
    bad: Any = await redis.xadd("cartsnitch.prices", {"data": b"{nope"})
    unread, name = bad.decode(), f"fragile@{fragile.store}"
    price_updated = "cartsnitch.prices.updated"
    async with keep([fragile]) as kept:
        await ready(kept)
        everything = await positions(kept)
        assert len(everything) == 3
        assert await positions(kept, Selection(name, event_type=price_updated)) == everything[:2]
        assert await positions(kept, Selection(error="WORSE")) == everything[1:2]
        assert await positions(kept, Selection(error="not json")) == [unread]
        assert await positions(kept, Selection(stream="cartsnitch.prices", position=parse_position(unread))) == [unread]
        first = await kept.operating.letters.listed(ALL, limit=1)
        assert (first["total"], [letter["position"] for letter in first["letters"]]) == (3, everything[:1])
        with pytest.raises(LetterMissing, match=r"no open dead letter of type cartsnitch\.stores\.updated"):
            await kept.operating.letters.retry(Selection(event_type="cartsnitch.stores.updated", state=OPEN))
        with pytest.raises(LetterMissing, match="of fragile whose error contains 'bliss'"):
            await kept.operating.letters.discard(Selection("fragile", error="bliss"), "anna")
        with pytest.raises(LetterMissing, match="of fragile at 1-0"):
            await kept.operating.letters.whole(Selection("fragile", position=parse_position("1-0")))
        with pytest.raises(ProjectionUnknown, match=f"no projection 'robust'; there are {name}"):
            await kept.operating.letters.listed(Selection("robust"))
    plan = deployed(TOLERANT, tmp_path)
    async with keep([plan]) as kept:
        await ready(kept)
        assert (await kept.operating.letters.retry(Selection(error="poison", state=OPEN)))["retried"] == 1
        assert (await kept.operating.letters.retry(Selection(event_type=price_updated, state=OPEN)))["refused"] == 1
        assert await kept.operating.letters.discard(Selection(error="not JSON"), "anna") == {"discarded": 1}
        assert await positions(kept) == everything[1:2]


async def test_live_events_go_on_meanwhile(fragile: Plan, keep: Keep, redis: Redis, tmp_path: Path) -> None:
    """A hundred and more are retried while thousands come in: nothing is lost or doubled, and the cursor is right."""
    await publish(redis, [source for number in range(AT_ONCE + 20) for source in ("poison", str(number))])
    async with keep([fragile]) as kept:
        await ready(kept)
        assert (await kept.operating.letters.listed(ALL))["total"] == AT_ONCE + 20
    plan = deployed(TOLERANT, tmp_path)
    async with keep([plan]) as kept:
        await ready(kept)

        async def keep_publishing() -> None:
            for first in range(1_000, 4_000, 100):
                await publish(redis, [str(number) for number in range(100)], first)

        _, done = await asyncio.gather(keep_publishing(), kept.operating.letters.retry(ALL))
        await ready(kept)

        assert done["retried"] == AT_ONCE + 20
        assert len(rows_of(kept, plan)["numbers"]) == 2 * (AT_ONCE + 20) + 3_000
        assert rows_of(kept, plan) == await defined_rows(kept, plan)
        status = await status_of(kept, "fragile")
        last = (await History(kept.redis).state("cartsnitch.prices")).last
        assert (status["cursors"], status["state"]) == ({"cartsnitch.prices": format_position(last)}, "live")


async def test_only_the_owner_may(fragile: Plan, keep: Keep, redis: Redis, tmp_path: Path) -> None:
    """A process that waits for the lease is refused, and so is one that was taken over from and knows nothing of it."""
    ids = await publish(redis, ["1", "poison"])
    async with keep([fragile]) as kept:
        await ready(kept)
    plan = deployed(TOLERANT, tmp_path)
    async with keep([plan]) as kept:
        await ready(kept)
        async with keep([plan]) as second:
            for work in (second.operating.letters.retry(ALL), second.operating.letters.discard(ALL, "anna")):
                with pytest.raises(NotOwner, match="it is waiting for its lease"):
                    await work
        store = kept.stores.beside(plan)  # which does not end the session of the one who owned it
        store.take_over(plan.as_version, 1_000, plan.streams)
        store.close()
        for work in (kept.operating.letters.retry(ALL), kept.operating.letters.discard(ALL, "anna")):
            with pytest.raises(CursorMoved):
                await work
        assert await positions(kept) == [ids[1]]
        assert len(rows_of(kept, plan)["numbers"]) == 1


async def test_what_nobody_could_read(keep: Keep, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """It concerns every projection of its stream; read by a later version of the code, it is folded in each.

    One that turns out to be of a type that nobody knows is neither folded nor lost.
    """
    note = {"note": "x" * 1_000}
    erased = {"type": "cartsnitch.users.erased", "data": {"user_id": "anna", **note}}
    unknown = {"type": "cartsnitch.prices.dreamt", "data": note}
    with monkeypatch.context() as earlier:
        earlier.setattr(envelope, "LARGEST_EVENT", 1_000)
        async with keep() as kept:
            for document in (price(1), price(2, **note), erased, unknown):
                await redis.xadd(str(document["type"]).rpartition(".")[0], {"data": orjson.dumps(document)})
            await ready(kept)
            of_prices = [plan.name for plan in kept.plans if "cartsnitch.prices" in plan.streams]
            of_users = [plan.name for plan in kept.plans if "cartsnitch.users" in plan.streams]
            found = await listed(kept)
            assert sorted(letter["projection"] for letter in found) == sorted([*of_prices, *of_prices, *of_users])
            assert {letter["event_type"] for letter in found} == {None}
            for plan in kept.plans:
                assert rows_of(kept, plan) == await defined_rows(kept, plan), plan
    async with keep() as kept:
        await ready(kept)
        done = await kept.operating.letters.retry(ALL)
        assert (done["retried"], done["refused"]) == (len(of_prices) + len(of_users), len(of_prices))
        assert {letter["error"] for letter in await listed(kept, Selection(stream="cartsnitch.prices"))} == {UNKNOWN}
        for plan in kept.plans:
            assert rows_of(kept, plan) == await defined_rows(kept, plan), plan
            if plan.name in ("price_history", "price_trends"):
                assert len(rows_of(kept, plan)["points"]) == 2
