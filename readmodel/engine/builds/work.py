"""Long work, seen from outside: which phase it is in, how fast it goes, and when it will be done."""

import asyncio
import time
from collections.abc import AsyncGenerator, Coroutine
from contextlib import suppress
from typing import Any

LOOK_EVERY = 0.5
"""Seconds between two looks."""

Shown = dict[str, Any]


class Work:
    """What a piece of work is doing; it is written to by the one who does it, in whatever thread."""

    def __init__(self) -> None:
        self._begin("beginning", None)

    def begin(self, phase: str, of: int | None = None) -> None:
        """Enter a phase, of so many rows or events where that is known or can be guessed."""
        self._begin(phase, of)

    def add(self, done: int) -> None:
        """So many more are done."""
        self._done += done

    def shown(self) -> Shown:
        """`rate` is per second of this phase, `eta_seconds` until the phase ends; None where nobody can know."""
        seconds = time.monotonic() - self._since
        rate = self._done / seconds if seconds else 0.0
        left = max(0, self._of - self._done) if self._of else None
        return {
            "phase": self._phase,
            "done": self._done,
            "of": self._of,
            "rate": round(rate, 1),
            "eta_seconds": round(left / rate, 1) if rate and left is not None else None,
        }

    def _begin(self, phase: str, of: int | None) -> None:
        self._phase, self._of, self._done, self._since = phase, of, 0, time.monotonic()


async def followed(work: Work, doing: Coroutine[Any, Any, Shown]) -> AsyncGenerator[Shown, None]:
    """What the work shows, again and again, and at last its outcome; what it raises is raised here.

    Whoever stops listening ends the work.
    """
    task = asyncio.create_task(doing)
    try:
        while not task.done():
            yield work.shown()
            await asyncio.wait([task], timeout=LOOK_EVERY)
        yield {"outcome": await task}
    finally:
        if not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
