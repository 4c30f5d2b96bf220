"""Keeping leases alive, and telling their holders when one is lost."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from readmodel.stores.leases import LeaseTable
from readmodel.stores.store import StoreUnavailable

TTL = timedelta(seconds=1.6)
"""A lease outlives its holder by this much: a takeover happens within two seconds of a death."""

HEARTBEAT = 0.4
"""Seconds between renewals, and between tries to get a lease that another holds."""

log = logging.getLogger(__name__)


class Leases:
    """The leases of this process. One heartbeat renews them all."""

    def __init__(self, table: LeaseTable) -> None:
        self._table = table
        self._held: dict[str, Callable[[], None]] = {}
        # One connection serves all; its users take turns.
        self._turn = asyncio.Lock()

    async def hold(self, name: str, when_lost: Callable[[], None]) -> int:
        """Wait until the lease is ours: its epoch. `when_lost` is called when a renewal finds it gone."""
        while True:
            epoch = await self.try_hold(name, when_lost)
            if epoch is not None:
                return epoch
            await asyncio.sleep(HEARTBEAT)

    async def try_hold(self, name: str, when_lost: Callable[[], None]) -> int | None:
        """Take the lease if nobody has it: its epoch."""
        async with self._turn:
            epoch = await self._table.acquire(name)
            if epoch is not None:
                self._held[name] = when_lost
        return epoch

    async def keep(self) -> None:
        """Renew for ever."""
        while True:
            await asyncio.sleep(HEARTBEAT)
            with suppress(StoreUnavailable):
                await self._renew()

    async def let_go(self, name: str) -> None:
        """Give a lease up."""
        if self._held.pop(name, None):
            async with self._turn:
                await self._table.release([name])

    async def close(self) -> None:
        """Give all leases up and disconnect."""
        with suppress(StoreUnavailable):
            for name in list(self._held):
                await self.let_go(name)
        await self._table.close()

    async def _renew(self) -> None:
        names = list(self._held)
        if not names:
            return
        async with self._turn:
            kept = await self._table.renew(names)
        for name in names:
            if name not in kept and (when_lost := self._held.pop(name, None)):
                log.warning("lost the lease of %s", name)
                when_lost()
