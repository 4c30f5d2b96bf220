"""Two users with a history, and a look into every corner for what is left of one of them."""

import io
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet as pq
import redis as redis_client

from gateway.auth import make_token
from readmodel.stores import duckdb as duck
from tests.service import SECRET, ServiceProcess, wait_until

ADA, BOB = "ada-5d1c77", "bob-90e2f4"
ANSWERS = ("purchases", "purchases/stats?days=36500", "alerts", "alerts/settings", "shopping/lists", "me/stores")
PRODUCT = str(uuid.UUID(int=11))

Event = tuple[str, dict[str, Any] | bytes]


def secret(user: str) -> str:
    """What stands in every event of a user, and nowhere else."""
    return f"secret-of-{user[:3]}"


def events_of(user: str, number: int) -> Iterator[Event]:
    """What one user does and is: an account, a receipt, a list, alerts that are read."""
    at = {"at": f"2024-01-{number:02}T10:00:00Z", "store_slug": "corner"}
    name = f"{secret(user)} {number}"
    item = {"product_name_raw": name, "quantity": 1, "unit_price": "1.00", "extended_price": "1.00"}
    item |= {"normalized_product_id": PRODUCT}
    receipt = {"user_id": user, "store_slug": "corner", "receipt_id": f"r-{number}", "total": "1.00", "items": [item]}
    listed = {"id": str(uuid.uuid4()), "user_id": user, "name": name, "items": [{"name": name, "quantity": 1}]}
    yield "users.registered", {"user_id": user, "email": f"{secret(user)}@example.org", "display_name": name}
    yield "users.alert_read", {"user_id": user, "alert_id": str(uuid.uuid4())}
    yield "accounts.connected", {"user_id": user, **at}
    yield "accounts.sync_completed", {"user_id": user, "items_synced": number, **at}
    yield "shopping_lists.saved", listed
    yield "receipts.ingested", receipt | {"purchase_date": f"2024-01-{number:02}"}


def bad_events_of(user: str) -> Iterator[Event]:
    """What cannot be taken, in streams of both stores, and what nobody knows."""
    yield "receipts.ingested", {"user_id": user, "total": -1, "receipt_id": secret(user)}
    yield "products.normalized", f'{{"user": "{user}", "{secret(user)}"'.encode()
    yield "users.waved", {"user_id": user, "to": secret(user)}


def events_of_all(number: int) -> Iterator[Event]:
    """What happens to products."""
    alert = {"alert_id": str(uuid.uuid4()), "product_id": PRODUCT, "store_slug": "corner", "change_percent": "10"}
    yield "alerts.price_increase", alert | {"old_price": "1.00", "new_price": f"1.{10 + number}"}


def publish(redis_url: str, *events: Event) -> None:
    """Append events."""
    with redis_client.Redis.from_url(redis_url) as client:
        for kind, data in events:
            event = {"specversion": "1.0", "id": str(uuid.uuid4()), "type": f"cartsnitch.{kind}", "source": "t"}
            raw = data if isinstance(data, bytes) else json.dumps(event | {"data": data})
            client.xadd(f"cartsnitch.{kind.rpartition('.')[0]}", {"data": raw})


def live(redis_url: str, service: ServiceProcess) -> None:
    """Let both users live: a part of it is archived and trimmed, the rest is not archived."""
    quick = {"ARCHIVE_SEGMENT_SECONDS": "0.1", "STREAM_TAIL_SECONDS": "0", "ARCHIVE_GRACE_SECONDS": "3600"}
    service.environment |= quick
    service.start()
    for number in range(1, 4):
        publish(redis_url, *events_of(BOB, number), *events_of(ADA, number), *events_of_all(number))
    publish(redis_url, *bad_events_of(ADA), *bad_events_of(BOB), *events_of(ADA, 4))
    wait_until(lambda: archived(service), lambda: service.log()[-2000:])
    service.stop()
    service.environment |= {"ARCHIVE_SEGMENT_SECONDS": "3600"}
    service.start()
    publish(redis_url, *events_of(BOB, 5), *events_of_all(5), *events_of(ADA, 5), *bad_events_of(ADA))
    service.wait_until_caught_up()


def archived(service: ServiceProcess) -> bool:
    """Whether nothing is left to be archived."""
    rows = service.get("/api/v1/ops/archive", **{"X-Service-Key": SECRET})["streams"]
    return not any(row["lag_seconds"] for row in rows)


def answers(service: ServiceProcess, user: str) -> dict[str, bytes]:
    """What a user is told, byte by byte."""
    token = make_token({"default": SECRET}, user)
    return {path: service.bytes(f"/api/v1/{path}", Authorization=f"Bearer {token}") for path in ANSWERS}


def places(text: str, redis_url: str, database: str, data_dir: Path) -> list[str]:
    """Every place that still has a text, in whatever is kept: files of the archive, streams, both stores."""
    wanted = text.encode()
    found = [f"archive {path}" for path, content in _files(data_dir / "archive") if wanted in content]
    found += [f"redis {key}" for key, content in _redis(redis_url) if wanted in content]
    found += [f"postgres {table}" for table, row in _postgres(database) if text in row]
    found += [f"duckdb {table}" for table, row in _duckdb(data_dir) if text in row]
    return sorted(set(found))


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in (path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        if path.suffix == ".parquet":
            rows = pq.ParquetFile(io.BytesIO(content)).read().to_pylist()
            content += repr(rows).encode()
        yield path.relative_to(folder).as_posix().rpartition("/")[2], content


def _redis(url: str) -> Iterator[tuple[str, bytes]]:
    with redis_client.Redis.from_url(url) as client:
        keys: Any = client.scan_iter()
        for key in keys:
            kind: Any = client.type(key)
            held: Any = client.xrange(key) if kind == b"stream" else client.hgetall(key) if kind == b"hash" else key
            yield key.decode(), repr(held).encode()


def _postgres(url: str) -> Iterator[tuple[str, str]]:
    tables = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
    with psycopg.connect(url) as connection:
        connection.execute("SET bytea_output = 'escape'")
        for schema, name in connection.execute(tables).fetchall():
            if schema not in ("pg_catalog", "information_schema"):
                for (row,) in connection.execute(f"SELECT t::text FROM {schema}.{name} AS t".encode()).fetchall():
                    yield f"{schema}.{name}", row


def _duckdb(data_dir: Path) -> Iterator[tuple[str, str]]:
    file = duck.open_file(data_dir / "analytics.duckdb", threads=1)
    try:
        for schema, name in file.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall():
            for row in file.execute(f"FROM {schema}.{name}").fetchall():
                yield f"{schema}.{name}", repr(row)
    finally:
        file.close()
