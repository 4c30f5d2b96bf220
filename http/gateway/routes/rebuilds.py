"""What operators do about projections as a whole: build them anew, show another build, go back."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from gateway.access import Access
from gateway.parameters import Asked, Flag
from gateway.route import Answer, Question, Routes

routes = Routes("operations")

PATH = "/api/v1/ops"


class Step(BaseModel):
    """One line of the answer: how the work is doing, or, in the last one, its `outcome` or the `error` that ended it.

    `projection` is name@store, `rate` per second, `eta_seconds` until the phase ends, where that can be known.
    """

    projection: str | None = None
    phase: str | None = None
    done: int | None = None
    of: int | None = None
    rate: float | None = None
    eta_seconds: float | None = None
    outcome: dict[str, Any] | None = None
    error: str | None = None


class Named(Asked):
    """Which projection: `name` or, where it lives in both stores, `name@store` for one of them."""

    projection: Annotated[str, Field(min_length=1, max_length=200)]


class Rebuilt(Named):
    """How it is to be built: shown when it is done, compared with the one that is shown, up to a time or vector."""

    swap: Flag = True
    diff: Flag = False
    until: Annotated[str, Field(max_length=2_000)] | None = None


@routes.post(f"{PATH}/rebuild", answers=Step, asks=Rebuilt, access=Access.OPERATOR, in_lines=True)
async def rebuild(question: Question[Rebuilt]) -> Answer:
    """Build a projection anew from history while it is served; one JSON object a line until it is done.

    Whoever stops reading calls it off, and all is as it was before.
    """
    asked, rebuilds = question.asked, question.operators.rebuilds
    return Answer(rebuilds.rebuild(asked.projection, swap=asked.swap, diff=asked.diff, until=asked.until))


@routes.post(f"{PATH}/swap", answers=Step, asks=Named, access=Access.OPERATOR, in_lines=True)
async def swap(question: Question[Named]) -> Answer:
    """Show the build that was made with swap=false, once it has caught up; one JSON object a line."""
    return Answer(question.operators.rebuilds.swap(question.asked.projection))


@routes.post(f"{PATH}/rollback", answers=Step, asks=Named, access=Access.OPERATOR, in_lines=True)
async def rollback(question: Question[Named]) -> Answer:
    """Show the build that was shown before, once it has caught up; one JSON object a line."""
    return Answer(question.operators.rebuilds.rollback(question.asked.projection))


@routes.post(f"{PATH}/abandon", answers=Step, asks=Named, access=Access.OPERATOR, in_lines=True)
async def abandon(question: Question[Named]) -> Answer:
    """Drop the build that was made with swap=false; one JSON object a line."""
    return Answer(question.operators.rebuilds.abandon(question.asked.projection))
