"""The first load as an operator runs it: real tables, the real command, and what is in the streams then."""

import json
import signal
import subprocess
from pathlib import Path
from subprocess import PIPE
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import redis as redis_client

from gateway.auth import make_token
from readmodel.events.event import streams
from readmodel.importers.cartsnitch_tables import ITEMS, TABLES
from tests.service import READMODEL, SECRET, ServiceProcess, service_process, wait_until

HERE = Path(__file__).parent
GRUEN, SHOKURYO = "00000000-0000-4000-8000-0000000000a1", "00000000-0000-4000-8000-0000000000a2"
CREAM, MILK = "00000000-0000-4000-8000-0000000000c1", "00000000-0000-4000-8000-0000000000c2"
BEN = "00000000-0000-4000-8000-0000000000d2"
NAMES = [*(table.name for table in TABLES), ITEMS.name]


@pytest.fixture
def shared(database: str) -> str:
    """The URL of a shared database with the tables and some good rows."""
    with psycopg.connect(database) as connection:
        for file in ("shared_tables.sql", "shared_rows.sql"):
            connection.execute((HERE / file).read_bytes())
    return database


@pytest.fixture
def commands(redis_db: str, module_database: str, tmp_path: Path) -> ServiceProcess:
    """What runs commands; its own database is another one than the shared."""
    return ServiceProcess(redis_db, module_database, tmp_path)


def change(database: str, *statements: str) -> None:
    """Let the services of today do something."""
    with psycopg.connect(database) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def published(redis_url: str) -> dict[str, list[dict[str, Any]]]:
    """The events in every stream that has some."""
    with redis_client.Redis.from_url(redis_url) as client:
        found: dict[str, Any] = {stream: client.xrange(stream) for stream in streams()}
    return {
        stream: [json.loads(fields[b"data"]) for _, fields in entries] for stream, entries in found.items() if entries
    }


def told(events: list[dict[str, Any]]) -> list[tuple[str, str, str, Any]]:
    """What events say, without their ids."""
    return [
        (event["type"].removeprefix("cartsnitch."), event["source"], event["time"], event["data"]) for event in events
    ]


def summary(printed: str) -> dict[str, tuple[int, ...]]:
    """Per table its rows, and of these the published, unchanged and rejected."""
    lines = [line.split() for line in printed.splitlines()[1:]]
    return {name: tuple(int(number.replace(",", "")) for number in numbers) for name, *numbers in lines}


def counted(database: str) -> dict[str, int]:
    """How many rows each table has."""
    with psycopg.connect(database) as connection:
        rows = {name: connection.execute(f"SELECT count(*) FROM {name}".encode()).fetchone() for name in NAMES}
    return {name: row[0] for name, row in rows.items() if row}


def in_the_streams(printed: str) -> dict[str, int]:
    """How many rows of each table were published by a run."""
    return {name: numbers[1] for name, numbers in summary(printed).items() if numbers[1]}


def test_every_table_becomes_events(shared: str, commands: ServiceProcess, redis_db: str) -> None:
    """Each row is in its stream, in the contract's words and at its own time, nulls and umlauts too."""
    printed = commands.run("import", "cartsnitch", shared)

    assert {name: numbers[:2] for name, numbers in summary(printed).items()} == {
        name: (rows, rows) for name, rows in counted(shared).items()
    }
    assert {stream: told(events) for stream, events in published(redis_db).items()} == {
        "cartsnitch.stores": [
            (
                "stores.updated",
                "receiptwitness",
                "2024-01-02T08:00:00Z",
                {"id": SHOKURYO, "name": "食料品店", "slug": "shokuryo", "logo_url": None, "website_url": None},
            ),
            (
                "stores.updated",
                "receiptwitness",
                "2024-02-01T08:30:00.500000Z",
                {
                    "id": GRUEN,
                    "name": "Grün & Söhne",
                    "slug": "gruen",
                    "logo_url": "https://gruen.example/logo.svg",
                    "website_url": None,
                },
            ),
            (
                "stores.location_updated",
                "receiptwitness",
                "2024-01-01T09:00:00Z",
                {
                    "id": "00000000-0000-4000-8000-0000000000b1",
                    "store_id": GRUEN,
                    "address": "Ring 1",
                    "city": "Wien",
                    "state": "W",
                    "zip": "01010",
                    "lat": "48.2082",
                    "lng": "16.3738",
                },
            ),
        ],
        "cartsnitch.products": [
            product(
                "c1", "Crème fraîche 🥛", 1, ["4001", "4002"], category="Dairy", brand="Ø", size="200", size_unit="g"
            ),
            product("c2", "Milk", 2, []),
            product("c3", "Bread", 3, ["0005001"]),
            product("c4", "Eggs", 4, ["6001", "6002"]),
        ],
        "cartsnitch.users": [
            (
                "users.registered",
                "readmodel",
                "2024-01-05T12:00:00Z",
                {
                    "user_id": "auth0|Ann",
                    "email": "ann@example.org",
                    "display_name": "Ann Ünal",
                    "email_inbound_token": "inbox-ann",
                    "created_at": "2024-01-05T12:00:00Z",
                },
            ),
            (
                "users.registered",
                "readmodel",
                "2024-01-06T12:00:00Z",
                {
                    "user_id": BEN,
                    "email": "ben@example.org",
                    "display_name": None,
                    "email_inbound_token": None,
                    "created_at": "2024-01-06T12:00:00Z",
                },
            ),
        ],
        "cartsnitch.accounts": [
            account("connected", "auth0|Ann", GRUEN, "2024-01-07T12:00:00Z"),
            account("sync_completed", "auth0|Ann", GRUEN, "2024-02-01T06:00:00Z"),
            account("connected", "auth0|Ann", SHOKURYO, "2024-01-08T12:00:00Z"),
            account("sync_completed", "auth0|Ann", SHOKURYO, "2024-02-02T06:00:00Z"),
            account("sync_failed", "auth0|Ann", SHOKURYO, "2024-02-03T06:00:00Z", error="The session has expired."),
            account("connected", BEN, GRUEN, "2024-01-09T12:00:00Z"),
            account("sync_failed", BEN, GRUEN, "2024-01-09T12:30:00Z", error="The last sync failed."),
        ],
        "cartsnitch.prices": [
            price("f1", "2024-02-11T07:00:00Z", "2.49", "1.99", "00000000-0000-4000-8000-000000000212"),
            price("f0", "2024-02-12T07:00:00Z", "2.59", None, None),
        ],
        "cartsnitch.receipts": [
            (
                "receipts.ingested",
                "receiptwitness",
                "2024-02-11T07:00:00Z",
                {
                    "purchase_id": "00000000-0000-4000-8000-000000000101",
                    "user_id": "auth0|Ann",
                    "store_id": GRUEN,
                    "receipt_id": "r/1",
                    "purchase_date": "2024-02-10",
                    "total": "5.34",
                    "subtotal": "5.00",
                    "tax": "0.34",
                    "savings_total": "0.50",
                    "item_count": 2,
                    "items": [
                        {
                            "id": "00000000-0000-4000-8000-000000000212",
                            "product_name_raw": "CREME FR",
                            "quantity": "1.000",
                            "unit_price": "2.49",
                            "extended_price": "2.49",
                            "upc": "4001",
                            "loyalty_discount": "0.50",
                            "normalized_product_id": CREAM,
                        },
                        {
                            "id": "00000000-0000-4000-8000-000000000211",
                            "product_name_raw": "ÄPFEL",
                            "quantity": "0.354",
                            "unit_price": "8.05",
                            "extended_price": "2.85",
                            "upc": "",
                        },
                    ],
                },
            ),
            (
                "receipts.ingested",
                "receiptwitness",
                "2024-02-12T07:00:00Z",
                {
                    "purchase_id": "00000000-0000-4000-8000-000000000102",
                    "user_id": BEN,
                    "store_id": SHOKURYO,
                    "receipt_id": "0002",
                    "purchase_date": "2024-02-12",
                    "total": "9.00",
                    "subtotal": None,
                    "tax": None,
                    "savings_total": None,
                    "item_count": 0,
                    "items": [],
                },
            ),
        ],
        "cartsnitch.coupons": [
            coupon("301", GRUEN, "2024-02-20T05:00:00Z", "10 % off", "percent", "10.00", "2024-12-31", True),
            coupon("302", SHOKURYO, "1970-01-01T00:00:00Z", "One free", "bogo", None, None, False),
        ],
        "cartsnitch.alerts": [
            (
                "alerts.shrinkflation",
                "shrinkray",
                "2024-02-21T05:00:00Z",
                {
                    "id": "00000000-0000-4000-8000-000000000401",
                    "normalized_product_id": CREAM,
                    "detected_date": "2024-02-21",
                    "old_size": "250",
                    "new_size": "200",
                    "old_unit": "g",
                    "new_unit": "g",
                    "confidence": "0.95",
                    "price_at_old_size": "2.49",
                    "price_at_new_size": None,
                    "notes": "Same price, less in it.",
                },
            ),
        ],
    }


def product(number: str, name: str, day: int, upcs: list[str], **known: str) -> tuple[str, str, str, Any]:
    data: dict[str, Any] = {
        "normalized_product_id": f"00000000-0000-4000-8000-0000000000{number}",
        "canonical_name": name,
        **dict.fromkeys(("category", "subcategory", "brand", "size", "size_unit")),
        **known,
        "upc_variants": upcs,
    }
    return "products.normalized", "receiptwitness", f"2024-03-{day:02}T00:00:00Z", data


def account(what: str, user: str, store: str, at: str, **more: str) -> tuple[str, str, str, Any]:
    return f"accounts.{what}", "receiptwitness", at, {"user_id": user, "store_id": store, "at": at, **more}


def price(number: str, at: str, regular: str, sale: str | None, item: str | None) -> tuple[str, str, str, Any]:
    data = {
        "id": f"00000000-0000-4000-8000-0000000000{number}",
        "normalized_product_id": CREAM,
        "store_id": GRUEN,
        "observed_date": "2024-02-10",
        "regular_price": regular,
        "source": "receipt",
        "sale_price": sale,
        "loyalty_price": None,
        "coupon_price": None,
        "purchase_item_id": item,
    }
    return "prices.updated", "receiptwitness", at, data


def coupon(
    number: str, store: str, at: str, title: str, kind: str, value: str | None, end: str | None, clip: bool
) -> tuple[str, str, str, Any]:
    data = {
        "id": f"00000000-0000-4000-8000-000000000{number}",
        "store_id": store,
        "title": title,
        "discount_type": kind,
        "requires_clip": clip,
        "normalized_product_id": None,
        "description": None,
        "discount_value": value,
        "min_purchase": None,
        "valid_from": None,
        "valid_to": end,
        "coupon_code": None,
        "source_url": None,
    }
    return "coupons.updated", "clipartist", at, data


def test_repeating_it_appends_nothing(shared: str, commands: ServiceProcess, redis_db: str) -> None:
    """A second run finds every row as it is, also when it was archived and trimmed since; not in emptied streams."""
    commands.run("import", "cartsnitch", shared)
    first = published(redis_db)

    repeated = commands.run("import", "cartsnitch", shared)

    assert summary(repeated) == {name: (rows, 0, rows, 0) for name, rows in counted(shared).items()}
    assert published(redis_db) == first
    with redis_client.Redis.from_url(redis_db) as client:
        for stream in streams():
            client.xtrim(stream, minid=added(client, stream))
        assert summary(commands.run("import", "cartsnitch", shared)) == summary(repeated)
        client.delete(*streams())
    commands.run("import", "cartsnitch", shared)
    assert published(redis_db) == first


def added(client: redis_client.Redis, stream: str) -> str:
    """The id of an entry that is added behind all others."""
    entry_id: Any = client.xadd(stream, {"data": b"{}"})
    found: str = entry_id.decode()
    return found


def test_a_changed_row_is_published_again(shared: str, commands: ServiceProcess, redis_db: str) -> None:
    """New, changed and restored rows are appended, also behind others that were not touched; nothing else is."""
    commands.run("import", "cartsnitch", shared)
    before = published(redis_db)
    change(
        shared,
        f"UPDATE stores SET name = 'Grün', updated_at = now() WHERE id = '{GRUEN}'",
        f"UPDATE stores SET updated_at = now() WHERE id = '{SHOKURYO}'",
        "UPDATE purchase_items SET quantity = 2 WHERE product_name_raw = 'ÄPFEL'",
        "INSERT INTO users (id, email) VALUES ('cleo', 'cleo@example.org')",
    )

    assert in_the_streams(commands.run("import", "cartsnitch", shared)) == {
        "stores": 1,
        "users": 1,
        "purchases": 1,
        "purchase_items": 2,
    }

    change(shared, f"UPDATE stores SET name = 'Grün & Söhne' WHERE id = '{GRUEN}'")
    assert in_the_streams(commands.run("import", "cartsnitch", shared)) == {"stores": 1}
    stores = published(redis_db)["cartsnitch.stores"]
    assert [event["data"]["name"] for event in stores[-2:]] == ["Grün", "Grün & Söhne"]
    assert stores[-1]["id"] == before["cartsnitch.stores"][1]["id"]


def test_what_is_secret_stays_where_it_is(shared: str, commands: ServiceProcess, redis_db: str) -> None:
    """A role that may not read password hashes and sessions can import; Redis holds neither."""
    role = urlsplit(shared).path.strip("/")
    secrets = {"users": ("hashed_password",), "user_store_accounts": ("session_data",)}
    with psycopg.connect(shared, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'its-own-password'".encode())
        try:
            for name in NAMES:
                found = connection.execute(f"SELECT * FROM {name} LIMIT 0".encode()).description or ()
                columns = ", ".join(column.name for column in found if column.name not in secrets.get(name, ()))
                connection.execute(f"GRANT SELECT ({columns}) ON {name} TO {role}".encode())
            printed = commands.run("import", "cartsnitch", as_role(shared, role))
        finally:
            connection.execute(f"DROP OWNED BY {role}".encode())
            connection.execute(f"DROP ROLE {role}".encode())

    assert summary(printed)["users"] == (2, 2, 0, 0)
    everything = whole_of(redis_db)
    assert b"ann@example.org" in everything
    assert not [word for word in (b"hash-of", b"$2b$", b"session-of") if word in everything]


def as_role(url: str, role: str) -> str:
    """The same database, entered as another role and spelled as today's services do, for SQLAlchemy."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(scheme="postgresql+asyncpg", netloc=f"{role}:its-own-password@{host}").geturl()


def whole_of(redis_url: str) -> bytes:
    """Everything that Redis holds, as one text."""
    with redis_client.Redis.from_url(redis_url) as client:
        found: Any = [(key, client.type(key)) for key in client.scan_iter()]
        streamed = [client.xrange(key) for key, kind in found if kind == b"stream"]
        hashed = [client.hgetall(key) for key, kind in found if kind == b"hash"]
    assert {kind for _, kind in found} == {b"stream", b"hash"}
    return repr((found, streamed, hashed)).encode()


def test_rows_that_cannot_be_published(shared: str, commands: ServiceProcess, redis_db: str, tmp_path: Path) -> None:
    """Each is named, with the column, what is in it and why; all others are published, and the exit code is 1."""
    good = in_the_streams(commands.run("import", "cartsnitch", shared))
    with redis_client.Redis.from_url(redis_db) as client:
        client.flushdb()
    change(shared, (HERE / "shared_bad_rows.sql").read_text())
    file = tmp_path / "rejected.ndjson"

    done = commands.tried("import", "cartsnitch", shared, "--rejects", str(file))

    assert done.returncode == 1
    assert in_the_streams(done.stdout) == good
    assert {name: numbers[0] for name, numbers in summary(done.stdout).items()} == counted(shared)
    assert all(rows == sum(fates) for rows, *fates in summary(done.stdout).values())
    rejected = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(row["table"], row["id"][-3:], row["column"], row["value"], row["reason"]) for row in rejected] == [
        ("stores", "b01", "slug", "", "String should have at least 1 character (got '')"),
        (
            "normalized_products",
            "b02",
            "upc_variants",
            '{"upc": "1"}',
            "Input should be a valid list (got {'upc': '1'})",
        ),
        (
            "normalized_products",
            "b03",
            "upc_variants",
            '["1\\u0000"]',
            r"String should match pattern '^[^\x00]*$' (got '1\x00')",
        ),
        ("users", "nal", "created_at", "infinity", "it is no time from 1970 to 2100"),
        ("price_history", "b04", "regular_price", "NaN", "Input should be a finite number (got 'NaN')"),
        (
            "price_history",
            "b05",
            "observed_date",
            "0044-03-15 BC",
            "Value error, Invalid isoformat string: '0044-03-15 BC' (got '0044-03-15 BC')",
        ),
        ("purchases", "b06", "total", "-1.00", "Input should be greater than or equal to 0 (got '-1.00')"),
        ("purchase_items", "b09", "quantity", "-1.000", "Input should be greater than or equal to 0 (got '-1.000')"),
        ("purchases", "b07", None, None, of_its_purchase("b09")),
        ("purchase_items", "b08", None, None, of_its_purchase("b09")),
        (
            "purchase_items",
            "b0a",
            "purchase_id",
            "00000000-0000-4000-8000-000000000b0b",
            "there is no such purchase",
        ),
        (
            "coupons",
            "b0c",
            "discount_type",
            "gift",
            "String should match pattern '^(percent|fixed|bogo|buy_x_get_y)$' (got 'gift')",
        ),
    ]
    assert [line.split(":")[0] for line in done.stderr.splitlines() if line.startswith("rejected")] == [
        f"rejected {row['table']} {row['id']}" for row in rejected
    ]
    assert "12 rows were rejected" in done.stderr


def of_its_purchase(number: str) -> str:
    return f"purchase_items 00000000-0000-4000-8000-000000000{number} was rejected, which belongs to the same purchase"


def test_a_receipt_that_is_too_long(shared: str, commands: ServiceProcess) -> None:
    """It is rejected with every one of its items, however many there are."""
    change(
        shared,
        """INSERT INTO purchase_items (id, purchase_id, product_name_raw, quantity, unit_price, extended_price)
        SELECT gen_random_uuid(), '00000000-0000-4000-8000-000000000102', 'x', 1, 1, 1 FROM generate_series(1, 1500)""",
    )

    done = commands.tried("import", "cartsnitch", shared)

    found = summary(done.stdout)
    assert (done.returncode, found["purchases"], found["purchase_items"]) == (1, (2, 1, 0, 1), (1502, 2, 0, 1500))


def test_an_interrupted_import_goes_on(shared: str, commands: ServiceProcess, redis_db: str) -> None:
    """One run loses its connection in the midst of the prices, one is killed, a third is left alone: together they
    append what one run does, in its order, and nothing twice."""
    change(
        shared,
        f"""INSERT INTO price_history
            (id, normalized_product_id, store_id, observed_date, regular_price, source, created_at)
        SELECT gen_random_uuid(), '{MILK}', '{GRUEN}', date '2020-01-01' + n % 1000, n / 100.0, 'catalog',
            timestamptz '2024-01-01 00:00+00' + n * interval '1 second'
        FROM generate_series(1, 40000) AS n""",
    )
    with redis_client.Redis.from_url(redis_db) as client:
        with started(commands, shared) as process:
            wait_until(lambda: client.xlen("cartsnitch.prices") > 5_000, lambda: "no prices are imported")
            change(shared, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'FETCH%'")
            _, complaint = process.communicate()
        assert process.returncode == 1
        assert "error: Reading price_history from " in complaint
        assert 5_000 < client.xlen("cartsnitch.prices") < 15_000, "it was cut off too late"
        with started(commands, shared) as process:
            wait_until(lambda: client.xlen("cartsnitch.prices") > 20_000, lambda: "no more prices are imported")
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        assert 20_000 < client.xlen("cartsnitch.prices") < 40_002, "it was killed too late"

        commands.run("import", "cartsnitch", shared)
        resumed = published(redis_db)
        client.flushdb()
    commands.run("import", "cartsnitch", shared)

    assert resumed == published(redis_db)
    ids = [event["id"] for event in resumed["cartsnitch.prices"]]
    assert len(ids) == len(set(ids)) == 40_002


def started(commands: ServiceProcess, shared: str) -> "subprocess.Popen[str]":
    """The import, running."""
    command = [str(READMODEL), "import", "cartsnitch", shared]
    return subprocess.Popen(command, env=commands.environment, stdout=subprocess.DEVNULL, stderr=PIPE, text=True)


def test_a_database_that_lacks_something(shared: str, commands: ServiceProcess) -> None:
    """What an event needs is asked for by name, all at once; what it can do without is done without, and said."""
    change(shared, "ALTER TABLE coupons RENAME TO vouchers", "ALTER TABLE price_history DROP COLUMN regular_price")
    done = commands.tried("import", "cartsnitch", shared)
    assert (done.returncode, done.stdout) == (1, "")
    assert "price_history has no column regular_price; there is no table coupons." in done.stderr

    change(shared, "ALTER TABLE stores DROP COLUMN logo_url", "ALTER TABLE users DROP COLUMN created_at")
    done = commands.tried("import", "cartsnitch", shared, "--skip", "coupons", "--skip", "price_history")
    assert done.returncode == 0, done.stderr
    assert done.stderr == "stores has no column logo_url: its events go without\n"
    assert "coupons" not in summary(done.stdout)


def test_a_redis_that_is_not_there(shared: str, commands: ServiceProcess) -> None:
    """The reason is said, and that repeating will do."""
    commands.environment["REDIS_URL"] = "redis://:hunter2@127.0.0.1:1/0"
    done = commands.tried("import", "cartsnitch", shared)
    assert done.returncode == 1
    assert "Redis took the events of 0 rows and then failed" in done.stderr
    assert not [part for part in ("hunter2", "Traceback") if part in done.stderr]


@pytest.mark.parametrize(
    ("dsn", "reason"),
    [
        ("postgresql://ann:hunter2@127.0.0.1:1/shop", "The database ann@127.0.0.1:1/shop cannot be reached"),
        ("postgresql://ann:hunter2@127.0.0.1:x1/shop", "cannot be reached"),
        ("host=127.0.0.1 port=1 password=hunter2", "The database @127.0.0.1:1/ cannot be reached"),
        ("host=127.0.0.1 hunter2", "The DSN is no address of a Postgres database"),
        ("mysql://ann:hunter2@127.0.0.1/shop", "The DSN is no address of a Postgres database"),
        ("postgresql://ann:hun@ter2@127.0.0.1:1/shop", "The DSN is no address of a Postgres database"),
        ("postgresql://ann:hun/ter2@127.0.0.1:1/shop", "The DSN is no address of a Postgres database"),
    ],
)
def test_a_database_that_is_not_there(dsn: str, reason: str, commands: ServiceProcess) -> None:
    """The reason is said, and no part of the password."""
    done = commands.tried("import", "cartsnitch", dsn)
    assert (done.returncode, reason in done.stderr) == (1, True), done.stderr
    assert not [part for part in ("hunter2", "ter2", "Traceback") if part in done.stderr]


def test_the_service_answers_with_what_was_imported(
    shared: str, module_database: str, redis_db: str, tmp_path: Path
) -> None:
    """Purchases, their lines, accounts and coupons, as they were in the tables; nothing is put aside."""
    with service_process(redis_db, module_database, tmp_path) as service:
        service.start()
        service.url()
        service.run("import", "cartsnitch", shared)
        service.wait_until_caught_up()
        assert [status["quarantined"] for status in service.statuses() if status["quarantined"]] == []
        ann = {"Authorization": f"Bearer {make_token({'default': SECRET}, 'auth0|Ann')}"}
        purchases = service.get("/api/v1/purchases", **ann)
        one = service.get("/api/v1/purchases/00000000-0000-4000-8000-000000000101", **ann)
        trend = service.get(f"/api/v1/public/trends/{CREAM}?days=30&until=2024-02-28")
    bought = {
        "id": "00000000-0000-4000-8000-000000000101",
        "store_id": GRUEN,
        "store_name": "Grün & Söhne",
        "purchased_at": "2024-02-10T00:00:00",
        "total": 5.34,
        "item_count": 2,
    }
    assert purchases == [bought]
    assert one == {
        **bought,
        "line_items": [
            {
                "id": "00000000-0000-4000-8000-000000000212",
                "product_id": CREAM,
                "name": "CREME FR",
                "quantity": 1.0,
                "unit_price": 2.49,
                "total_price": 2.49,
            },
            {
                "id": "00000000-0000-4000-8000-000000000211",
                "product_id": None,
                "name": "ÄPFEL",
                "quantity": 0.354,
                "unit_price": 8.05,
                "total_price": 2.85,
            },
        ],
    }
    assert [(point["date"], point["price"]) for point in trend["data_points"]] == [("2024-02-10T00:00:00", 2.59)]
