"""What the gateway asks of whoever knows whether tables are right, and why."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol


class InspectorLike(Protocol):
    """Audits and explanations; readmodel.engine.auditing.inspection says what is answered and raised."""

    def last_audits(self) -> list[dict[str, Any]]:
        """What was found last, projection by projection."""
        ...

    async def audit(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """Audit some projections now, all of them without names."""
        ...

    async def explain(self, name: str, key: Sequence[str]) -> dict[str, Any]:
        """The row that is meant, and the events that touch it."""
        ...


class VerifierLike(Protocol):
    """Whether all that is kept fits together; readmodel.engine.auditing.verifying says what is answered and raised."""

    def verify(self) -> AsyncIterator[dict[str, Any]]:
        """Look at everything: what the work is doing, again and again, and at last the findings."""
        ...
