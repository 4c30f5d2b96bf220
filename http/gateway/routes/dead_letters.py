"""What operators do about events that could not be taken."""

from collections.abc import Awaitable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, Field

from gateway.access import Access
from gateway.parameters import INTEGER, Asked, Flag, Search
from gateway.problems import Missing, NotNow, Problem
from gateway.route import Answer, Question, Routes
from readmodel.engine.folding.letters import OPEN, SHOWN, LetterMissing, ProjectionUnknown, Selection
from readmodel.engine.folding.ownership import NotOwner
from readmodel.events.position import PositionInvalid, PositionTooLarge, parse_position
from readmodel.stores.store import CursorMoved, FoldBroken

routes = Routes("operations")

PATH = "/api/v1/ops/dead-letters"
T = TypeVar("T")
EntryId = Annotated[str, Field(pattern=r"^[0-9]{1,20}(-[0-9]{1,20})?$", description="As in `1763690000000-0`.")]


class NothingSelected(Problem):
    """Say which dead letters: by projection, stream, position, type or error, or with all=true."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class DeadLetter(BaseModel):
    """An event that a projection could not take. `since` is when it was put aside, `bytes` how long it is."""

    projection: str
    version: int
    store: str
    stream: str
    position: str
    state: Literal["open", "discarded"]
    event_type: str | None
    error: str
    since: datetime
    bytes: int
    discarded_at: datetime | None
    discarded_by: str | None
    discarded_for: str | None


class WholeDeadLetter(DeadLetter):
    """The same with its event, or where that is no JSON, with its bytes as text, escaped where they are no UTF-8."""

    event: Any
    text: str | None


class DeadLetters(BaseModel):
    """How many there are, and the first of them."""

    total: int
    letters: list[DeadLetter]


class Retried(BaseModel):
    """How many were folded, how many were refused again, and the first of those."""

    retried: int
    refused: int
    letters: list[DeadLetter]


class Discarded(BaseModel):
    """How many were given up."""

    discarded: int


class Chosen(Asked):
    """Which letters. A projection is `name` or `name@store`; an error is any part of its text."""

    projection: Search = None
    stream: Search = None
    position: EntryId | None = None
    type: Search = None
    error: Search = None

    def selection(self, state: str | None) -> Selection:
        """The letters meant."""
        position = None if self.position is None else _position(self.position)
        return Selection(self.projection, self.stream, position, self.type, self.error, state)


class Listed(Chosen):
    """Which letters, and how many of them to show."""

    state: Literal["open", "discarded", "all"] = "open"
    limit: Annotated[int, Field(ge=1, le=1_000), INTEGER] = SHOWN


class Decided(Chosen):
    """Letters to do something about; all of them only where that is said."""

    all: Flag = False

    def decided(self) -> Selection:
        """The letters meant: those that are open, and one that is named by its position whatever its state."""
        selection = self.selection(OPEN if self.position is None else None)
        if not self.all and selection == Selection(state=OPEN):
            raise NothingSelected
        return selection


class GivenUp(Decided):
    """Letters to give up, why, and, where the service key is shown, who decided that."""

    reason: Search = None
    by: Search = None


class Named(Asked):
    """One letter."""

    projection: str
    store: Literal["postgres", "duckdb"]
    stream: str
    position: EntryId


@routes.get(PATH, answers=DeadLetters, asks=Listed, access=Access.OPERATOR)
async def listed(question: Question[Listed]) -> Answer:
    """The events that were put aside, in order of projection, stream and position."""
    asked = question.asked
    selection = asked.selection(None if asked.state == "all" else asked.state)
    return Answer(await _answered(question.operators.letters.listed(selection, asked.limit)))


@routes.get(
    f"{PATH}/{{projection}}/{{store}}/{{stream}}/{{position}}",
    answers=WholeDeadLetter,
    asks=Named,
    access=Access.OPERATOR,
)
async def whole(question: Question[Named]) -> Answer:
    """One event that was put aside, whole."""
    named = question.asked
    selection = Selection(f"{named.projection}@{named.store}", named.stream, _position(named.position))
    return Answer(await _answered(question.operators.letters.whole(selection)))


@routes.post(f"{PATH}/retry", answers=Retried, asks=Decided, access=Access.OPERATOR)
async def retry(question: Question[Decided]) -> Answer:
    """Fold events that were put aside, each at its own position; those that are refused again stay."""
    return Answer(await _answered(question.operators.letters.retry(question.asked.decided())))


@routes.post(f"{PATH}/discard", answers=Discarded, asks=GivenUp, access=Access.OPERATOR)
async def discard(question: Question[GivenUp]) -> Answer:
    """Give up events that were put aside; they stay, with who decided that, when and why."""
    asked = question.asked
    by = question.caller.id or asked.by or "whoever has the service key"
    return Answer(await _answered(question.operators.letters.discard(asked.decided(), by, asked.reason)))


async def _answered(asked: Awaitable[T]) -> T:
    """The answer, and what stands in its way as a problem."""
    try:
        return await asked
    except (LetterMissing, ProjectionUnknown) as error:
        raise Missing(reason=error) from error
    except (NotOwner, CursorMoved, FoldBroken) as error:
        raise NotNow(reason=error) from error


def _position(text: str) -> int:
    try:
        return parse_position(text)
    except (PositionInvalid, PositionTooLarge) as error:
        raise Missing(reason=error) from error
