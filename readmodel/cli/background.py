"""Work that goes on beside whatever a process does."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager

log = logging.getLogger(__name__)


@asynccontextmanager
async def in_background(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Run work that never ends, until the block does."""
    task = asyncio.create_task(work)
    task.add_done_callback(_report)
    try:
        yield
    finally:
        # Asked again, because a client that is just connecting may swallow the first cancellation.
        while not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=0.5)


def _report(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("%s has ended", task.get_coro(), exc_info=error)
