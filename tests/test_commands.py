"""The commands as an operator types them."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import redis as redis_client

from gateway.auth import Authenticator
from readmodel.cli.main import commands
from readmodel.engine.catalogue import plans_of
from tests.service import READMODEL, SECRET, ServiceProcess, service_process


@pytest.fixture
def service(redis_db: str, database: str, tmp_path: Path) -> ServiceProcess:
    """A service that has not been started."""
    return ServiceProcess(redis_db, database, tmp_path)


def refused(service: ServiceProcess, *arguments: str, cwd: Path | None = None) -> tuple[int, str]:
    """Run a command that fails: its exit code and what it complains of."""
    done = service.tried(*arguments, cwd=cwd)
    return done.returncode, done.stderr


def test_the_demo_shows_answers_and_ends(service: ServiceProcess) -> None:
    """`demo --once` publishes two years, waits until they are folded, and prints a trend, a comparison and alerts."""
    printed = service.run("demo", "--once")
    assert "prices lately" in printed
    assert "what it costs where" in printed
    assert "The newest alerts of" in printed


def test_the_demo_keeps_off_streams_in_use(service: ServiceProcess, redis_db: str) -> None:
    """Where real events are, invented ones would do harm: the reason is said, and the exit code is 1."""
    with redis_client.Redis.from_url(redis_db) as client:
        client.xadd("cartsnitch.prices", {"data": "{}"})
    code, complaint = refused(service, "demo", "--once")
    assert (code, "holds 1 events that are not the demo's" in complaint) == (1, True)


def test_status_of_a_running_service_and_of_none(redis_db: str, database: str, tmp_path: Path) -> None:
    """The same rows, asked of the service or read from the stores."""
    with service_process(redis_db, database, tmp_path) as service:
        service.start()
        service.url()
        service.wait_until_caught_up()
        running = json.loads(service.run("status", "--json"))
        service.stop()
    stopped = json.loads(service.run("status", "--json"))
    keys = ("name", "version", "store", "cursors", "lag_events", "quarantined", "last_error")
    assert [[row[key] for key in keys] for row in running] == [[row[key] for key in keys] for row in stopped]
    assert {row["state"] for row in stopped} == {"not running"}


def test_a_second_start_on_one_folder(redis_db: str, database: str, tmp_path: Path) -> None:
    """It is refused, naming the folder."""
    with service_process(redis_db, database, tmp_path) as service:
        service.start()
        service.url()
        code, complaint = refused(service, "serve")
    assert (code, str(tmp_path) in complaint) == (1, True)


def test_publishing_a_file(service: ServiceProcess, redis_db: str, tmp_path: Path) -> None:
    """Every line lands in its stream, with an id; publishing the file again makes the same events."""
    file = tmp_path / "events.ndjson"
    file.write_text(
        '{"type": "cartsnitch.stores.updated", "data": {"id": 1}}\n\n'
        '{"event_type": "cartsnitch.prices.updated", "payload": {}}\n'
    )
    assert service.run("publish", str(file)) == "published 2 events\n"
    service.run("publish", str(file))
    with redis_client.Redis.from_url(redis_db) as client:
        entries: Any = client.xrange("cartsnitch.stores")
        first, again = entries
        assert first[1] == again[1]
        assert "id" in json.loads(first[1][b"data"])
        assert client.xlen("cartsnitch.prices") == 2


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{nope", "line 2: not JSON"),
        ("[]", "line 2: no `type` and no `event_type`"),
        ('{"type": "cartsnitch.weather.changed"}', "belongs to no known stream"),
    ],
)
def test_a_file_with_a_bad_line(line: str, reason: str, service: ServiceProcess, redis_db: str, tmp_path: Path) -> None:
    """Nothing of it is published, and the line is named."""
    file = tmp_path / "events.ndjson"
    file.write_text(f'{{"type": "cartsnitch.stores.updated", "data": {{}}}}\n{line}\n')
    code, complaint = refused(service, "publish", str(file))
    assert (code, reason in complaint) == (1, True), complaint
    with redis_client.Redis.from_url(redis_db) as client:
        assert client.keys("*") == []


def test_a_token_holds(service: ServiceProcess) -> None:
    """What `token` prints is accepted as that user, with that role."""
    user = Authenticator({"default": SECRET}).verified(service.run("token", "alice", "--role", "admin").strip())
    assert (user.id, user.role) == ("alice", "admin")


def test_a_new_projection_is_one(service: ServiceProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is made can be planned as it is; a name that is taken, or is none, is refused."""
    for folder in ("projections", "tests/projections"):
        (tmp_path / folder).mkdir(parents=True)
    subprocess.run([READMODEL, "new", "projection", "sample_of_new"], cwd=tmp_path, env=os.environ, check=True)
    monkeypatch.syspath_prepend(str(tmp_path / "projections"))

    (plan,) = plans_of("sample_of_new")

    assert (plan.schema, [table.column_names for table in plan.tables]) == (
        "sample_of_new_v1",
        [("product_id", "store", "last_seen", "position")],
    )
    assert (tmp_path / "tests" / "projections" / "test_sample_of_new.py").exists()
    assert refused(service, "new", "projection", "sample_of_new", cwd=tmp_path)[0] == 1
    assert refused(service, "new", "projection", "No-Name", cwd=tmp_path)[0] == 2


def test_every_command_is_found_under_its_name() -> None:
    """They are imported when they are asked for, so only that shows whether the table of them is right."""
    context = click.Context(commands)
    found = [(name, commands.get_command(context, name)) for name in commands.list_commands(context)]
    assert [name for name, command in found if command is None or command.name != name] == []
    assert commands.get_command(context, "nonsense") is None
