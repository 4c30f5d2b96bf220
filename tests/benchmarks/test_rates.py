"""What the engine costs, as ratios against plain code that does the same work in the same run. `make bench`."""

import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import orjson
import psycopg
import pyarrow as pa
import pytest

import projections
from readmodel.engine.catalogue import discover
from readmodel.engine.folding.batch import Batch, batch_of
from readmodel.engine.plan import Plan
from readmodel.events.envelope import Entry
from readmodel.events.ids import stable_id
from readmodel.stores import duckdb as duck
from readmodel.stores import postgres
from readmodel.testing.law import Folded, defined_by

EVENTS = 100_000
BATCH = 4_000
ROUNDS = 3


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    """Price events of 20,000 products in 5 stores, as they lie in the stream."""
    return [Entry(position << 21, orjson.dumps(_event(position))) for position in range(1, EVENTS + 1)]


@pytest.fixture(scope="module")
def batches(entries: list[Entry]) -> list[Batch]:
    """The same, decoded."""
    return [batch_of("cartsnitch.prices", entries[at : at + BATCH]) for at in range(0, EVENTS, BATCH)]


def _event(number: int) -> dict[str, object]:
    data = {
        "normalized_product_id": stable_id("product", str(number % 20_000)),
        "store_id": stable_id("store", str(number % 5)),
        "observed_date": (date(2020, 1, 1) + timedelta(number // 20_000)).isoformat(),
        "regular_price": f"{number % 997 / 100 + 0.5:.2f}",
    }
    return {"type": "cartsnitch.prices.updated", "id": str(number), "time": "2024-01-01T00:00:00Z", "data": data}


def best(work: Callable[[], object]) -> float:
    """Seconds of the fastest of a few rounds."""
    return min(_timed(work) for _ in range(ROUNDS))


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def report(what: str, ours: float, plain: float) -> None:
    """Print rates and their ratio."""
    print(f"\n{what}: {EVENTS / ours:,.0f} events/s; plain: {EVENTS / plain:,.0f}/s; ratio {plain / ours:.2f}")


def test_decoding(entries: list[Entry]) -> None:
    """Envelope, contract, bounds and Arrow, against parsing the JSON alone."""
    ours = best(lambda: batch_of("cartsnitch.prices", entries))
    plain = best(lambda: [orjson.loads(entry.raw) for entry in entries])
    report("decode", ours, plain)


@pytest.fixture
def folded(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> Iterator[tuple[Plan, Folded, str]]:
    """A projection in its store."""
    plan = next(plan for plan in discover(projections) if plan.name == request.param)
    postgres.migrate(database)
    file = duck.open_file(tmp_path / "analytics.duckdb", threads=1)
    made = Folded(plan, database, file)
    yield plan, made, database
    made.close()
    file.close()


@pytest.mark.parametrize("folded", ["price_history"], indirect=True)
def test_folding_into_postgres(folded: tuple[Plan, Folded, str], batches: list[Batch]) -> None:
    """Fold with cursor and fence, against a hand-written COPY and ON CONFLICT of the same rows in the same batches."""
    _, made, database = folded

    def ours() -> None:
        made.empty()
        for batch in batches:
            made.fold_relations("cartsnitch.prices", batch.relations)

    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE plain (product uuid, store text, day date, price numeric(13, 4), at bigint,"
            " PRIMARY KEY (product, store, day))"
        )
        connection.execute("CREATE TEMPORARY TABLE part (LIKE plain) ON COMMIT DELETE ROWS")

        def plain() -> None:
            connection.execute("TRUNCATE plain")
            for batch in batches:
                _plain_fold(connection, batch.relations["prices_updated"])

        report("fold into Postgres", best(ours), best(plain))


def _plain_fold(connection: psycopg.Connection, rows: pa.Table) -> None:
    columns = ("product_id", "store", "observed_date", "regular_price", "position")
    with connection.transaction():
        with connection.cursor().copy("COPY part FROM STDIN (FORMAT csv)") as copy:
            copy.write(postgres.as_csv(rows.select(columns)))
        connection.execute(
            "INSERT INTO plain SELECT DISTINCT ON (product, store, day) * FROM part"
            " ORDER BY product, store, day, at DESC"
            " ON CONFLICT (product, store, day) DO UPDATE SET price = excluded.price, at = excluded.at"
            " WHERE excluded.at > plain.at"
        )


@pytest.mark.parametrize("folded", ["price_trends"], indirect=True)
def test_folding_into_duckdb(folded: tuple[Plan, Folded, str], batches: list[Batch], tmp_path: Path) -> None:
    """Fold with cursor and fence, against appending the same rows to a table in the same batches."""
    _, made, _ = folded

    def ours() -> None:
        made.empty()
        for batch in batches:
            made.fold_relations("cartsnitch.prices", batch.relations)

    def plain() -> None:
        with duckdb.connect(tmp_path / "plain.duckdb") as connection:
            connection.execute(
                "CREATE OR REPLACE TABLE plain (p UUID, store VARCHAR, day DATE, price DECIMAL(13, 4), position BIGINT)"
            )
            for batch in batches:
                connection.register("part", batch.relations["prices_updated"])
                connection.execute(
                    "INSERT INTO plain SELECT product_id, store, observed_date, regular_price, position FROM part"
                )

    report("fold into DuckDB", best(ours), best(plain))


def test_the_definition(batches: list[Batch]) -> None:
    """The definition of price_trends over all events, against the same GROUP BY written by hand."""
    plan = next(plan for plan in discover(projections) if plan.name == "price_trends")
    parts = [batch.relations for batch in batches]
    rows = pa.concat_tables(part["prices_updated"] for part in parts)

    def plain() -> None:
        with duckdb.connect() as connection:
            connection.register("whole", rows)
            connection.execute(
                "SELECT CAST(product_id AS UUID), store, observed_date, arg_max(regular_price, position)"
                " FROM whole GROUP BY ALL"
            ).fetchall()

    report("definition, rows fetched", best(lambda: defined_by(plan, parts)), best(plain))
