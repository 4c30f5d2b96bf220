"""What the gateway asks of whoever rebuilds projections."""

from collections.abc import AsyncIterator
from typing import Any, Protocol


class RebuildsLike(Protocol):
    """Builds made and shown; readmodel.engine.builds.rebuilding says what is answered and raised.

    Each answers what the work is doing, again and again, and at last its outcome.
    """

    def rebuild(self, name: str, *, swap: bool, diff: bool, until: str | None) -> AsyncIterator[dict[str, Any]]:
        """Build a projection anew."""
        ...

    def swap(self, name: str) -> AsyncIterator[dict[str, Any]]:
        """Show the build that was made without being shown."""
        ...

    def rollback(self, name: str) -> AsyncIterator[dict[str, Any]]:
        """Show the build that was shown before."""
        ...

    def abandon(self, name: str) -> AsyncIterator[dict[str, Any]]:
        """Drop the build that was made without being shown."""
        ...
