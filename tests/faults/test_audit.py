"""The audit and `explain` as an operator runs them: what is wrong is named, whichever store it is in."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

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


def test_one_corrupt_cell(service: ServiceProcess, database: str, tmp_path: Path) -> None:
    """Found in both stores, with and without the service: projection, row, column, both values, and the event."""
    corrupt(database, tmp_path)
    printed = service.tried("audit", *AUDITED)
    explained = service.run("explain", "price_history", f"product_id={PRODUCT}", f"store={STORE}", "day=2010-01-02")
    service.start()
    service.url()
    asked = service.tried("audit", *AUDITED, "--json")
    compared = f"/api/v1/public/store-comparison?product_ids={PRODUCT}"
    live, past = service.headers(compared), service.headers(f"{compared}&as_of={datetime.now(UTC).date()}")
    last = service.get("/api/v1/ops/audit", **{"X-Service-Key": SECRET})
    clean = service.tried("audit", "users")

    assert (printed.returncode, asked.returncode, clean.returncode) == (3, 3, 0)
    assert "price_trends@duckdb: 1 rows differ" in printed.stdout
    assert "regular_price: stored 7.0000, defined 1.9900\n    * cartsnitch.prices " in printed.stdout
    assert "users@postgres: 0 rows are what the definition says" in clean.stdout
    found = json.loads(asked.stdout)
    assert (found, [each["differences"] for each in found]) == (last, [1, 1, 0])
    for each in found[:2]:
        (table,) = each["tables"]
        (row,) = table["examples"]
        assert (each["rows"], each["left_out"], table["changed_columns"]) == (2, 1, {"regular_price": 1})
        assert (row["key"]["product_id"], row["key"]["day"]) == (PRODUCT, "2010-01-03")
        assert row["columns"] == {"regular_price": {"stored": "7.0000", "defined": "1.9900"}}
        assert [(event["id"], event["deciding"]) for event in row["events"]] == [("e-2", True)]
    assert 'readmodel_audit_differences{projection="price_trends",store="duckdb"} 1\n' in service.text("/metrics")
    # The price that was put aside makes the product's answers stale, of today and of the past.
    assert "X-Stale-Since" in live
    assert live["X-Stale-Since"] == past["X-Stale-Since"]
    # Of two prices of that day the later one decides.
    assert [line[:3] for line in explained.splitlines() if "prices.updated" in line] == ["   ", "  *"]
    assert "regular_price*=2.0000" in explained
