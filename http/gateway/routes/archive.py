"""What operators see of the archive, and do about events that are lost."""

from collections.abc import Awaitable
from datetime import datetime
from typing import Annotated, TypeVar

from pydantic import BaseModel, Field

from gateway.access import Access
from gateway.parameters import Asked, Search
from gateway.problems import Missing, NotNow
from gateway.route import Answer, Nothing, Question, Routes
from gateway.routes.dead_letters import EntryId
from readmodel.engine.log.losses import LossChanged, NothingLost, StreamUnknown

routes = Routes("operations")

GAPS = "/api/v1/ops/gaps/{stream}"
T = TypeVar("T")


class ArchivedStream(BaseModel):
    """How far one stream is archived. `lag_seconds` is the age of the oldest event that is not."""

    stream: str
    archived_upto: str
    segments: int
    entries: int
    lag_seconds: float
    last_error: str | None


class ArchiveState(BaseModel):
    """Whether this process archives, or another, and every stream."""

    archiving: bool
    streams: list[ArchivedStream]


class Stopped(BaseModel):
    """Who waits for events that are lost, and what shows that they are."""

    reader: str
    position: str
    reason: str


class Loss(BaseModel):
    """What is lost: everything between two positions that is in neither stream nor archive.

    `passed_over` entries are in the stream all the same, and are not read by those who stopped.
    """

    stream: str
    lost_after: str
    lost_upto: str
    since: Annotated[datetime | None, Field(alias="from")]
    to: datetime
    passed_over: int
    stopped: list[Stopped]


class Stream(Asked):
    """One stream."""

    stream: str


class Accepted(Stream):
    """What was shown as lost, why it is given up and, where the service key is shown, who decided that."""

    lost_after: EntryId
    reason: Search = None
    by: Search = None


@routes.get("/api/v1/ops/archive", answers=ArchiveState, asks=Nothing, access=Access.OPERATOR)
async def archive(question: Question[Nothing]) -> Answer:
    """How far every stream is archived."""
    return Answer(await question.operators.archive.shown())


@routes.get(GAPS, answers=Loss, asks=Stream, access=Access.OPERATOR)
async def loss(question: Question[Stream]) -> Answer:
    """What is lost of a stream, and who has stopped for it; 404 where nothing is."""
    return Answer(await _answered(question.operators.losses.shown(question.asked.stream)))


@routes.post(GAPS, answers=Loss, asks=Accepted, access=Access.OPERATOR)
async def accept(question: Question[Accepted]) -> Answer:
    """Give up what is lost of a stream; what has stopped for it goes on."""
    asked = question.asked
    by = question.caller.id or asked.by or "whoever has the service key"
    return Answer(await _answered(question.operators.losses.accept(asked.stream, asked.lost_after, by, asked.reason)))


async def _answered(asked: Awaitable[T]) -> T:
    try:
        return await asked
    except (StreamUnknown, NothingLost) as error:
        raise Missing(reason=error) from error
    except LossChanged as error:
        raise NotNow(reason=error) from error
