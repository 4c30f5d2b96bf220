"""The operators' routes for the truth of tables: audit, explain, and the metrics."""

from typing import Any

import duckdb
import psycopg
import pytest
from redis.asyncio import Redis

from readmodel.cli.background import in_background
from readmodel.engine.auditing.audit import Audit
from readmodel.engine.auditing.bench import Bench
from readmodel.engine.plan import Plan
from readmodel.events.position import format_position
from tests.gateway.conftest import BREAD, BUTTER, FOODHALL, GREENBASKET, MILK, Client, Log, Watched, bearer
from tests.handlers.conftest import until

AUDIT, EXPLAIN = "/api/v1/ops/audit", "/api/v1/ops/explain"


@pytest.fixture
async def history(log: Log, redis: Redis) -> None:
    """The streams hold what was published."""
    await log.kept_in(redis)


async def told(client: Client, method: str, path: str, **parameters: Any) -> tuple[int, Any]:
    """Status and body of an operator's request."""
    response = await client.request(method, path, params=parameters, headers=bearer(role="admin"))
    return response.status, await response.json()


@pytest.mark.usefixtures("history")
async def test_every_projection_is_what_its_definition_says(client: Client) -> None:
    """An audit of all of them finds nothing, and its result can be asked for again."""
    status, found = await told(client, "POST", AUDIT)

    assert status == 200
    assert [(each["projection"], each["differences"], each["error"]) for each in found] == [
        (each["projection"], 0, None) for each in found
    ]
    assert sum(each["rows"] for each in found) > 30
    assert await told(client, "GET", AUDIT) == (200, found)


@pytest.mark.usefixtures("history")
async def test_missing_and_surplus_rows(client: Client, duckdb_file: duckdb.DuckDBPyConnection) -> None:
    """What should be there and is not is told with its event; what should not be there has none."""
    points = "price_trends_v1.points_log"
    duckdb_file.execute(f"DELETE FROM {points} WHERE product_id = '{BUTTER}' AND day = '2025-11-10'")
    duckdb_file.execute(f"INSERT INTO {points} SELECT * REPLACE ('{BREAD}'::UUID AS product_id) FROM {points} LIMIT 1")

    _, (found,) = await told(client, "POST", AUDIT, projection="price_trends")

    (table,) = found["tables"]
    surplus, missing = table["examples"]
    assert (found["differences"], table["only_stored"], table["only_defined"], table["changed"]) == (2, 1, 1, 0)
    assert (surplus["kind"], surplus["key"]["product_id"], surplus["events"]) == ("only_stored", BREAD, [])
    assert (missing["kind"], missing["key"]) == (
        "only_defined",
        {"product_id": BUTTER, "store": FOODHALL, "day": "2025-11-10"},
    )
    assert missing["columns"]["regular_price"] == {"stored": None, "defined": "2.6000"}
    assert [event["type"] for event in missing["events"]] == ["cartsnitch.prices.updated"]


async def test_explain(client: Client, log: Log, redis: Redis) -> None:
    """The row, and its events oldest first; each says what it set and what of that still holds."""
    log.publish("products.normalized", normalized_product_id=MILK, canonical_name="Whole milk 1 l")
    await log.kept_in(redis)

    status, found = await told(client, "GET", EXPLAIN, projection="products", key=MILK)

    assert status == 200
    assert [(row["table"], row["row"]["canonical_name"]) for row in found["rows"]] == [
        ("products_state", "Whole milk 1 l")
    ]
    first, second = found["events"]
    assert (first["sets"]["category"], "category" in first["decides"]) == ("Dairy", True)
    assert (second["sets"]["canonical_name"], "category" in second["sets"]) == ("Whole milk 1 l", False)
    assert ("canonical_name" in first["decides"], "canonical_name" in second["decides"]) == (False, True)
    assert second["position"] == format_position(log.published[-1][1].position)


@pytest.mark.usefixtures("history")
async def test_part_of_a_key(client: Client) -> None:
    """Where it means several rows they are listed, to choose from; with more of the key it means one."""
    _, several = await told(client, "GET", EXPLAIN, projection="price_trends", key=BUTTER)
    _, one = await told(
        client,
        "GET",
        EXPLAIN,
        projection="price_trends.points@duckdb",
        key=[f"product_id={BUTTER}", f"store={FOODHALL}"],
    )
    _, none = await told(client, "GET", EXPLAIN, projection="price_trends", key=BREAD)

    assert [(row["key"]["store"], row["key"]["day"]) for row in several["rows"]] == [
        (GREENBASKET, "2025-11-15"),
        (FOODHALL, "2025-11-10"),
        ("greenbasket", "2025-11-01"),
    ]
    assert (several["events"], several["more_rows"]) == ([], False)
    assert [len(one["rows"]), len(one["events"])] == [1, 1]
    assert (none["rows"], none["events"]) == ([], [])


async def test_letters_that_mention_the_key(client: Client, database: str) -> None:
    """What was put aside may be why a row is not what somebody expects."""
    with psycopg.connect(database) as connection:
        for position, product in ((8, MILK.upper()), (9, BREAD)):
            connection.execute(
                "INSERT INTO readmodel.quarantine VALUES"
                " ('products', 2, 1, 'cartsnitch.products', %s, NULL, 'a test', %s, now())",
                [position << 21, f'{{"normalized_product_id": "{product}"'.encode()],
            )

    _, found = await told(client, "GET", EXPLAIN, projection="products", key=MILK)

    letter = {"stream": "cartsnitch.products", "position": "8-0", "state": "open", "type": None, "error": "a test"}
    assert found["letters"] == [letter]


@pytest.mark.parametrize(
    ("parameters", "status", "complaint"),
    [
        ({"projection": "nonsense", "key": "1"}, 404, "There is no projection 'nonsense'; there are coupons."),
        ({"projection": "products.nonsense", "key": MILK}, 404, "There is no projection 'products.nonsense'"),
        ({"projection": "products", "key": "butter"}, 422, "'butter' is no UUID, which product_id is"),
        ({"projection": "products", "key": "brand=Alpengold"}, 422, "The keys are products_state (product_id)."),
        ({"projection": "products", "key": f"{MILK},7"}, 422, "The keys are products_state (product_id)."),
        ({"projection": "price_trends", "key": [BUTTER, "day=2025-11-10"]}, 422, "must be named all, or none"),
        ({"projection": "products"}, 422, "key"),
    ],
)
async def test_what_cannot_be_explained(
    client: Client, parameters: dict[str, Any], status: int, complaint: str
) -> None:
    """The error says which projections, tables and keys there are."""
    found, problem = await told(client, "GET", EXPLAIN, **parameters)

    said = " ".join([problem["detail"], *(f"{x['field']} {x['message']}" for x in problem.get("errors", []))])
    assert (found, complaint in said) == (status, True), said


async def test_an_unknown_projection_is_not_audited(client: Client) -> None:
    """The error says which there are."""
    status, problem = await told(client, "POST", AUDIT, projection="nonsense")

    assert (status, problem["detail"][:38]) == (404, "There is no projection 'nonsense'; the")


async def test_only_operators_may(client: Client) -> None:
    """Users see nobody's events."""
    for method, path in (("GET", AUDIT), ("POST", AUDIT), ("GET", f"{EXPLAIN}?projection=users&key=x")):
        response = await client.request(method, path, headers=bearer())
        assert response.status == 403, (method, path)


@pytest.mark.usefixtures("history")
async def test_in_the_background(plans: tuple[Plan, ...], bench: Bench) -> None:
    """What this process keeps is audited by itself, again and again."""
    audit = Audit(plans, bench)
    ours = {"stores@duckdb", "users@postgres"}

    async def both() -> bool:
        return len(audit.last()) == 2

    async with in_background(audit.watch(0.01, lambda plan: plan.key in ours)):
        await until(both, "two audits")

    assert {audited.plan.key for audited in audit.last()} == ours
    assert {(audited.differences, audited.error) for audited in audit.last()} == {(0, None)}


async def test_an_audit_that_cannot_be_done(client: Client, database: str) -> None:
    """It says why, and is no success: here nothing is shown, and there nothing can be read."""
    with psycopg.connect(database) as connection:
        connection.execute("DELETE FROM readmodel.live WHERE projection = 'users'")

    _, (audited,) = await told(client, "POST", AUDIT, projection="users")
    status, problem = await told(client, "GET", EXPLAIN, projection="users", key="ada")

    assert (audited["differences"], audited["error"][:40]) == (0, "users@postgres has no live build yet, so")
    assert (status, problem["detail"][:40]) == (409, "users@postgres has no live build yet, so")


@pytest.mark.usefixtures("history")
async def test_metrics(client: Client, monitor: Watched, duckdb_file: duckdb.DuckDBPyConnection) -> None:
    """Anybody may read how the projections are, and what the last audit of each found."""
    duckdb_file.execute(f"DELETE FROM price_trends_v1.points_log WHERE product_id = '{BUTTER}'")
    (audited,) = (await told(client, "POST", AUDIT, projection="price_trends"))[1]
    status = {"name": "users", "store": "postgres", "state": "live", "lag_seconds": 0.25, "lag_events": 3}
    monitor.rows = [status | {"quarantined": 2}]

    response = await client.get("/metrics")

    text = await response.text()
    assert response.headers["Content-Type"].startswith("text/plain")
    assert (
        '# TYPE readmodel_lag_seconds gauge\nreadmodel_lag_seconds{projection="users",store="postgres"} 0.25\n' in text
    )
    assert 'readmodel_state{projection="users",store="postgres",state="live"} 1\n' in text
    assert 'readmodel_quarantined{projection="users",store="postgres"} 2\n' in text
    assert 'readmodel_audit_differences{projection="price_trends",store="duckdb"} 3\n' in text
    assert 'readmodel_audit_failed{projection="price_trends",store="duckdb"} 0\n' in text
    assert audited["differences"] == 3
