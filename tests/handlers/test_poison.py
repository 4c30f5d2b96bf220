"""Events that decode but that a store refuses, in a projection whose definition can fail."""

import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import orjson
import pytest
from redis.asyncio import Redis

from readmodel.cli.folding import Folding
from readmodel.engine.catalogue import plans_of
from readmodel.engine.plan import Plan
from readmodel.engine.projection import POSTGRES
from tests.handlers.conftest import Keep, caught_up, until
from tests.handlers.test_bad_input import price, quarantine, rows

DECLARATION = """
from readmodel.engine.projection import DUCKDB, POSTGRES, Projection, Table
from readmodel.events.prices import PriceUpdated

projection = Projection(
    version=1, stores=({store},), events=(PriceUpdated,), tables=(Table("numbers", key=("observed_date",)),)
)
"""
DEFINITION = """
-- numbers --
SELECT observed_date, CAST(observed_by AS INTEGER) AS number, position
FROM prices_updated
"""


@pytest.fixture(params=["POSTGRES", "DUCKDB"])
def fragile(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plan]:
    """A projection that fails on every price whose source is not a number."""
    folder = tmp_path / "fragile"
    folder.mkdir()
    (folder / "__init__.py").write_text(DECLARATION.format(store=request.param))
    (folder / "definition.sql").write_text(DEFINITION)
    monkeypatch.syspath_prepend(str(tmp_path))
    (plan,) = plans_of("fragile")
    yield plan
    del sys.modules["fragile"]


async def publish(redis: Redis, sources: list[str]) -> list[bytes]:
    """Publish one price per source, each of another day."""
    pipeline = redis.pipeline(transaction=False)
    for day, source in enumerate(sources):
        pipeline.xadd("cartsnitch.prices", {"data": orjson.dumps(price(day, source=source))})
    found: list[bytes] = await pipeline.execute()
    return found


async def count(kept: Folding, plan: Plan) -> int:
    """How many rows the projection has."""
    if plan.store is POSTGRES:
        (row,) = await rows(kept, "SELECT count(*) AS n FROM fragile_v1.numbers")
        return int(row["n"])
    found = kept.stores.file.cursor().execute("SELECT count(*) FROM fragile_v1.numbers").fetchall()
    return int(found[0][0])


async def put_aside(kept: Folding, plan: Plan) -> list[str]:
    """The entry ids in the projection's quarantine."""
    if plan.store is POSTGRES:
        return [row["id"] for row in await quarantine(kept, "fragile")]
    query = "SELECT (position >> 21) || '-' || (position & 2097151) FROM readmodel.quarantine ORDER BY position"
    return [row[0] for row in kept.stores.file.cursor().execute(query).fetchall()]


@pytest.mark.parametrize("at", [0, 1, 499, 500, 998, 999, *Random(7).sample(range(1_000), 3)])
async def test_exactly_the_poison_is_put_aside(at: int, fragile: Plan, keep: Keep, redis: Redis) -> None:
    """Wherever it stands in a batch of 1,000, the refused event goes to quarantine and 999 are folded."""
    ids = await publish(redis, ["poison" if number == at else str(number) for number in range(1_000)])
    async with keep([fragile]) as kept:
        await caught_up(kept)

        assert await put_aside(kept, fragile) == [ids[at].decode()]
        assert await count(kept, fragile) == 999


@pytest.mark.parametrize("seed", range(3))
async def test_exactly_the_poisoned_are_put_aside(seed: int, fragile: Plan, keep: Keep, redis: Redis) -> None:
    """However many there are and wherever they stand, as long as one of their type is taken."""
    poison = set(Random(seed).sample(range(1_000), 40))
    ids = await publish(redis, ["poison" if number in poison else str(number) for number in range(1_000)])
    async with keep([fragile]) as kept:
        await caught_up(kept)

        assert await put_aside(kept, fragile) == [ids[number].decode() for number in sorted(poison)]
        assert await count(kept, fragile) == 960


async def test_a_fold_that_refuses_everything_stops(fragile: Plan, keep: Keep, redis: Redis) -> None:
    """When all events of a type are refused the fold is broken, not the events: none is put aside."""
    await publish(redis, ["poison"] * 20)
    async with keep([fragile]) as kept:

        async def stopped() -> bool:
            await kept.monitor.look()
            return bool(kept.monitor.statuses()[0]["state"] == "stopped")

        await until(stopped, "the projection did not stop")

        assert "all of 20 events cartsnitch.prices.updated were refused" in kept.monitor.statuses()[0]["last_error"]
        assert await put_aside(kept, fragile) == []
        assert await count(kept, fragile) == 0
