"""A Redis that answers, but not what was asked."""

import threading
from contextlib import suppress

import pytest
import redis
import redis.asyncio

from readmodel.engine.log.history import History, HistoryUnavailable
from tests.faults.servers import Killable
from tests.service import wait_until

FOREVER = "while true do end"


async def test_a_refusal_is_no_sign_that_a_stream_is_gone(servers: tuple[Killable, Killable]) -> None:
    """While a script keeps Redis from looking, a stream is not taken for empty, which would stop its projections."""
    url = servers[0].url
    with redis.Redis.from_url(url) as client:
        client.xadd("cartsnitch.prices", {"data": "{}"})
        client.config_set("lua-time-limit", 50)
        script = threading.Thread(target=run, args=(url,))
        script.start()
        wait_until(lambda: is_busy(client), lambda: "the script does not run")
        try:
            async with redis.asyncio.Redis.from_url(url) as asked:
                with pytest.raises(HistoryUnavailable, match=r"BUSY|busy"):
                    await History(asked).state("cartsnitch.prices")
        finally:
            client.script_kill()
            script.join()


def run(url: str) -> None:
    """Run a script until it is killed."""
    with redis.Redis.from_url(url, socket_timeout=60) as client, suppress(redis.ResponseError):
        client.eval(FOREVER, 0)


def is_busy(client: redis.Redis) -> bool:
    """Whether Redis does nothing else."""
    try:
        client.ping()
    except redis.ResponseError:
        return True
    return False
