"""The audit and `explain` as an operator runs them: what is wrong is named, whichever store it is in."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.faults.test_dead_letters import in_file, publish
from tests.handlers.test_bad_input import PRODUCT, STORE, price
from tests.service import SECRET, ServiceProcess, service_process

AUDITED = ("price_history", "price_trends", "users")


@pytest.fixture
def service(redis_db: str, database: str, tmp_path: Path) -> Iterator[ServiceProcess]:
    """A service that has folded three prices, put one aside, and stands still."""
    with service_process(redis_db, database, tmp_path) as made:
        made.start()
        publish(
            redis_db, price(1), price(2) | {"id": "e-2"}, price(1, regular_price="2.00"), price(2, regular_price=-1)
        )
        made.wait_until_caught_up()
        made.stop()
        yield made


def corrupt(database: str, data_dir: Path) -> None:
    """Change one cell in each store."""
    change = "SET regular_price = 7 WHERE day = '2010-01-03'"
    with psycopg.connect(database) as connection:
        connection.execute(f"UPDATE price_history_v1.points {change}".encode())
    in_file(data_dir, f"UPDATE price_trends_v1.points_log {change}")


def audited(service: ServiceProcess, *names: str) -> tuple[int, list[Any]]:
    """Exit code and result of an audit."""
    done = service.tried("audit", *names, "--json")
    return done.returncode, json.loads(done.stdout)


def test_one_corrupt_cell(service: ServiceProcess, database: str, tmp_path: Path) -> None:
    """Found in both stores, with and without the service: projection, row, column, both values, and the event."""
    code, clean = audited(service, *AUDITED)
    assert (code, [(found["rows"], found["left_out"], found["differences"]) for found in clean]) == (
        0,
        [(2, 1, 0), (2, 1, 0), (0, 0, 0)],
    )

    corrupt(database, tmp_path)
    printed = service.tried("audit", *AUDITED)
    service.start()
    service.url()
    code, found = audited(service, *AUDITED)
    last = service.get("/api/v1/ops/audit", **{"X-Service-Key": SECRET})

    assert (code, last, [each["differences"] for each in found]) == (3, found, [1, 1, 0])
    for each in found[:2]:
        (table,) = each["tables"]
        (row,) = table["examples"]
        assert (table["table"], table["changed"], table["changed_columns"]) == ("points", 1, {"regular_price": 1})
        assert (row["key"]["product_id"], row["key"]["day"]) == (PRODUCT, "2010-01-03")
        assert row["columns"] == {"regular_price": {"stored": "7.0000", "defined": "1.9900"}}
        assert [(event["id"], event["deciding"]) for event in row["events"]] == [("e-2", True)]
    assert printed.returncode == 3
    assert "price_trends@duckdb: 1 rows differ" in printed.stdout
    assert "regular_price: stored 7.0000, defined 1.9900\n    * cartsnitch.prices " in printed.stdout
    assert 'readmodel_audit_differences{projection="price_trends",store="duckdb"} 1\n' in metrics(service)
    assert 'readmodel_audit_differences{projection="users",store="postgres"} 0\n' in metrics(service)


def metrics(service: ServiceProcess) -> str:
    """What Prometheus reads."""
    return service.text("/metrics")


def test_explain(service: ServiceProcess) -> None:
    """The row, its events oldest first, the deciding one marked; and the letter that mentions the key."""
    directly = service.run("explain", "price_history", f"product_id={PRODUCT}", f"store={STORE}", "day=2010-01-02")
    service.start()
    service.url()
    told = json.loads(service.run("explain", "price_history", f"{PRODUCT},{STORE},2010-01-02", "--json"))
    several = service.run("explain", "price_history", PRODUCT)
    refused = service.tried("explain", "price_history", "product=7")

    assert [(event["sets"]["regular_price"], event["deciding"]) for event in told["events"]] == [
        ("1.9900", False),
        ("2.0000", True),
    ]
    assert told["rows"][0]["row"]["regular_price"] == "2.0000"
    assert "regular_price*=2.0000" in directly
    assert [line[:3] for line in directly.splitlines() if "prices.updated" in line] == ["   ", "  *"]
    assert "more than one such row" in several
    assert "day=2010-01-03" in several
    assert refused.returncode == 1
    assert "The keys are points (product_id, store, day)." in refused.stderr
    letter = json.loads(service.run("explain", "price_history", f"{PRODUCT},{STORE},2010-01-03", "--json"))["letters"]
    assert [(each["state"], "greater than" in each["error"]) for each in letter] == [("open", True)]
