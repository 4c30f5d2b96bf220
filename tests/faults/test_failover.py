"""Two services on the same streams and Postgres: one takes over when the other dies, or only seems to live."""

import time
from collections.abc import Callable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import psycopg
import pytest

from readmodel.engine.folding.progress import State
from tests.faults.cleanness import clean, settle
from tests.faults.publisher import Publisher
from tests.service import ServiceProcess, service_process, wait_until

PER_SECOND = 500
"""Events, so that both services and both servers have room on two cores."""
LONGEST = 60.0
"""Seconds for what takes two: the deadline is for a machine that is busy with other things."""
STOPPED_FOR = 5.0

# Kept in the transaction of each commit, so what was rolled back is not in it; in the order in which the row was held.
REMEMBER_COMMITS = """
CREATE TABLE public.commits (
    number bigint GENERATED ALWAYS AS IDENTITY,
    projection text,
    stream text,
    position bigint,
    epoch bigint
);
CREATE FUNCTION public.remember_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.commits (projection, stream, position, epoch)
    VALUES (NEW.projection, NEW.stream, NEW.position, NEW.epoch);
    RETURN NEW;
END
$$;
CREATE TRIGGER remember AFTER UPDATE ON readmodel.cursors FOR EACH ROW EXECUTE FUNCTION public.remember_commit();
"""
COMMITS = "SELECT projection, stream, position, epoch FROM public.commits ORDER BY projection, stream, number"
OWNERS = "SELECT projection, epoch FROM readmodel.cursors GROUP BY projection, epoch"


@pytest.fixture
def operator(database: str) -> Iterator["psycopg.Connection[Any]"]:
    """Somebody who looks at Postgres, and locks what the services need."""
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


@pytest.fixture
def services(redis_db: str, database: str, tmp_path: Path) -> Iterator[tuple[ServiceProcess, ServiceProcess]]:
    """The one that owns every projection, and the one that waits; each has a DuckDB file of its own."""
    folders = (tmp_path / "first", tmp_path / "second")
    for folder in folders:
        folder.mkdir()
    with (
        service_process(redis_db, database, folders[0]) as first,
        service_process(redis_db, database, folders[1]) as second,
    ):
        for service, state in ((first, State.LIVE), (second, State.WAITING)):
            service.start()
            service.url()
            wait_until(in_state(service, state), lambda: f"{service.statuses()}\n{service.log()}")  # noqa: B023
        yield first, second


def in_state(service: ServiceProcess, state: State) -> Callable[[], bool]:
    """Whether all projections in Postgres are in a state, as the service tells."""
    return lambda: {s["state"] for s in service.statuses() if s["store"] == "postgres"} == {state}


def epochs(operator: "psycopg.Connection[Any]") -> dict[str, int]:
    """Each projection's epoch in Postgres, which rises with each new owner."""
    return dict(operator.execute(OWNERS).fetchall())


def seconds_until_taken_over(operator: "psycopg.Connection[Any]", before: dict[str, int]) -> float:
    """How long it takes until every projection in Postgres has another owner."""
    began = time.monotonic()

    def taken_over() -> bool:
        now = epochs(operator)
        return all(now[projection] > epoch for projection, epoch in before.items())

    wait_until(taken_over, lambda: f"not all were taken over: {before}, now {epochs(operator)}", LONGEST)
    return time.monotonic() - began


def test_the_other_takes_over_when_the_owner_dies(
    services: tuple[ServiceProcess, ServiceProcess],
    operator: "psycopg.Connection[Any]",
    redis_db: str,
    seed: int,
) -> None:
    """After kill -9 of the owner under load the other one folds on, and nothing is lost or doubled."""
    first, second = services
    with Publisher(redis_db, seed, PER_SECOND).publishing():
        wait_until(lambda: any(s["rate"] for s in first.statuses()), first.log)
        before = epochs(operator)
        first.kill()
        print(f"the other owned all {len(before)} projections in Postgres after ", end="")
        print(f"{seconds_until_taken_over(operator, before):.2f} s")
    settle(second)

    assert clean(second) == []


def test_a_stopped_owner_commits_nothing_when_it_goes_on(
    services: tuple[ServiceProcess, ServiceProcess],
    operator: "psycopg.Connection[Any]",
    redis_db: str,
    database: str,
    seed: int,
) -> None:
    """Stopped in the middle of a transaction, with a row locked, it holds up nobody; awake, it goes back to waiting."""
    first, second = services
    operator.execute(REMEMBER_COMMITS)
    before = epochs(operator)
    with Publisher(redis_db, seed, PER_SECOND).publishing():
        with psycopg.connect(database) as blocker:
            blocker.execute("LOCK TABLE price_history_v1.points IN ACCESS EXCLUSIVE MODE")
            wait_until(lambda: waits_for_lock(operator), first.log)
            first.pause()
            stopped = time.monotonic()
        print(f"taken over after {seconds_until_taken_over(operator, before):.2f} s from a stopped transaction")
        time.sleep(max(0.0, STOPPED_FOR - (time.monotonic() - stopped)))
        first.resume()
        wait_until(in_state(first, State.WAITING), lambda: f"{first.statuses()}\n{first.log()}")
    settle(second)
    first.stop()

    assert clean(second) == []
    for (projection, stream), commits in groupby(operator.execute(COMMITS).fetchall(), itemgetter(0, 1)):
        found = [(epoch, position) for *_, position, epoch in commits]
        assert found == sorted(found), f"{projection} in {stream}: one of an earlier epoch came after one of a later"
        assert {epoch for epoch, _ in found} >= {before[projection] + 1}


def waits_for_lock(operator: "psycopg.Connection[Any]") -> bool:
    """Whether a fold of price_history has moved its cursor and waits for its table."""
    query = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'price_history_v1.points'::regclass"
    row = operator.execute(query).fetchone()
    return row is not None and row[0] > 0
