"""What the gateway asks of whoever handles dead letters."""

from typing import Any, Protocol

from readmodel.engine.folding.letters import Selection


class LettersLike(Protocol):
    """The events that were put aside; readmodel.engine.folding.letters says what is answered and raised."""

    async def listed(self, selection: Selection, limit: int) -> dict[str, Any]:
        """How many there are, and the first of them."""
        ...

    async def whole(self, selection: Selection) -> dict[str, Any]:
        """One of them, with the event."""
        ...

    async def retry(self, selection: Selection) -> dict[str, Any]:
        """Fold them after all."""
        ...

    async def discard(self, selection: Selection, by: str, reason: str | None) -> dict[str, Any]:
        """Give them up."""
        ...
