"""A fold that is alive but does not get on is an alarm, whatever holds it up."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.faults.publisher import Publisher
from tests.service import ServiceProcess, service_process, wait_until

ALARM = "it has gained nothing for"


@pytest.fixture
def service(redis_db: str, database: str, tmp_path: Path) -> Iterator[ServiceProcess]:
    """A running service that loses patience soon."""
    with service_process(redis_db, database, tmp_path) as started:
        started.environment |= {"STALL_SECONDS": "2"}
        started.start()
        started.url()
        yield started


def errors(service: ServiceProcess) -> dict[str, str]:
    """What `status` says is wrong, by projection."""
    found = service.statuses()
    return {f"{status['name']}@{status['store']}": status["last_error"] for status in found if status["last_error"]}


def test_a_fold_that_hangs_is_an_alarm(service: ServiceProcess, redis_db: str, database: str, seed: int) -> None:
    """Its table locked by somebody else, a projection says so, in the log once; the others do not."""
    with Publisher(redis_db, seed, per_second=200).publishing(), psycopg.connect(database) as blocker:
        blocker.execute("LOCK TABLE price_history_v1.points IN ACCESS EXCLUSIVE MODE")
        wait_until(lambda: "price_history@postgres" in errors(service), service.log)
        shown = errors(service)
        # A look later it is still the same trouble.
        wait_until(lambda: errors(service) != shown, service.log)

        assert set(shown) == {"price_history@postgres"}
        assert ALARM in shown["price_history@postgres"]
        assert service.log().count(ALARM) == 1
    service.wait_until_caught_up()
    wait_until(lambda: not errors(service), lambda: f"{errors(service)}")
    assert "price_history@postgres gains again" in service.log()
