"""Erasing a user: nothing is left anywhere, nothing brings it back, and nobody else notices."""

import json
import random
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet as pq
import pytest

from tests.faults.people import ADA, BOB, answers, events_of, live, places, publish, secret
from tests.service import READMODEL, SECRET, ServiceProcess, service_process

KILLS = 3


@pytest.fixture
def service(redis_db: str, database: str, tmp_path: Path) -> Iterator[ServiceProcess]:
    """A service on which two users have lived, partly archived, with dead letters of both."""
    with service_process(redis_db, database, tmp_path) as made:
        live(redis_db, made)
        yield made


def erased(service: ServiceProcess, user: str) -> Any:
    """Erase one: the record."""
    return json.loads(service.run("erase-user", user, "--yes", "--json"))


def ordered(service: ServiceProcess, what: str, **parameters: str) -> Any:
    """Have something done over HTTP, where starting a command for it would take longer: the last line."""
    request = urllib.request.Request(
        f"{service.url()}/api/v1/ops/{what}?{urllib.parse.urlencode(parameters)}",
        method="POST",
        headers={"X-Service-Key": SECRET},
    )
    with urllib.request.urlopen(request, timeout=120) as response:
        *_, last = response.read().splitlines()
    return json.loads(last)


def positions(path: Path) -> list[int]:
    """Of the events in a file of the archive."""
    found: list[int] = pq.ParquetFile(path).read()["position"].to_pylist()
    return found


def assert_gone(redis_db: str, database: str, tmp_path: Path) -> None:
    """Nothing that she sent is anywhere; her id only where it says that she is erased, so that nothing comes back."""
    assert places(secret(ADA), redis_db, database, tmp_path) == []
    named = places(ADA, redis_db, database, tmp_path)
    says_so = {"redis cartsnitch.users", "archive users_erased.parquet"}
    assert [place for place in named if place not in says_so and not place.endswith(".erased")] == []


def recorded(database: str, data_dir: Path) -> list[Any]:
    """The records as they are kept beside the archive, having seen that the table has the same."""
    kept = [json.loads(path.read_text()) for path in sorted((data_dir / "archive" / "erasures").iterdir())]
    with psycopg.connect(database) as connection:
        query = "SELECT removed, finished_at IS NOT NULL FROM readmodel.erasures ORDER BY began_at"
        rows = connection.execute(query).fetchall()
    assert [(json.loads(text), done) for text, done in rows] == [(record["removed"], True) for record in kept]
    return kept


def test_nothing_is_left_and_nothing_comes_back(
    service: ServiceProcess, redis_db: str, database: str, tmp_path: Path
) -> None:
    """With the service running: every place is clean and stays so when it is rebuilt, the other user keeps all."""
    ordered(service, "rebuild", projection="purchases")
    ordered(service, "rebuild", projection="users", swap="false")
    ordered(service, "dead-letters/discard", projection="purchases", all="true")
    bob = answers(service, BOB)

    record = erased(service, ADA)
    service.wait_until_caught_up()
    told = answers(service, ADA)
    complaint = ordered(service, "rollback", projection="purchases")["error"]
    publish(redis_db, *events_of(ADA, 6))
    again = ordered(service, "erase-user", user=ADA)["outcome"]
    for name in ("purchases", "user_alerts"):
        ordered(service, "rebuild", projection=name)
    ordered(service, "dead-letters/retry", all="true")
    ordered(service, "rebuild", projection="users", swap="false", until="2124-01-01T00:00:00Z")
    audit = service.tried("audit")

    assert audit.returncode == 0, audit.stdout
    assert answers(service, BOB) == bob
    assert [json.loads(told[path]) for path in ("purchases", "shopping/lists", "me/stores")] == [[], [], []]
    assert "purchases@postgres has no previous build: it has not been rebuilt" in complaint
    service.stop()
    assert_gone(redis_db, database, tmp_path)
    assert places(secret(BOB), redis_db, database, tmp_path)
    removed = record["removed"]
    counts = {stream: sum(found["archive"].values()) for stream, found in removed.items() if "archive" in found}
    assert {stream: count for stream, count in counts.items() if count} == {
        "cartsnitch.accounts": 10,
        "cartsnitch.products": 2,
        "cartsnitch.receipts": 7,
        "cartsnitch.shopping_lists": 5,
        "cartsnitch.users": 12,
    }
    assert removed["dead_letters"]["duckdb"] >= 2
    assert set(removed["builds"]) == {"purchases_v2@postgres", "users_v1_2@postgres"}
    assert [again["removed"][f"cartsnitch.{noun}"]["stream"] for noun in ("receipts", "products")] == [1, 0]
    assert recorded(database, tmp_path) == [record, again]
    published = {at for path in (tmp_path / "archive").rglob("users_erased.parquet") for at in positions(path)}
    assert len(published) == 1


def test_interrupted_it_is_finished_by_repeating_it(
    service: ServiceProcess, redis_db: str, database: str, tmp_path: Path, seed: int
) -> None:
    """Killed at random moments, without a service, and done again: all is gone, and the service raises no alarm."""
    bob = answers(service, BOB)
    service.stop()
    dice = random.Random(seed)
    for _ in range(KILLS):
        command = [str(READMODEL), "erase-user", ADA, "--yes"]
        process = subprocess.Popen(command, env=service.environment, stderr=subprocess.DEVNULL)
        time.sleep(dice.uniform(0.5, 4.0))
        process.kill()
        process.wait()

    erased(service, ADA)

    assert_gone(redis_db, database, tmp_path)
    service.start()
    service.wait_until_caught_up()
    assert {status["state"] for status in service.statuses()} == {"live"}
    assert answers(service, BOB) == bob
    assert service.tried("audit").returncode == 0
