"""How a runner waits: for a lease, for what may pass, for somebody to put something right; never past its end."""

import asyncio
import random
from contextlib import suppress
from typing import TypeVar

from readmodel.stores.store import StoreUnavailable

LONGEST = 10.0
"""Seconds between tries, at most, give or take half."""

T = TypeVar("T")


class Ended(Exception):
    """It was asked to stop meanwhile."""


class Waiting:
    """Waits until asked to stop, or to try again."""

    def __init__(self) -> None:
        self._stop = asyncio.Event()
        self._again = asyncio.Event()
        self._failures = 0

    @property
    def is_over(self) -> bool:
        """Whether it was asked to stop."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Let nothing wait any more."""
        self._stop.set()

    def try_again(self) -> None:
        """Let whoever idles go on."""
        self._again.set()

    def succeeded(self) -> None:
        """What failed is well again: the next failure is the first one."""
        self._failures = 0

    def next_pause(self) -> float:
        """Seconds until the next try, longer with every failure in a row."""
        seconds = min(LONGEST, 0.1 * 2.0**self._failures) * random.uniform(0.5, 1.5)  # noqa: S311 - jitter, not a secret
        self._failures = min(self._failures + 1, 10)
        return seconds

    async def pause(self, seconds: float) -> None:
        """Wait so long, or until the end."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)

    async def idle(self, seconds: float | None = None) -> None:
        """Wait until asked to try again or to stop, so long at most."""
        self._again.clear()
        waiting = [asyncio.create_task(event.wait()) for event in (self._stop, self._again)]
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()

    async def for_result(self, task: "asyncio.Task[T]") -> T:
        """What a task comes to; Ended, with the task cancelled, when the end comes before."""
        stopping = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait([task, stopping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
        if not task.done():
            task.cancel()
            # It may be in the middle of a statement, and the connection is about to be closed.
            with suppress(asyncio.CancelledError, StoreUnavailable):
                await task
            raise Ended
        return task.result()
