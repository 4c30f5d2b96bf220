"""Restoring what was backed up at different moments: `verify` says what becomes of it, and is right."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import redis as redis_client

from tests.faults.people import archived
from tests.faults.test_dead_letters import publish
from tests.handlers.test_bad_input import price
from tests.service import ServiceProcess, service_process, wait_until

STREAM = "cartsnitch.prices"
DUCKDB = "analytics.duckdb"


@dataclass
class Backups:
    """Postgres when 3 prices were there, the DuckDB file at 6 and at 9, the archive at 6; what runs has all 9."""

    service: ServiceProcess
    redis_url: str
    database: str
    folder: Path

    @property
    def data_dir(self) -> Path:
        return self.service.data_dir

    def take_database(self) -> None:
        """A copy by the server itself; pg_dump does the same more slowly."""
        self._administer(f"CREATE DATABASE {self._copy} TEMPLATE {self._name}")

    def restore_database(self) -> None:
        """Put the copy in its place."""
        self._administer(f"DROP DATABASE {self._name} WITH (FORCE)")
        self._administer(f"CREATE DATABASE {self._name} TEMPLATE {self._copy}")

    def drop_copy(self) -> None:
        """The copy is no database that a test was given."""
        self._administer(f"DROP DATABASE IF EXISTS {self._copy} WITH (FORCE)")

    def take(self, name: str, into: str) -> None:
        """Copy a file or folder of the data directory, of a service that is stopped."""
        source = self.data_dir / name
        copying: Any = shutil.copytree if source.is_dir() else shutil.copy
        copying(source, self.folder / into)

    def restore(self, name: str, backup: str) -> None:
        """Put it back."""
        target = self.data_dir / name
        if target.is_dir():
            shutil.rmtree(target)
        (self.data_dir / f"{name}.wal").unlink(missing_ok=True)
        copying: Any = shutil.copytree if (self.folder / backup).is_dir() else shutil.copy
        copying(self.folder / backup, target)

    def verified(self) -> tuple[int, dict[str, list[Any]]]:
        """Exit code of `verify`, and by what they are about the findings that are not fine."""
        done = self.service.tried("verify", "--json")
        assert done.stdout, done.stderr
        found: dict[str, list[Any]] = {}
        for finding in json.loads(done.stdout):
            if finding["state"] != "fine":
                found.setdefault(finding["about"], []).append(finding)
        return done.returncode, found

    @property
    def _name(self) -> str:
        return urlsplit(self.database).path.removeprefix("/")

    @property
    def _copy(self) -> str:
        return f"{self._name}_copy"

    def _administer(self, statement: str) -> None:
        url = urlsplit(self.database)._replace(path="/template1").geturl()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement.encode())


@pytest.fixture
def backups(redis_db: str, database: str, tmp_path: Path) -> Iterator[Backups]:
    """Nine prices, backed up on the way; the service is stopped."""
    (data_dir := tmp_path / "data").mkdir()
    (folder := tmp_path / "backups").mkdir()
    with service_process(redis_db, database, data_dir) as service:
        service.environment |= {"ARCHIVE_SEGMENT_SECONDS": "0.1", "STREAM_TAIL_SECONDS": "0"}
        made = Backups(service, redis_db, database, folder)
        try:
            fold(made, 1)
            made.take_database()
            fold(made, 4)
            made.take(DUCKDB, "at 6")
            made.take("archive", "archive at 6")
            fold(made, 7)
            made.take(DUCKDB, "at 9")
            yield made
        finally:
            made.drop_copy()


def fold(backups: Backups, first: int) -> None:
    """Three more prices, folded and archived by a service that is stopped afterwards."""
    service = backups.service
    service.start()
    service.url()
    publish(backups.redis_url, *(price(day) for day in range(first, first + 3)))
    wait_until(lambda: archived(service), lambda: service.log()[-2000:])
    service.wait_until_caught_up()
    service.stop()


def audited(service: ServiceProcess) -> list[tuple[str, int, int]]:
    """Rows and differences of both projections of prices."""
    found = json.loads(service.tried("audit", "price_history", "price_trends", "--json").stdout)
    return [(each["projection"], each["rows"], each["differences"]) for each in found]


def test_older_stores_catch_up_by_themselves(backups: Backups) -> None:
    """Postgres is older than DuckDB, that is older than the archive: nothing needs an operator, nothing is missing."""
    backups.restore_database()
    backups.restore(DUCKDB, "at 6")

    code, found = backups.verified()

    assert code == 0, found
    assert all(
        "catches up by itself" in found[key][0]["says"] for key in ("price_history@postgres", "price_trends@duckdb")
    )
    assert "beyond that of its lease" in found["price_trends@duckdb"][-1]["says"]
    backups.service.start()
    backups.service.wait_until_caught_up()
    assert audited(backups.service) == [("price_history", 9, 0), ("price_trends", 9, 0)]
    assert backups.verified() == (0, {})
    backups.service.stop()

    (segment, *_) = sorted((backups.data_dir / "archive" / STREAM).glob("*/*.parquet"))
    content = bytearray(segment.read_bytes())
    content[40] ^= 0xFF
    segment.write_bytes(content)
    (backups.data_dir / DUCKDB).write_bytes(b"no database")
    code, found = backups.verified()

    assert code == 3
    assert "has the checksum" in found[f"the archive of {STREAM}"][0]["says"]
    assert "until the archive of" in found["price_history@postgres"][0]["says"]
    (opened,) = [of for about, of in found.items() if about.startswith("The DuckDB file")]
    assert "does not open" in opened[0]["says"]


def test_what_is_lost_needs_an_operator(backups: Backups) -> None:
    """Redis is empty and DuckDB ahead of everything else: the service stops for it, and goes on once told to."""
    backups.restore_database()
    backups.restore(DUCKDB, "at 9")
    backups.restore("archive", "archive at 6")
    with redis_client.Redis.from_url(backups.redis_url) as client:
        client.flushdb()
    service = backups.service

    code, found = backups.verified()

    wanted = {command for findings in found.values() for finding in findings for command in finding["type"]}
    assert (code, wanted) == (3, {f"accept-gap {STREAM}", "rebuild price_trends@duckdb"})
    assert "the stream ends at 0-0" in found[STREAM][0]["says"]
    service.start()
    wait_until(lambda: stopped(service) == {"price_history", "price_trends"}, lambda: str(service.statuses()), 30)
    service.run("accept-gap", STREAM, "--yes")
    publish(backups.redis_url, price(10))
    wait_until(lambda: not stopped(service), lambda: str(service.statuses()), 30)
    service.wait_until_caught_up()
    service.run("rebuild", "price_trends@duckdb")
    assert audited(service) == [("price_history", 7, 0), ("price_trends", 7, 0)]
    assert backups.verified()[0] == 0


def stopped(service: ServiceProcess) -> set[str]:
    """Which projections have stopped."""
    return {status["name"] for status in service.statuses() if status["state"] == "stopped"}
