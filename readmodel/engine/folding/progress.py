"""How a runner is doing, for `status`."""

import time
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum

from readmodel.stores.store import Cursor


class State(StrEnum):
    """What a runner is doing."""

    STARTING = "starting"
    WAITING = "waiting for its lease"
    CATCHING_UP = "catching up"
    LIVE = "live"
    RETRYING = "retrying"
    STOPPED = "stopped"


@dataclass
class Progress:
    """What a runner is doing, how far it is, how fast, and what went wrong last."""

    state: State = State.STARTING
    cursors: dict[str, Cursor] = field(default_factory=dict)
    last_error: str | None = None
    _folded: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=200))

    def folded(self, events: int) -> None:
        """Note a committed batch."""
        self._folded.append((time.monotonic(), events))

    def rate(self, seconds: float = 10.0) -> float:
        """Events per second, lately."""
        since = time.monotonic() - seconds
        return sum(events for at, events in self._folded if at >= since) / seconds
