"""What the service answers, against an independent reading of the contracts: every endpoint, body by body."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from random import Random

import duckdb
import pytest

from gateway.routes import ROUTES
from readmodel.demo.market import Market
from readmodel.engine.plan import Plan
from readmodel.engine.projection import DUCKDB, POSTGRES
from readmodel.engine.views import Views
from readmodel.stores.reading import DuckReader, PostgresReader
from tests.gateway.conftest import Client, Watched, serving
from tests.oracle import goods_mishaps, people_mishaps
from tests.oracle.asking import Comparison, today
from tests.oracle.endpoints import ENDPOINTS
from tests.oracle.following import Followers, Log
from tests.oracle.people_mishaps import STRANGE_USER
from tests.oracle.questions import NOBODY, Questions
from tests.oracle.stage import played

DAYS = 400
_IN_PATH = re.compile(r"\{\w+\}")


def log_of(seed: int) -> Log:
    """A market that ends today, with mishaps."""
    market = Market(seed, today() - timedelta(days=DAYS), days=DAYS, products=40, users=10)
    return Log(played(market.history(), goods_mishaps.MISHAPS | people_mishaps.MISHAPS, seed))


@pytest.fixture
async def client(
    plans: tuple[Plan, ...], followers: Followers, database: str, duckdb_file: duckdb.DuckDBPyConnection
) -> AsyncIterator[Client]:
    """A client of the application that reads what the followers fold."""
    rows, scans = PostgresReader(database, size=4), DuckReader(duckdb_file)
    await rows.open()
    async with serving(Views(plans, {POSTGRES: rows, DUCKDB: scans}), Watched()) as made:
        yield made
    await rows.close()
    scans.close()


def test_the_oracle_knows_every_endpoint() -> None:
    """Every one that answers from projections; a new one needs an answer there, too."""
    paths = {_IN_PATH.sub("{id}", route.path) for route in ROUTES if route.reads}
    assert {path for path in paths if path.startswith("/api/v1/")} == {f"/api/v1{path}" for path in ENDPOINTS}


async def everything_is_right(compared: Comparison, random: Random, users: int) -> None:
    """Ask everything as so many of the users, and complain of the first answers that differ."""
    world = compared.world
    there = {told.data["user_id"] for told in world.of("users.registered")} | {STRANGE_USER, NOBODY}
    chosen = random.sample(sorted(there), min(users, len(there)))
    asked = Questions(world, random)
    questions = [*asked.of_anybody(chosen[0]), *(question for user in chosen for question in asked.of_user(user))]
    complaints = await compared.complaints(questions)
    found = "\n".join(complaints[:20])
    assert not complaints, f"{len(complaints)} of {len(questions)} answers differ:\n{found}"


async def test_answers_are_right_at_any_moment(client: Client, followers: Followers) -> None:
    """While a market is told, every answer is what the events so far say."""
    log, random, told = log_of(seed=11), Random("moments"), 0
    for share in (0.25, 0.6, 0.85, 1):
        upto = round(share * len(log)) - (random.randrange(50) if share < 1 else 0)
        for stream, entries in log.part(told, upto):
            followers.fold(stream, entries)
        told = upto
        await everything_is_right(Comparison(client, log.told[:told], random), random, users=5)


async def test_answers_do_not_depend_on_the_order_of_streams(client: Client, followers: Followers) -> None:
    """Another market, told one stream after the other, users first and accounts last: the same rules hold."""
    log, random = log_of(seed=12), Random("streams")
    for stream, entries in sorted(log.part(0, len(log)), reverse=True):
        followers.fold(stream, entries)
    await everything_is_right(Comparison(client, log.told, random), random, users=99)
