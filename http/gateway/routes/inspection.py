"""Operators ask whether a table is right, and why a row is what it is."""

from collections.abc import Awaitable
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, Field

from gateway.access import Access
from gateway.parameters import Asked
from gateway.problems import Missing, NotNow, ParametersInvalid
from gateway.route import Answer, Nothing, Question, Routes
from readmodel.engine.auditing.row_key import KeyInvalid, TableUnknown
from readmodel.engine.folding.letters import ProjectionUnknown
from readmodel.engine.log.history import HistoryUnavailable
from readmodel.errors import ReadModelError
from readmodel.stores.store import StoreUnavailable

routes = Routes("operations")

AUDIT, EXPLAIN = "/api/v1/ops/audit", "/api/v1/ops/explain"
T = TypeVar("T")
Name = Annotated[str, Field(max_length=200)]
Key = Annotated[str, Field(max_length=1_000, description="column=value, or values in order with commas between.")]


class Touch(BaseModel):
    """An event that touches a row: the columns that it `sets` there, and those whose value it `decides`."""

    stream: str
    position: str
    time: datetime
    type: str
    id: str
    source: str
    deciding: bool
    decides: list[str]
    erases: bool
    sets: dict[str, Any]


class BothValues(BaseModel):
    """What a column holds, and what its definition says."""

    stored: Any
    defined: Any


class DifferingRow(BaseModel):
    """A row that is not what its definition says, and the events that touch it, oldest first."""

    key: dict[str, Any]
    kind: Literal["only_stored", "only_defined", "changed"]
    columns: dict[str, BothValues]
    events: list[Touch]


class AuditedTable(BaseModel):
    """One table beside its definition: rows on both sides, how many differ, and examples."""

    table: str
    stored: int
    defined: int
    only_stored: int
    only_defined: int
    changed: int
    changed_columns: dict[str, int]
    examples: list[DifferingRow]


class Audited(BaseModel):
    """What an audit found, at which position and in which build, or the error that it ended with."""

    projection: str
    store: str
    version: int
    build: int | None
    position: str | None
    audited_at: datetime
    seconds: float
    rows: int
    left_out: int
    differences: int
    tables: list[AuditedTable]
    error: str | None


class ExplainedRow(BaseModel):
    """A key, and its row; null where events speak of the key and there is no row."""

    table: str
    key: dict[str, Any]
    row: dict[str, Any] | None


class MentioningLetter(BaseModel):
    """An event that was put aside and mentions the key."""

    stream: str
    position: str
    state: Literal["open", "discarded"]
    type: str | None
    error: str


class Explained(BaseModel):
    """The rows that a key means; of a single one also the events that touch it, oldest first."""

    projection: str
    store: str
    version: int
    build: int
    position: str
    rows: list[ExplainedRow]
    more_rows: bool
    events: list[Touch]
    events_in_all: int
    letters: list[MentioningLetter]


class AuditWanted(Asked):
    """Which projections, each `name` or `name@store`; all of them where none is named."""

    projection: list[Name] = Field(default_factory=list, max_length=100)


class ExplanationWanted(Asked):
    """A projection, or a table of one as `projection.table`, either with `@store`; and the key, or a part of it."""

    projection: Name
    key: list[Key] = Field(min_length=1, max_length=20)


@routes.get(AUDIT, answers=list[Audited], asks=Nothing, access=Access.OPERATOR)
async def audits(question: Question[Nothing]) -> Answer:
    """What the last audit of every projection found, since this process started."""
    return Answer(question.operators.inspector.last_audits())


@routes.post(AUDIT, answers=list[Audited], asks=AuditWanted, access=Access.OPERATOR)
async def audit(question: Question[AuditWanted]) -> Answer:
    """Compare tables with what their definitions make of history, at the position that they have reached."""
    return Answer(await _answered(question.operators.inspector.audit(question.asked.projection)))


@routes.get(EXPLAIN, answers=Explained, asks=ExplanationWanted, access=Access.OPERATOR, may_be_missing=True)
async def explain(question: Question[ExplanationWanted]) -> Answer:
    """The events that made a row what it is."""
    asked = question.asked
    return Answer(await _answered(question.operators.inspector.explain(asked.projection, asked.key)))


async def _answered(asked: Awaitable[T]) -> T:
    """The answer, and what stands in its way as a problem."""
    try:
        return await asked
    except (ProjectionUnknown, TableUnknown) as error:
        raise Missing(reason=error) from error
    except KeyInvalid as error:
        raise ParametersInvalid({"field": "key", "message": str(error), "type": "key_invalid"}) from error
    except (StoreUnavailable, HistoryUnavailable):
        raise
    except ReadModelError as error:
        # Nothing is live yet, or history cannot be read: an operator is told.
        raise NotNow(reason=error) from error
