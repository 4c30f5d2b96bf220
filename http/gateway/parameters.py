"""The kinds of parameters there are, and how a request's texts become one checked model.

A route declares one pydantic model; fields named in its path are path parameters, the others are of the query.
Texts are taken strictly: pydantic alone would read "1700000000" as a day and "7.0" as a whole number.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, TypeVar, get_origin
from uuid import UUID

from aiohttp import web
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from gateway.problems import Fault, ParametersInvalid
from readmodel.engine.vector import Vector, parse_vector
from readmodel.errors import ReadModelError

MIN_POSITION_HEADER = "X-Min-Position"

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{1,12})?")
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(T00:00:00)?")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?", re.ASCII
)
_CATEGORY_SIGNS = "_-&,./()"
_OF_WORDS = ("Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd")
_FLAGS = {"true": True, "false": False}


class Asked(BaseModel):
    """What a request asks for. Parameters that no field names are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


A = TypeVar("A", bound=Asked)


def _integer(text: Any) -> Any:
    if isinstance(text, str) and not _INTEGER.fullmatch(text):
        raise ValueError("a whole number is expected")
    return text


def _decimal(text: Any) -> Any:
    if isinstance(text, str) and not _NUMBER.fullmatch(text):
        raise ValueError("a number is expected, such as 12.5")
    return text


def _calendar_day(text: Any) -> Any:
    if isinstance(text, str):
        if not (found := _DAY.fullmatch(text)):
            raise ValueError("a day is expected, as YYYY-MM-DD")
        return date.fromisoformat(found[1])
    return text


def _flag(text: Any) -> Any:
    if isinstance(text, str):
        if text not in _FLAGS:
            raise ValueError("expected true or false")
        return _FLAGS[text]
    return text


def _blank_is_none(text: Any) -> Any:
    # An empty search box, or "all categories".
    return None if text == "" else text


def _category_name(text: str) -> str:
    # Written out, because neither Python's patterns nor those of most readers of the document know \p{L}.
    if not all(sign in f" {_CATEGORY_SIGNS}" or unicodedata.category(sign) in _OF_WORDS for sign in text):
        raise ValueError(f"only letters, digits, spaces and {_CATEGORY_SIGNS}")
    return text


def _separated(value: Any) -> Any:
    return [part.strip() for text in value for part in text.split(",")] if isinstance(value, list) else value


def _without_repeats(ids: list[UUID]) -> list[UUID]:
    return list(dict.fromkeys(ids))


INTEGER, DECIMAL = BeforeValidator(_integer), BeforeValidator(_decimal)
SEPARATED, DISTINCT = BeforeValidator(_separated), AfterValidator(_without_repeats)
"""Ids that are comma-separated, repeated, or both; in the order asked, each of them once.

These stand after the bounds in an `Annotated`: pydantic documents bounds only where they stand next to the type.
"""

Day = Annotated[date, BeforeValidator(_calendar_day)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Search = Annotated[
    Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")] | None,
    BeforeValidator(_blank_is_none),
]
Category = Annotated[
    Annotated[
        str,
        Field(max_length=100, description=f"Letters of any script, digits, spaces and {_CATEGORY_SIGNS}"),
        AfterValidator(_category_name),
    ]
    | None,
    BeforeValidator(_blank_is_none),
]


def _moment(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    if found := _DAY.fullmatch(text):
        # A day is over at its end; of one that is not, all there is so far.
        end = datetime.combine(date.fromisoformat(found[1]), time.max, UTC)
        return min(end, datetime.now(UTC)) if found[1] == datetime.now(UTC).date().isoformat() else end
    if not _INSTANT.fullmatch(text):
        raise ValueError("a day is expected, or a time as 2026-11-21T10:00:00Z")
    found_time = datetime.fromisoformat(text)
    return found_time if found_time.tzinfo else found_time.replace(tzinfo=UTC)


def _not_future(moment: datetime) -> datetime:
    if moment > datetime.now(UTC):
        raise ValueError("it lies in the future")
    return moment.astimezone(UTC)


Moment = Annotated[
    Annotated[datetime, Field(description="Answer as of this time, or the end of this day, from history.")],
    BeforeValidator(_moment, json_schema_input_type=str),
    AfterValidator(_not_future),
]


class AsOf(Asked):
    """The moment of the past that an answer is wanted for: what this service had received by then."""

    as_of: Moment | None = None

    @property
    def today(self) -> date:
        """The day on which it is asked, or for which."""
        return (self.as_of or datetime.now(UTC)).date()


class Window(Asked):
    """The days that are looked at: `days` of them, up to `until`, which is today where `days` is given."""

    days: Annotated[int, Field(ge=1, le=36_500), INTEGER] | None = None
    until: Day | None = None

    @property
    def today(self) -> date:
        """The day on which it is asked."""
        return datetime.now(UTC).date()

    def bounds(self) -> dict[str, date | None]:
        """`from_day`, itself not in the window, and `to_day`, which is; None where there is no bound."""
        if self.days is None:
            return {"from_day": None, "to_day": self.until}
        to_day = self.until or self.today
        return {"from_day": _days_before(to_day, self.days), "to_day": to_day}


class PublicWindow(Window):
    """The same with narrower bounds: at most a year."""

    days: Annotated[int, Field(ge=1, le=365), INTEGER] | None = 90


def _days_before(end: date, days: int) -> date:
    return date.fromordinal(max(1, end.toordinal() - days))


def asked_of(request: web.Request, model: type[A]) -> A:
    """The request's parameters, checked; ParametersInvalid names every one that is wrong."""
    texts: dict[str, Any] = {}
    for field, info in model.model_fields.items():
        name = info.alias or field
        if name in request.match_info:
            texts[name] = request.match_info[name]
        elif found := request.query.getall(name, None):
            texts[name] = found if get_origin(info.annotation) is list else found[-1]
    try:
        return model.model_validate(texts)
    except ValidationError as error:
        raise ParametersInvalid(*faults_of(error)) from None


def faults_of(error: ValidationError) -> list[Fault]:
    """What pydantic found wrong, without what was sent."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return [_fault(each) for each in found]


def _fault(found: Mapping[str, Any]) -> Fault:
    field = str(found["loc"][0]) if found["loc"] else ""
    return {"field": field, "message": found["msg"].removeprefix("Value error, "), "type": found["type"]}


def min_position(request: web.Request) -> Vector | None:
    """How far the projections must have come for this reader; ParametersInvalid where that is no vector."""
    text = request.headers.get(MIN_POSITION_HEADER)
    if text is None:
        return None
    try:
        return parse_vector(text)
    except ReadModelError as error:
        reason = str(error)
    except ValueError:  # digits beyond what int() takes
        reason = "a position has far fewer digits"
    raise ParametersInvalid({"field": MIN_POSITION_HEADER, "message": reason, "type": "position_invalid"})
