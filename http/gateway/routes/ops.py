"""What operators see."""

from typing import Any

from pydantic import BaseModel

from gateway.access import Access
from gateway.route import Answer, Nothing, Question, Routes

routes = Routes("operations")


class ProjectionStatus(BaseModel):
    """How far one projection is in one store."""

    name: str
    version: int
    store: str
    state: str
    cursors: dict[str, str]
    lag_events: int | None
    lag_seconds: float | None
    rate: float | None
    quarantined: int
    discarded: int = 0
    reading: dict[str, bool] = {}
    unknown_events: dict[str, int] = {}
    last_error: str | None


@routes.get("/api/v1/ops/projections", answers=list[ProjectionStatus], asks=Nothing, access=Access.OPERATOR)
async def projections(question: Question[Nothing]) -> Answer:
    """The status of every projection."""
    statuses: list[dict[str, Any]] = question.monitor.statuses()
    return Answer(statuses)
