"""The alarm for a fold that is alive and gains nothing: it hangs, or is slower than its events come."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

log = logging.getLogger(__name__)


@dataclass
class _Behind:
    """How little was left at best, and since when it has not been less."""

    events: int
    seconds: float
    since: float
    alarm: str | None = None


class Stalls:
    """Watches every projection's lag. It is told from time to time, and says each trouble once in the log."""

    def __init__(self, limit: float, clock: Callable[[], float] = time.monotonic) -> None:
        """The `limit` is in seconds: for an event to wait, and for the lag not to shrink meanwhile."""
        self._limit = limit
        self._clock = clock
        self._behind: dict[str, _Behind] = {}

    def seen(self, projection: str, events: int, seconds: float) -> None:
        """Note how far behind a projection is, in events and in the age of the oldest of them."""
        now, before = self._clock(), self._behind.get(projection)
        if not events:
            self._behind.pop(projection, None)
        elif before is None:
            self._behind[projection] = _Behind(events, seconds, now)
        elif events < before.events or seconds < before.seconds:
            # Either may grow while all is well: new events come in crowds, and those of an import have one age.
            self._behind[projection] = _Behind(min(events, before.events), min(seconds, before.seconds), now)
        elif seconds > self._limit and now - before.since > self._limit:
            self._raise(projection, before, events, now)
        if before and before.alarm and not self.alarm(projection):
            log.info("%s gains again", projection)

    def forget(self, projection: str) -> None:
        """It is not to fold at the moment."""
        self._behind.pop(projection, None)

    def alarm(self, projection: str) -> str | None:
        """What is wrong with a projection, if it gains nothing."""
        found = self._behind.get(projection)
        return found.alarm if found else None

    def _raise(self, projection: str, behind: _Behind, events: int, now: float) -> None:
        first = behind.alarm is None
        behind.alarm = f"it has gained nothing for {now - behind.since:.0f} s and is {events} events behind"
        if first:
            log.error("%s is alive, but %s", projection, behind.alarm)
