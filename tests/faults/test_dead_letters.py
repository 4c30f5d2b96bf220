"""Dead letters as an operator handles them: with `readmodel dead-letters`, with the service running and without."""

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis as redis_client

from readmodel.cli.main import main
from readmodel.stores import duckdb as duck
from readmodel.testing.law import Rows
from tests.faults.cleanness import defined_rows, stored_rows
from tests.handlers.test_bad_input import price
from tests.handlers.test_delivery import plan_of
from tests.service import ServiceProcess, service_process

TYPE = "cartsnitch.prices.updated"
IN_POSTGRES, IN_DUCKDB = "price_history@postgres", "price_trends@duckdb"


@pytest.fixture
def service(redis_db: str, database: str, tmp_path: Path) -> Iterator[ServiceProcess]:
    """A running service."""
    with service_process(redis_db, database, tmp_path) as started:
        started.start()
        started.url()
        yield started


def publish(redis_db: str, *events: dict[str, Any] | bytes) -> list[str]:
    """Publish price events: the positions as the commands take them."""
    with redis_client.Redis.from_url(redis_db) as client:
        raws = [event if isinstance(event, bytes) else json.dumps(event) for event in events]
        ids: list[Any] = [client.xadd("cartsnitch.prices", {"data": raw}) for raw in raws]
    return [f"cartsnitch.prices={entry_id.decode()}" for entry_id in ids]


def alter(database: str, statement: str) -> None:
    """Change the table of price_history."""
    with psycopg.connect(database) as connection:
        connection.execute(f"ALTER TABLE price_history_v1.points {statement}".encode())


def letters(service: ServiceProcess, *arguments: str) -> Any:
    """What a `dead-letters` command answers."""
    return json.loads(service.run("dead-letters", *arguments, "--json"))


def refused(service: ServiceProcess, *arguments: str) -> tuple[int, str]:
    """A `dead-letters` command that fails: its exit code and what it says."""
    done = service.tried("dead-letters", *arguments)
    return done.returncode, done.stdout + done.stderr


def names(found: Any) -> list[tuple[str, str]]:
    """Projection and position of letters."""
    return [(f"{x['projection']}@{x['store']}", f"{x['stream']}={x['position']}") for x in found["letters"]]


def both(name: str, redis_db: str, database: str, data_dir: Path) -> tuple[Rows, Rows]:
    """What a projection's tables hold, and what its definition makes of everything in its streams."""
    plan = plan_of(name)
    return stored_rows(plan, database, data_dir), asyncio.run(defined_rows(plan, redis_db))


def test_with_the_service(service: ServiceProcess, redis_db: str, database: str, tmp_path: Path) -> None:
    """List, show, retry in vain, put right what is wrong, retry; discard what never will be right."""
    alter(database, "ADD CONSTRAINT luck CHECK (regular_price <> 13)")
    _, unlucky, negative, broken = publish(
        redis_db, price(1), price(2, regular_price="13.00"), price(3, regular_price=-1), b"{nope \xff"
    )
    service.wait_until_caught_up()

    found = letters(service, "list")
    expected = [(IN_POSTGRES, at) for at in (unlucky, negative, broken)] + [
        (IN_DUCKDB, at) for at in (negative, broken)
    ]
    assert (found["total"], names(found)) == (5, expected)
    assert names(letters(service, "list", "--type", TYPE, "--error", "greater than")) == [
        (IN_POSTGRES, negative),
        (IN_DUCKDB, negative),
    ]
    printed = service.run("dead-letters", "list", "price_history", "--limit", "1")
    assert f"{IN_POSTGRES} {unlucky}  {TYPE}\n    The store refused an event of this batch" in printed
    assert "3 dead letters, 2 of them not shown" in printed

    shown = letters(service, "show", "price_history", unlucky)
    assert (shown["event"]["data"]["regular_price"], shown["state"]) == ("13.00", "open")
    assert '"regular_price": "13.00"' in service.run("dead-letters", "show", *names(found)[0])
    assert letters(service, "show", IN_DUCKDB, broken)["text"] == "{nope \\xff"

    code, complaint = refused(service, "retry", "price_history", unlucky)
    assert (code, "0 folded, 1 refused again" in complaint, '"luck"' in complaint) == (1, True, True)
    alter(database, "DROP CONSTRAINT luck")
    assert service.run("dead-letters", "retry", "--error", "luck") == "1 folded, 0 refused again\n"

    assert letters(service, "discard", "--error", "not JSON", "--reason", "a test") == {"discarded": 2}
    given_up = letters(service, "list", "--state", "discarded")
    assert names(given_up) == [(IN_POSTGRES, broken), (IN_DUCKDB, broken)]
    assert {letter["discarded_for"] for letter in given_up["letters"]} == {"a test"}
    assert letters(service, "show", "price_history", broken)["text"] == "{nope \\xff"
    code, complaint = refused(service, "retry", "--all")
    assert (code, "0 folded, 2 refused again" in complaint) == (1, True)

    service.wait_until_caught_up()
    service.stop()
    for name in ("price_history", "price_trends"):
        held, defined = both(name, redis_db, database, tmp_path)
        assert (held, len(held["points"])) == (defined, 2)
    counted = [(row["quarantined"], row["discarded"]) for row in json.loads(service.run("status", "--json"))]
    assert sorted(counted)[-2:] == [(1, 1), (1, 1)]


def test_without_the_service(service: ServiceProcess, redis_db: str, database: str, tmp_path: Path) -> None:
    """The same commands act on the stores themselves, in both of them, and show the same."""
    publish(redis_db, price(1))
    service.wait_until_caught_up()
    service.stop()
    alter(database, "ADD CONSTRAINT luck CHECK (regular_price <> 13)")
    in_file(tmp_path, "CREATE UNIQUE INDEX luck ON price_trends_v1.points_log (regular_price)")
    unlucky, again = publish(
        redis_db, price(2, regular_price="13.00"), price(3, regular_price="1.99", sale_price="1.49")
    )
    service.start()
    service.wait_until_caught_up()
    while_running = letters(service, "list")
    service.stop()

    assert names(while_running) == [(IN_POSTGRES, unlucky), (IN_DUCKDB, again)]
    assert letters(service, "list") == while_running
    assert letters(service, "show", IN_DUCKDB, again)["event"]["data"]["sale_price"] == "1.49"
    code, complaint = refused(service, "retry", "--all")
    assert (code, "0 folded, 2 refused again" in complaint) == (1, True)
    alter(database, "DROP CONSTRAINT luck")
    in_file(tmp_path, "DROP INDEX price_trends_v1.luck")
    assert letters(service, "retry", "--type", TYPE) == {"retried": 2, "refused": 0, "letters": []}

    for name in ("price_history", "price_trends"):
        held, defined = both(name, redis_db, database, tmp_path)
        assert (held, len(held["points"])) == (defined, 3)
    # The service, started again, takes over from the command and goes on.
    publish(redis_db, price(4), price(5, regular_price=-1))
    service.start()
    service.wait_until_caught_up()
    service.stop()
    assert letters(service, "discard", "price_trends") == {"discarded": 1}
    assert [row["projection"] for row in letters(service, "list")["letters"]] == ["price_history"]


def in_file(data_dir: Path, statement: str) -> None:
    """Change the DuckDB file that no service has open."""
    file = duck.open_file(data_dir / "analytics.duckdb", threads=1)
    try:
        file.execute(statement)
    finally:
        file.close()


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (("retry",), 2, "Say which: PROJECTION"),
        (("discard",), 2, "Say which: PROJECTION"),
        (("show", "price_history"), 2, "Missing argument 'POSITION'"),
        (("list", "--state", "lost"), 2, "'lost' is not one of"),
        (("list", "nonsense"), 1, "There is no projection 'nonsense'; there are "),
        (("show", "price_history", "yesterday"), 1, "'yesterday' is not a position"),
        (("show", "price_history", "7-0"), 1, "There is no dead letter of price_history at 7-0."),
        (("retry", "price_history", "7-0"), 1, "There is no dead letter of price_history at 7-0."),
        (("discard", "--error", "bliss"), 1, "There is no open dead letter whose error contains 'bliss'."),
    ],
)
def test_what_is_asked_wrongly(
    arguments: tuple[str, ...],
    code: int,
    complaint: str,
    redis_db: str,
    database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The error names what was asked; 2 where the command was called wrongly, 1 where there is no such thing."""
    for name, value in ServiceProcess(redis_db, database, tmp_path).environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["readmodel", "dead-letters", *arguments])

    with pytest.raises(SystemExit) as ended:
        main()

    said = capsys.readouterr().err
    assert (ended.value.code, complaint in said) == (code, True), said


def test_one_is_shown_at_a_time(service: ServiceProcess, redis_db: str) -> None:
    """A projection that lives in both stores has two: asked for one, the command names both, service or not."""
    with redis_client.Redis.from_url(redis_db) as client:
        entry_id: Any = client.xadd("cartsnitch.products", {"data": b"{nope"})
    at = entry_id.decode()
    service.wait_until_caught_up()
    complaint = (
        f"There is more than one dead letter of products at {at}: products@postgres cartsnitch.products={at},"
        f" products@duckdb cartsnitch.products={at}. Name one of them."
    )
    running = refused(service, "show", "products", at)
    code, said = refused(service, "retry", "nonsense")
    service.stop()
    stopped = refused(service, "show", "products", at)

    assert [(code, complaint in said) for code, said in (running, stopped)] == [(1, True)] * 2, (running, stopped)
    assert (code, "(said the service at http://127.0.0.1" in said) == (1, True)
