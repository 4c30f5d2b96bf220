"""All 351,150 real price changes through the streams; every answer equals a query over the CSV itself."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
import pytest
import redis

import projections
from gateway.auth import make_token
from readmodel.engine.catalogue import discover
from readmodel.importers.heissepreise import load_matches, product_key, store_key
from tests.service import SECRET, ServiceProcess, service_process

SHARED = Path(__file__).parents[2] / "shared" / "data"
PRICES = SHARED / "heissepreise_prices.csv.gz"
MATCHES = SHARED / "heissepreise_matches_billa_spar.csv"
LAST_DAY = "2024-02-15"

pytestmark = pytest.mark.skipif(not PRICES.exists(), reason="the shared data folder is absent")


@pytest.fixture(scope="module")
def csv() -> Iterator[duckdb.DuckDBPyConnection]:
    """The file as table `prices`, its product ids as imported beside its own."""
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE raw AS FROM read_csv('{PRICES}', all_varchar = true)")
        articles = connection.execute("SELECT DISTINCT store, product_id FROM raw").fetchall()
        matches = load_matches(MATCHES)
        connection.execute("CREATE TABLE keys (store VARCHAR, product_id VARCHAR, product UUID)")
        keys = [[store, article, str(product_key(store, article, matches))] for store, article in articles]
        columns = dict(zip(("store", "product_id", "product"), map(list, zip(*keys, strict=True)), strict=True))
        connection.register("found", pa.table(columns))
        connection.execute("INSERT INTO keys FROM found")
        connection.execute("""
            CREATE TABLE prices AS
            SELECT product, store, product_id, CAST(date AS DATE) AS day, CAST(price AS DECIMAL(13, 4)) AS price, name
            FROM raw JOIN keys USING (store, product_id)""")
        yield connection


@pytest.fixture(scope="module")
def service(
    claimed_redis_db: str, module_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServiceProcess]:
    """The service, after the import that an operator would run."""
    folder = tmp_path_factory.mktemp("real")
    with redis.Redis.from_url(claimed_redis_db) as client:
        client.flushdb()
    with service_process(claimed_redis_db, module_database, folder) as found:
        found.start()
        found.url()
        began = time.monotonic()
        printed = found.run("import", "heissepreise", str(PRICES), "--matches", str(MATCHES))
        published = time.monotonic() - began
        found.wait_until_caught_up(300)
        folded = time.monotonic() - began
        rate = 515_067 / folded
        print(f"\n{printed.strip()} in {published:.1f} s, folded after {folded:.1f} s: {rate:,.0f} events/s")
        print(f"peak memory of the service: {peak_memory(found):,} MiB")
        yield found
    with redis.Redis.from_url(claimed_redis_db) as client:
        client.flushdb()


def peak_memory(service: ServiceProcess) -> int:
    """In MiB, as the kernel counts it."""
    assert service._process
    lines = Path(f"/proc/{service._process.pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) // 1024


def ask(service: ServiceProcess, path: str) -> Any:
    """Ask as a user, and print how long it took."""
    token = make_token({"default": SECRET}, "someone")
    began = time.perf_counter()
    answer = service.get(path, Authorization=f"Bearer {token}")
    print(f"{(time.perf_counter() - began) * 1000:7.1f} ms  {path[:100]}")
    return answer


def test_every_row_is_there(service: ServiceProcess, csv: duckdb.DuckDBPyConnection, module_database: str) -> None:
    """Both price projections hold one point per product, store and day; nothing was put aside."""
    (expected,) = one(csv, "SELECT count(DISTINCT (product, store, day)) FROM prices")
    with psycopg.connect(module_database) as connection:
        row = connection.execute("SELECT count(*) FROM price_history_v1.points").fetchone()
    assert row == (expected,) == (351_150,)
    assert [(s["state"], s["quarantined"]) for s in service.statuses()] == [("live", 0)] * len(discover(projections))


def test_the_trend_of_a_billa_product(service: ServiceProcess, csv: duckdb.DuckDBPyConnection) -> None:
    """The product with the longest history: every price of every day, oldest first."""
    query = "SELECT product, any_value(name) FROM prices WHERE store = 'billa' GROUP BY 1 ORDER BY count(*) DESC, 1"
    product, name = one(csv, query)
    expected: list[dict[str, Any]] = [
        {"date": f"{day}T00:00:00", "price": float(price), "store_id": str(store_key(store))}
        for day, price, store in csv.execute(
            "SELECT day, price, store FROM prices WHERE product = ? ORDER BY day, store", [product]
        ).fetchall()
    ]
    answer = ask(service, f"/api/v1/products/{product}/prices")
    assert by_day_and_store(answer["data_points"]) == by_day_and_store(expected)
    assert (answer["product_id"], answer["product_name"]) == (str(product), name)
    assert [point["date"] for point in answer["data_points"]] == [point["date"] for point in expected]
    public = ask(service, f"/api/v1/public/trends/{product}?days=365&until=2023-10-14")
    in_window = [point for point in expected if "2022-10-14" < point["date"][:10] <= "2023-10-14"]
    assert by_day_and_store(public["data_points"]) == by_day_and_store(in_window)


@pytest.mark.parametrize(
    "pair",
    [
        "store IN ('billa', 'spar')",  # matched by the file
        "store IN ('dm', 'dmDe')",  # matched by the shared EAN
    ],
)
def test_the_comparison_of_a_product_in_two_shops(
    pair: str, service: ServiceProcess, csv: duckdb.DuckDBPyConnection
) -> None:
    """Ten products that both shops have: each shop's newest price."""
    products = csv.execute(
        f"SELECT product FROM prices WHERE {pair} GROUP BY product HAVING count(DISTINCT store) = 2 ORDER BY 1 LIMIT 10"
    ).fetchall()
    assert len(products) == 10
    answer = ask(service, f"/api/v1/prices/comparison?product_ids={','.join(str(product) for (product,) in products)}")
    found = [
        (item["product_id"], price["store_id"], price["current_price"], price["last_seen_at"])
        for item in answer
        for price in item["prices"]
    ]
    expected = [
        (str(product), str(store_key(store)), float(price), f"{day}T00:00:00")
        for (product,) in products
        for store, price, day in csv.execute(
            "SELECT store, arg_max(price, day), max(day) FROM prices WHERE product = ? GROUP BY store", [product]
        ).fetchall()
    ]
    assert sorted(found) == sorted(expected)
    assert [item["product_id"] for item in answer] == [str(product) for (product,) in products]


def test_the_largest_increases(service: ServiceProcess, csv: duckdb.DuckDBPyConnection) -> None:
    """The ten largest of the last 30 days: each series' newest price against the one before it."""
    expected = csv.execute(
        """
        WITH steps AS (
            SELECT product, store, day, price, lag(price) OVER w AS before, lead(day) OVER w AS after
            FROM prices WINDOW w AS (PARTITION BY product, store ORDER BY day)
        )
        SELECT CAST(product AS VARCHAR), before, price, day
        FROM steps
        WHERE after IS NULL AND price > before AND day > DATE '2024-02-15' - 30
        ORDER BY (price - before) / before DESC, product
        LIMIT 10"""
    ).fetchall()
    answer = ask(service, f"/api/v1/prices/increases?days=30&until={LAST_DAY}&page_size=10")
    found = [(row["product_id"], row["old_price"], row["new_price"], row["detected_at"]) for row in answer]
    assert found == [
        (product, float(before), float(price), f"{day}T00:00:00") for product, before, price, day in expected
    ]
    assert [row["increase_pct"] for row in answer] == pytest.approx(
        [float(100 * (price - before) / before) for _, before, price, _ in expected], abs=0.01
    )


def test_other_questions_are_answered_in_reasonable_time(service: ServiceProcess) -> None:
    """A page of the catalogue, a category's trends and baskets, all increases: each has something to say."""
    assert len(ask(service, "/api/v1/products?q=butter")) == 20
    assert len(ask(service, f"/api/v1/prices/trends?category=37&days=90&until={LAST_DAY}")) == 20
    assert len(ask(service, "/api/v1/prices/increases")) == 20
    assert ask(service, "/api/v1/public/store-comparison?category=37")["stores"]


def by_day_and_store(points: list[dict[str, Any]]) -> list[tuple[str, str, float]]:
    """Points in an order of their own, without names."""
    return sorted((point["date"], point["store_id"], point["price"]) for point in points)


def one(csv: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    """The first row."""
    row = csv.execute(query).fetchone()
    assert row is not None
    return row
