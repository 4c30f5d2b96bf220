"""The bounded field types that event contracts are made of.

What validates here can be stored in every column derived from it: texts have a length and no NUL, numbers a
magnitude and a scale, dates a range. The bounds are the public contract's.
"""

import re
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

_CANONICAL_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# uuid.UUID would also take 32 characters such as "1_2", "+1" or full-width digits, and hyphens anywhere.
_ANY_UUID = re.compile(
    r"(?:urn:uuid:)?\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?",
    re.ASCII | re.IGNORECASE,
)
_NO_NUL = r"^[^\x00]*$"
_FIRST_DAY, _LAST_DAY = date(1970, 1, 1), date(2100, 12, 31)


class UuidColumn:
    """Marks a text field whose column is a UUID."""


class DecimalColumn:
    """Marks a decimal field and says the precision and scale of its column."""

    def __init__(self, precision: int, scale: int) -> None:
        self.precision = precision
        self.scale = scale


def canonical_uuid(text: str) -> str:
    """The lower-case hyphenated spelling of a UUID in any of its spellings; ValueError when it is none."""
    if _CANONICAL_UUID.fullmatch(text):
        return text
    if found := _ANY_UUID.fullmatch(text):
        return "-".join(found.groups()).lower()
    raise ValueError(f"{text[:64]!r} is not a UUID")


def is_uuid(value: object) -> bool:
    """Whether the value is a text that spells a UUID in any way."""
    return isinstance(value, str) and _ANY_UUID.fullmatch(value) is not None


def _day(value: Any) -> date:
    # A number would be read as seconds since 1970, which no publisher means.
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if not isinstance(value, str):
        raise ValueError("a date is text in the form YYYY-MM-DD")
    return date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value).date()


def _in_range(value: date) -> date:
    if not _FIRST_DAY <= value <= _LAST_DAY:
        raise ValueError(f"{value} lies outside {_FIRST_DAY} to {_LAST_DAY}")
    return value


def _instant(value: Any) -> datetime:
    if not isinstance(value, str | datetime):
        raise ValueError("a time is text in ISO 8601")
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    _in_range(moment.date())
    return moment.astimezone(UTC)


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a number is expected, not true or false")
    return value


def _to_scale_4(value: Decimal) -> Decimal:
    # Money has no more decimals by then, but may be written 0E+20, which Arrow takes for twenty digits. Publishers
    # divide floats to get percentages, so these are rounded where money is refused.
    return value.quantize(Decimal("0.0001"), rounding=ROUND_HALF_EVEN)


def _text(longest: int, shortest: int = 0) -> StringConstraints:
    return StringConstraints(min_length=shortest, max_length=longest, pattern=_NO_NUL, strict=True)


Uuid = Annotated[str, StringConstraints(max_length=64, strict=True), AfterValidator(canonical_uuid), UuidColumn()]
Key = Annotated[str, _text(64, shortest=1)]
ReceiptNumber = Annotated[str, _text(200)]
Title = Annotated[str, _text(300)]
Text = Annotated[str, _text(1_000)]
Notes = Annotated[str, _text(5_000)]

Money = Annotated[
    Decimal,
    BeforeValidator(_no_bool),
    Field(ge=0, lt=1_000_000_000, decimal_places=4, allow_inf_nan=False),
    AfterValidator(_to_scale_4),
    DecimalColumn(13, 4),
]
Quantity = Annotated[
    Decimal,
    BeforeValidator(_no_bool),
    Field(ge=0, lt=1_000_000, decimal_places=4, allow_inf_nan=False),
    AfterValidator(_to_scale_4),
    DecimalColumn(10, 4),
]
Percent = Annotated[
    Decimal,
    BeforeValidator(_no_bool),
    Field(gt=-1_000_000_000, lt=1_000_000_000, allow_inf_nan=False),
    AfterValidator(_to_scale_4),
    DecimalColumn(14, 4),
]
Count = Annotated[int, BeforeValidator(_no_bool), Field(ge=0, lt=1_000_000)]
Day = Annotated[date, BeforeValidator(_day), AfterValidator(_in_range)]
Instant = Annotated[datetime, BeforeValidator(_instant)]
