"""What the gateway asks of the archive, and of whoever tells what is lost."""

from typing import Any, Protocol


class ArchiveLike(Protocol):
    """readmodel.engine.log.archive_status says what is answered."""

    async def shown(self) -> dict[str, Any]:
        """How far every stream is archived."""
        ...


class LossesLike(Protocol):
    """readmodel.engine.log.losses says what is answered and raised."""

    async def shown(self, stream: str) -> dict[str, Any]:
        """What is lost of a stream."""
        ...

    async def accept(self, stream: str, lost_after: str, by: str, reason: str | None) -> dict[str, Any]:
        """Give it up."""
        ...
