"""What the gateway asks of whoever erases users."""

from collections.abc import AsyncIterator
from typing import Any, Protocol


class ErasingLike(Protocol):
    """readmodel.engine.erasure.erasing says what is answered and raised."""

    def erase(self, value: str, by: str) -> AsyncIterator[dict[str, Any]]:
        """Erase one user: what the work is doing, again and again, and at last its outcome."""
        ...
