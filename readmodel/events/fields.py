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
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}", re.ASCII)
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


def _first_of_month(value: Any) -> date:
    if not isinstance(value, str) or not _MONTH.fullmatch(value):
        raise ValueError("a month is text in the form YYYY-MM")
    return date.fromisoformat(f"{value}-01")


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


def none_if_empty(value: Any) -> Any:
    """Services send "" for what they do not have."""
    return None if value == "" else value


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a number is expected, not true or false")
    return value


def _to_scale_4(value: Decimal) -> Decimal:
    # Money has no more decimals by then, but may be written 0E+20, which Arrow takes for twenty digits. Publishers
    # divide floats to get percentages, so these are rounded where money is refused.
    return value.quantize(Decimal("0.0001"), rounding=ROUND_HALF_EVEN)


def _to_scale_6(value: Decimal) -> Decimal:
    # A tenth of a metre; services send what their maps gave them, with fifteen digits.
    return value.quantize(Decimal("0.000001"), rounding=ROUND_HALF_EVEN)


def _text(longest: int, shortest: int = 0) -> StringConstraints:
    return StringConstraints(min_length=shortest, max_length=longest, pattern=_NO_NUL, strict=True)


Uuid = Annotated[str, StringConstraints(max_length=64, strict=True), AfterValidator(canonical_uuid), UuidColumn()]
Key = Annotated[str, _text(64, shortest=1)]
ReceiptNumber = Annotated[str, _text(200)]
Title = Annotated[str, _text(300)]
Text = Annotated[str, _text(1_000)]
Notes = Annotated[str, _text(5_000)]
OptionalUuid = Annotated[Uuid | None, BeforeValidator(none_if_empty)]
OptionalKey = Annotated[Key | None, BeforeValidator(none_if_empty)]

Money = Annotated[
    Decimal,
    Field(ge=0, lt=1_000_000_000, decimal_places=4, allow_inf_nan=False),
    BeforeValidator(_no_bool),
    AfterValidator(_to_scale_4),
    DecimalColumn(13, 4),
]
Quantity = Annotated[
    Decimal,
    Field(ge=0, lt=1_000_000, decimal_places=4, allow_inf_nan=False),
    BeforeValidator(_no_bool),
    AfterValidator(_to_scale_4),
    DecimalColumn(10, 4),
]
Percent = Annotated[
    Decimal,
    Field(gt=-1_000_000_000, lt=1_000_000_000, allow_inf_nan=False),
    BeforeValidator(_no_bool),
    AfterValidator(_to_scale_4),
    DecimalColumn(14, 4),
]
Degrees = Annotated[
    Decimal,
    Field(ge=-180, le=180, allow_inf_nan=False),
    BeforeValidator(_no_bool),
    AfterValidator(_to_scale_6),
    DecimalColumn(9, 6),
]
Count = Annotated[int, Field(ge=0, lt=1_000_000), BeforeValidator(_no_bool)]
Day = Annotated[date, BeforeValidator(_day), AfterValidator(_in_range)]
Month = Annotated[date, BeforeValidator(_first_of_month), AfterValidator(_in_range)]
"""A calendar month, kept as its first day."""
Instant = Annotated[datetime, BeforeValidator(_instant)]
