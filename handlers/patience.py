"""How the framework's Redis client is made to bear with a Redis that is away, silent, or answers with errors."""

from typing import Any

from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError

SILENCE = 5.0
"""Seconds without an answer after which a connection is given up; a read waits one second for entries at most."""


class Patience(Retry):
    """Tries again for some three seconds where a connection fails, as it does when Redis restarts.

    For any error that it sees the framework pauses five seconds, so it is spared the short ones. But after an answer
    that is an error it reads on without a pause, in a new task, thousands of times a second; so it is given another.
    """

    def __init__(self) -> None:
        # Silence has taken long enough already: after that the framework's pause is right.
        backoff = ExponentialWithJitterBackoff(cap=0.5, base=0.05)
        super().__init__(backoff, 4, supported_errors=(RedisConnectionError,))

    async def call_with_retry(self, *args: Any, **options: Any) -> Any:
        """See Retry."""
        try:
            return await super().call_with_retry(*args, **options)
        except ResponseError as error:
            raise RedisError(str(error)) from error
