"""Work that blocks, in a thread, and never left to itself there."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


async def to_its_end(call: Callable[..., T], *arguments: Any, **named: Any) -> T:
    """Run what blocks, to its end also when nobody waits for it any more.

    A store must not be asked for anything while it is still at work for somebody who has given up.
    """
    task = asyncio.create_task(asyncio.to_thread(call, *arguments, **named))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        with suppress(Exception):
            await task
        raise
