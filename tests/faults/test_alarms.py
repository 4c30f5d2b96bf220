"""When events are lost, the projections and the archive stop and say so; nothing jumps until an operator accepts it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis as redis_client

from readmodel.embedded import servers
from readmodel.settings import Settings
from tests.handlers.test_bad_input import price
from tests.service import SECRET, ServiceProcess, service_process, wait_until

PRICES = "cartsnitch.prices"
KEY = {"X-Service-Key": SECRET}
Client = redis_client.Redis


@pytest.fixture
def client(redis_db: str) -> Iterator[Client]:
    """A client of the service's Redis."""
    with Client.from_url(redis_db) as made:
        yield made


@pytest.fixture
def service(redis_db: str, database: str, tmp_path: Path) -> Iterator[ServiceProcess]:
    """A running service that archives at once, and keeps no tail."""
    with service_process(redis_db, database, tmp_path) as started:
        started.environment |= {"ARCHIVE_SEGMENT_SECONDS": "0.001", "STREAM_TAIL_SECONDS": "0"}
        started.start()
        started.url()
        yield started


def add(client: Client, *numbers: int) -> list[str]:
    """Publish a price event per number: the positions."""
    added: list[Any] = [client.xadd(PRICES, {"data": json.dumps(price(number))}) for number in numbers]
    return [entry_id.decode() for entry_id in added]


def archived(service: ServiceProcess) -> dict[str, Any]:
    """How the archive of prices is."""
    rows = service.get("/api/v1/ops/archive", **KEY)["streams"]
    found: dict[str, Any] = next(row for row in rows if row["stream"] == PRICES)
    return found


def wait_until_archived(service: ServiceProcess, position: str) -> None:
    """Wait until the archive ends there."""
    wait_until(lambda: archived(service)["archived_upto"] == position, lambda: f"{archived(service)}\n{service.log()}")


def readers(service: ServiceProcess) -> list[dict[str, Any]]:
    """The projections that read prices."""
    return [status for status in service.statuses() if PRICES in status["cursors"]]


def wait_until_stopped(service: ServiceProcess, complaint: str, at: str) -> None:
    """Wait until all that read prices have stopped where they were, for this reason."""

    def stopped() -> bool:
        states = [(s["state"], s["cursors"][PRICES], complaint in (s["last_error"] or "")) for s in readers(service)]
        return states == [("stopped", at, True)] * len(states)

    wait_until(stopped, lambda: f"{readers(service)}\n{service.log()[-3000:]}")


def wait_until_live(service: ServiceProcess, at: str) -> None:
    """Wait until all that read prices go on, and have come to a position."""

    def live() -> bool:
        states = [(status["state"], status["cursors"][PRICES]) for status in readers(service)]
        return states == [("live", at)] * len(states)

    wait_until(live, lambda: f"{readers(service)}\n{service.log()[-3000:]}")


def rows(service: ServiceProcess) -> int:
    """How many prices have been folded."""
    with psycopg.connect(service.environment["DATABASE_URL"]) as connection:
        found = connection.execute("SELECT count(*) FROM price_history_v1.points").fetchone()
    assert found
    return int(found[0])


def accepted(service: ServiceProcess) -> dict[str, Any]:
    """What `accept-gap` has given up."""
    found: dict[str, Any] = json.loads(service.run("accept-gap", PRICES, "--yes", "--json", "--reason", "a test"))
    return found


def test_flushed_while_running(service: ServiceProcess, client: Client) -> None:
    """Redis forgets everything; new events come. What was archived is kept; the loss accepted, all goes on."""
    *_, last = add(client, 1, 2, 3)
    wait_until_archived(service, last)
    wait_until_live(service, last)

    client.flushdb()
    (new,) = add(client, 4)

    wait_until_stopped(service, f"readmodel accept-gap {PRICES}", at=last)
    wait_until(lambda: "that entry is gone" in (archived(service)["last_error"] or ""), service.log)
    shown = " ".join(service.run("status").split())
    assert f"price_history@postgres stands at {last} in {PRICES}, but the stream goes on where the archive" in shown
    assert f"the archive of {PRICES}: The archiver stands at {last} in {PRICES}" in shown
    assert (archived(service)["archived_upto"], rows(service)) == (last, 3)

    refused = service.tried("accept-gap", "cartsnitch.stores", "--yes")
    assert (refused.returncode, "Nothing of cartsnitch.stores is missing" in refused.stderr) == (1, True)
    gap = accepted(service)

    assert (gap["lost_after"], gap["passed_over"]) == (last, 0)
    assert gap["stopped"][0]["reader"] == "the archive"
    wait_until_live(service, new)
    wait_until_archived(service, new)
    assert rows(service) == 4
    assert (archived(service)["entries"], archived(service)["segments"]) == (4, 3)  # one of them says what is lost


def test_trimmed_behind_the_back(service: ServiceProcess, client: Client) -> None:
    """The entry that all stand at is gone. Who is asked and does not answer accepts nothing; no service is needed."""
    *_, last = add(client, 1, 2, 3)
    wait_until_archived(service, last)
    wait_until_live(service, last)

    client.xtrim(PRICES, maxlen=0, approximate=False)
    (new,) = add(client, 4)
    wait_until_stopped(service, "that entry is gone", at=last)
    asked = service.tried("accept-gap", PRICES)
    assert (asked.returncode, f"everything after {last} and up to" in asked.stdout) == (130, True), asked.stderr
    service.stop()

    assert accepted(service)["lost_after"] == last
    service.start()

    wait_until_live(service, new)
    wait_until_archived(service, new)
    assert rows(service) == 4


def test_lost_again_before_anything_was_folded(service: ServiceProcess, client: Client) -> None:
    """What came after an accepted loss is lost as well, before anybody has read it: that was not accepted with it."""
    *_, last = add(client, 1, 2)
    wait_until_archived(service, last)
    wait_until_live(service, last)
    service.stop()
    client.delete(PRICES)
    add(client, 3)
    assert accepted(service)["lost_after"] == last

    client.delete(PRICES)
    (new,) = add(client, 4)
    service.start()

    wait_until_stopped(service, "what followed the gap that was accepted is lost, too", at=last)
    wait_until(lambda: "is lost, too" in (archived(service)["last_error"] or ""), service.log)
    assert accepted(service)["stopped"][0]["reader"] == "the archive"
    wait_until_live(service, new)
    wait_until_archived(service, new)
    assert rows(service) == 3


def test_restored_from_an_older_snapshot(database: str, tmp_path: Path) -> None:
    """Redis comes back as it was a while ago, and then takes one more event, so that its last id is ahead again."""
    folder = tmp_path / "redis"
    # One of its own, whatever REDIS_URL says: RESTORE would replace what is somebody else's.
    settings = Settings(data_dir=folder, redis_url=None, database_url=database, embedded="auto")
    (tmp_path / "service").mkdir()
    with servers(settings) as urls, service_process(urls.redis_url, database, tmp_path / "service") as service:
        service.environment |= {"ARCHIVE_SEGMENT_SECONDS": "3600"}
        with Client.from_url(urls.redis_url) as client:
            service.start()
            service.url()
            add(client, 1, 2)
            dumped: Any = client.dump(PRICES)
            *_, last = add(client, 3, 4)
            wait_until_live(service, last)

            client.restore(PRICES, 0, dumped, replace=True)
            (new,) = add(client, 5)

            wait_until_stopped(service, "that entry is gone", at=last)
            assert rows(service) == 4
            gap = accepted(service)
            wait_until_live(service, new)
            assert (rows(service), gap["passed_over"]) == (5, 0)


def test_another_entry_in_its_place(service: ServiceProcess, client: Client) -> None:
    """A stream that was made anew has an entry with the cursor's id, but not its bytes."""
    *_, last = add(client, 1, 2)
    wait_until_archived(service, last)
    wait_until_live(service, last)

    client.delete(PRICES)
    client.xadd(PRICES, {"data": json.dumps(price(9))}, id=last)

    wait_until_stopped(service, "another entry has taken its place", at=last)


def test_a_segment_that_is_gone(service: ServiceProcess, client: Client, tmp_path: Path) -> None:
    """With a file of the archive gone its archiver stops and names it; restored, it goes on."""
    *_, last = add(client, 1, 2)
    wait_until_archived(service, last)
    service.stop()
    (file,) = (tmp_path / "archive" / PRICES).glob("*/prices_updated.parquet")
    content = file.read_bytes()
    file.unlink()
    service.start()

    wait_until(
        lambda: "prices_updated.parquet of segment" in (archived(service)["last_error"] or ""),
        lambda: f"{archived(service)}\n{service.log()}",
    )
    file.write_bytes(content)
    wait_until(lambda: archived(service)["last_error"] is None, lambda: str(archived(service)))
