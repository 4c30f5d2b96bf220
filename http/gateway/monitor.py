"""What the gateway asks of whatever watches the projections."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol


class MonitorLike(Protocol):
    """How far the projections are. Every method answers at once, from memory."""

    def statuses(self) -> list[dict[str, Any]]:
        """One row per projection and store, as `readmodel status --json` prints them."""
        ...

    def lag_seconds(self, names: Sequence[str]) -> float:
        """How old the oldest event is that one of these projections has not folded yet; 0 when there is none."""
        ...

    def stale_since(self, names: Sequence[str], *texts: bytes) -> datetime | None:
        """Since when one of these projections lacks an event about an id in the texts; None where it does not."""
        ...

    def ready(self) -> tuple[bool, str]:
        """Whether every projection can be asked, and if not, why."""
        ...
