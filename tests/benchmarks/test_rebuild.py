"""Rebuilding `price_history` from ten million archived events: how fast beside plain DuckDB, and in how much memory."""

import json
import os
import subprocess
import time
from pathlib import Path

import duckdb
import pytest
import redis

import projections
from readmodel.archive.archive import Archive
from readmodel.archive.folder import Folder
from readmodel.archive.manifest import Manifest
from readmodel.engine.builds.scratch import MEMORY
from readmodel.engine.catalogue import discover
from readmodel.engine.folding.batch import batch_of
from readmodel.engine.log.typed import digests
from readmodel.engine.plan import Plan
from readmodel.engine.relation import relations_of
from readmodel.events.envelope import Entry, digest_of
from readmodel.events.position import format_position
from readmodel.events.prices import PriceUpdated
from readmodel.stores.sql import SqlFile, read_sql
from tests.service import READMODEL, SECRET

EVENTS = int(os.environ.get("REBUILD_EVENTS", "10_000_000"))
SEGMENT = 500_000
STREAM, RELATION = "cartsnitch.prices", "prices_updated"
MOST_MEMORY = 2 << 30
"""Bytes."""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of that many prices, written as the archiver writes it."""
    folder = tmp_path_factory.mktemp("archive")
    (relation,) = relations_of(PriceUpdated)
    made, schema = Archive(Folder(str(folder))), relation.arrow_schema
    sql = _generated().sections["prices"]
    upto = 0
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for first in range(0, EVENTS, SEGMENT):
            rows = connection.execute(sql, {"first": first, "last": min(EVENTS, first + SEGMENT)}).to_arrow_table()
            raws = rows["raw"]
            rows = rows.drop_columns(["raw"]).cast(schema).append_column("raw", raws)
            position, raw = rows["position"][-1].as_py(), raws[-1].as_py()
            draft = Manifest(stream=STREAM, after=upto, upto=position, last_sha256=digest_of(raw))
            writer = made.writer(draft, digests())
            for start in range(0, len(rows), 20_000):
                writer.write(RELATION, rows.slice(start, 20_000))
            writer.finish()
            upto = position
            if not first:
                some = [
                    Entry(at, raw)
                    for at, raw in zip(rows["position"][:99].to_pylist(), raws[:99].to_pylist(), strict=True)
                ]
                assert batch_of(STREAM, some).rows(relation).equals(rows.slice(0, 99).drop_columns(["raw"]))
    return folder


def _generated() -> SqlFile:
    return read_sql("tests.benchmarks", "generated.sql")


def test_rebuild_of_ten_million_prices(archive: Path, redis_db: str, database: str, tmp_path: Path) -> None:
    """The command as an operator types it, against the same definition over the same files."""
    _put_the_last_entry_into_the_stream(archive, redis_db)
    plan = next(plan for plan in discover(projections) if plan.name == "price_history")
    bounded = _plain(plan, archive, tmp_path / "bounded.duckdb", {"threads": 1, "memory_limit": MEMORY})
    free = _plain(plan, archive, tmp_path / "free.duckdb", {})
    seconds, peak, outcome = _rebuilt(archive, redis_db, database, tmp_path)

    assert outcome["live"]
    print(f"\nplain DuckDB into a table of its own: {EVENTS / free:,.0f} events/s as it is, ", end="")
    print(f"{EVENTS / bounded:,.0f} events/s with the bounds of a rebuild")
    print(f"rebuild, all of the command, rows into Postgres and indexed: {EVENTS / seconds:,.0f} events/s, ", end="")
    print(f"ratio {free / seconds:.2f} and {bounded / seconds:.2f}; peak {peak / 2**20:,.0f} MiB")
    assert peak < MOST_MEMORY


def _put_the_last_entry_into_the_stream(archive: Path, redis_db: str) -> None:
    last = Archive(Folder(str(archive))).end(STREAM)
    assert last
    row = duckdb.execute(
        f"SELECT raw FROM read_parquet('{archive}/{STREAM}/*/{RELATION}.parquet') WHERE position = {last.upto}"
    ).fetchone()
    assert row
    with redis.Redis.from_url(redis_db) as client:
        client.xadd(STREAM, {"data": row[0]}, id=format_position(last.upto))


def _plain(plan: Plan, archive: Path, file: Path, bounds: dict[str, str | bool | int | float | list[str]]) -> float:
    """Seconds that DuckDB alone takes for the definition."""
    (table,) = plan.tables
    (relation,) = plan.relations
    columns = ", ".join(f"CAST({c.name} AS {c.type.duckdb}) AS {c.name}" for c in relation.columns)
    with duckdb.connect(file, config=bounds) as connection:
        source = f"read_parquet('{archive}/{STREAM}/*/{RELATION}.parquet')"
        connection.execute(f"CREATE TEMPORARY VIEW {RELATION} AS SELECT {columns} FROM {source}")
        began = time.perf_counter()
        connection.execute(f"CREATE TABLE points AS {plan.definition(table)}")
        return time.perf_counter() - began


def _rebuilt(archive: Path, redis_db: str, database: str, data_dir: Path) -> tuple[float, int, dict[str, object]]:
    """Seconds and most bytes of memory of the command, and what it says."""
    environment = os.environ | {
        "REDIS_URL": redis_db,
        "DATABASE_URL": database,
        "DATA_DIR": str(data_dir),
        "ARCHIVE_URL": str(archive),
        "JWT_SECRET": SECRET,
        "SERVICE_KEY": SECRET,
    }
    began = time.perf_counter()
    process = subprocess.Popen(
        [READMODEL, "rebuild", "price_history", "--json"], env=environment, stdout=subprocess.PIPE
    )
    assert process.stdout
    with process.stdout:
        said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    (outcome,) = json.loads(said)
    return time.perf_counter() - began, used.ru_maxrss * 1024, outcome
