"""What the gateway asks of whoever can answer as of a moment that has passed."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from readmodel.engine.views import View


class PastLike(Protocol):
    """Queries over history; readmodel.engine.auditing.past says what is answered and raised."""

    def reading(self, *names: str, at: datetime) -> AbstractAsyncContextManager[View]:
        """Look at some projections as they were."""
        ...
