"""The bounds of every field type: what validates can be stored."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from readmodel.events.fields import (
    Count,
    Day,
    Degrees,
    Instant,
    Key,
    Money,
    Month,
    Notes,
    OptionalKey,
    OptionalUuid,
    Percent,
    Quantity,
    ReceiptNumber,
    Text,
    Title,
    Uuid,
    canonical_uuid,
    is_uuid,
)

UUID = "0a1b2c3d-0000-4000-8000-00000000abcd"


def taken(kind: Any, value: object) -> Any:
    return TypeAdapter(kind).validate_python(value)


def refused(kind: Any, value: object) -> str:
    """Why a value is not taken."""
    with pytest.raises(ValidationError) as caught:
        taken(kind, value)
    (problem,) = caught.value.errors()
    return problem["msg"]


@pytest.mark.parametrize(
    ("kind", "longest"), [(Key, 64), (ReceiptNumber, 200), (Title, 300), (Text, 1_000), (Notes, 5_000)]
)
def test_a_text_has_a_longest_length(kind: Any, longest: int) -> None:
    """In characters, not in bytes: a text of exactly that length is taken, and one more is too much."""
    assert taken(kind, "Ä" * longest) == "Ä" * longest
    assert refused(kind, "x" * (longest + 1)) == f"String should have at most {longest} characters"


@pytest.mark.parametrize("kind", [Key, ReceiptNumber, Title, Text, Notes])
@pytest.mark.parametrize("text", ["\x00", "a\x00", "\x00b", "a\n\x00"])
def test_a_text_has_no_nul(kind: Any, text: str) -> None:
    """Postgres stores none, wherever it stands."""
    assert refused(kind, text).startswith("String should match pattern")


@pytest.mark.parametrize("kind", [Key, ReceiptNumber, Title, Text, Notes])
@pytest.mark.parametrize("value", [5, 5.0, True, b"bytes", ["a"], {}, None])
def test_a_text_is_a_text(kind: Any, value: object) -> None:
    """Nothing is turned into one."""
    assert refused(kind, value) == "Input should be a valid string"


def test_a_key_is_not_empty() -> None:
    """Other texts may be."""
    assert refused(Key, "") == "String should have at least 1 character"
    assert [taken(kind, "") for kind in (ReceiptNumber, Title, Text, Notes)] == [""] * 4


@pytest.mark.parametrize("text", ["line\nbreak", "tab\t", '"quoted", \\', "\\.", "𝄞", "\x7f", " "])
def test_a_text_may_have_any_other_character(text: str) -> None:
    """What CSV or SQL might trip over is taken as it is."""
    assert taken(Title, text) == text


@pytest.mark.parametrize(("kind", "value"), [(OptionalKey, "a"), (OptionalUuid, UUID)])
def test_an_empty_text_may_mean_nothing(kind: Any, value: str) -> None:
    """Services send "" for an id that they do not have."""
    assert [taken(kind, sent) for sent in (value, "", None)] == [value, None, None]


@pytest.mark.parametrize(
    "spelling",
    [UUID, UUID.upper(), UUID.replace("-", ""), f"{{{UUID}}}", f"urn:uuid:{UUID}"],
    ids=["canonical", "upper case", "no hyphens", "braces", "urn"],
)
def test_a_uuid_in_any_spelling_is_one_uuid(spelling: str) -> None:
    """What is kept is the canonical spelling, so that equal ids compare equal."""
    assert (taken(Uuid, spelling), is_uuid(spelling)) == (UUID, True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "R-1",
        UUID[:-1],
        UUID + "0",
        UUID.replace("a", "g"),
        "0x" + "1" * 30,
        "1_" * 15 + "11",
        "+" + "1" * 31,
        " " + "1" * 31,
        "\N{FULLWIDTH DIGIT ONE}" * 32,
        "1-" * 31 + "1",
        UUID + "\n",
    ],
)
def test_what_only_resembles_a_uuid_is_none(text: str) -> None:
    """A receipt number is not taken for an id because a lenient parser could read it as a hexadecimal number."""
    assert not is_uuid(text)
    assert refused(Uuid, text) == f"Value error, {text[:64]!r} is not a UUID"


@pytest.mark.parametrize("value", [5, None, b"x" * 16, [], {}])
def test_a_uuid_is_a_text(value: object) -> None:
    """No other type is one, and asking whether it is raises nothing."""
    assert not is_uuid(value)
    assert refused(Uuid, value) == "Input should be a valid string"


@given(st.uuids())
def test_every_uuid_is_taken_as_python_spells_it(value: Any) -> None:
    """Of whatever version."""
    assert canonical_uuid(value.hex) == canonical_uuid(value.urn) == str(value)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2.49", "2.49"),
        (2.49, "2.49"),
        (2, "2"),
        ("0", "0"),
        ("0.0001", "0.0001"),
        ("1.00000", "1"),
        ("1E+2", "100"),
        ("0E+20", "0"),
        ("-0", "0"),
        ("999999999.9999", "999999999.9999"),
    ],
)
def test_money_is_exact(sent: object, kept: str) -> None:
    """Numbers and texts mean the amount that they spell, kept with four decimals."""
    amount = taken(Money, sent)

    assert (amount, amount.as_tuple().exponent) == (Decimal(kept), -4)


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ("-0.01", "Input should be greater than or equal to 0"),
        (-1, "Input should be greater than or equal to 0"),
        ("NaN", "Input should be a finite number"),
        ("sNaN", "Input should be a finite number"),
        (float("nan"), "Input should be a finite number"),
        ("Infinity", "Input should be a finite number"),
        ("-Infinity", "Input should be a finite number"),
        ("0.00001", "Decimal input should have no more than 4 decimal places"),
        (1e-5, "Decimal input should have no more than 4 decimal places"),
        ("1e9", "Input should be less than 1000000000"),
        (10**9, "Input should be less than 1000000000"),
        ("9" * 400, "Input should be less than 1000000000"),
        (True, "Value error, a number is expected, not true or false"),
        (False, "Value error, a number is expected, not true or false"),
        ("", "Input should be a valid decimal"),
        ("2,49", "Input should be a valid decimal"),
        ("$2.49", "Input should be a valid decimal"),
        (None, "Decimal input should be an integer, float, string or Decimal object"),
        ([], "Decimal input should be an integer, float, string or Decimal object"),
    ],
)
def test_what_is_no_amount_of_money(sent: object, reason: str) -> None:
    """Nothing negative, nothing infinite, no fifth decimal, less than a thousand million."""
    assert refused(Money, sent) == reason


def test_a_quantity_is_less_than_a_million() -> None:
    """With the same four decimals."""
    assert taken(Quantity, "999999.9999") == Decimal("999999.9999")
    assert refused(Quantity, "1000000") == "Input should be less than 1000000"
    assert refused(Quantity, "0.00001") == "Decimal input should have no more than 4 decimal places"
    assert refused(Quantity, True) == "Value error, a number is expected, not true or false"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (100 / 3, "33.3333"),
        ("0.00005", "0.0000"),
        ("0.00015", "0.0002"),
        ("0.000251", "0.0003"),
        ("-12.34567", "-12.3457"),
        ("999999999.99994", "999999999.9999"),
        ("1." + "1" * 500, "1.1111"),
        ("0E+20", "0"),
    ],
)
def test_a_percentage_is_rounded_half_to_even(sent: object, kept: str) -> None:
    """Publishers divide floats, so more than four decimals are rounded rather than refused."""
    assert taken(Percent, sent) == Decimal(kept)


@pytest.mark.parametrize("sent", ["1e9", "-1e9", "NaN", "Infinity", True, "ten"])
def test_what_is_no_percentage(sent: object) -> None:
    """The bounds of its column hold before it is rounded."""
    assert refused(Percent, sent)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [(-180, "-180"), ("180", "180"), (39.75894123456789, "39.758941"), ("0.0000005", "0"), ("-0.0000015", "-0.000002")],
)
def test_degrees_are_rounded_to_a_millionth(sent: object, kept: str) -> None:
    """Maps give fifteen digits; half to even, as percentages."""
    assert taken(Degrees, sent) == Decimal(kept)


@pytest.mark.parametrize("sent", [180.0000001, "-180.1", "NaN", "Infinity", True, "east", None])
def test_what_is_no_degree(sent: object) -> None:
    """There is no way farther round, and no rounding back into the bounds."""
    assert refused(Degrees, sent)


DIGITS = st.text("0123456789", min_size=1, max_size=25)


@given(
    kind=st.sampled_from([(Money, 13, 4), (Quantity, 10, 4), (Percent, 14, 4), (Degrees, 9, 6)]),
    sent=st.one_of(
        st.floats(),
        st.integers(),
        st.decimals(),
        st.builds(
            "{}{}.{}E{}".format,
            st.sampled_from(["", "-", "+"]),
            DIGITS,
            DIGITS,
            st.integers(-30, 30),
        ),
    ),
)
def test_every_number_that_is_taken_fits_its_column(kind: tuple[Any, int, int], sent: object) -> None:
    """However it is spelled: were there one that does not fit, it would stop a projection."""
    number, precision, scale = kind
    try:
        value = taken(number, sent)
    except ValidationError:
        return

    assert pa.array([value], pa.decimal128(precision, scale)).to_pylist() == [value]


@pytest.mark.parametrize("sent", [-1, 1_000_000, 1.5, True, "many", None, float("nan"), float("inf")])
def test_what_is_no_count(sent: object) -> None:
    """A count is a whole number from 0 to 999,999."""
    assert refused(Count, sent)
    assert (taken(Count, 0), taken(Count, 999_999)) == (0, 999_999)


@pytest.mark.parametrize(
    "sent",
    [
        "2024-02-29",
        "20240229",
        "2024-02-29T00:00:00",
        "2024-02-29T23:59:59.999999Z",
        "2024-02-29T23:59:59-05:00",
        date(2024, 2, 29),
        datetime(2024, 2, 29, 12, tzinfo=UTC),
    ],
)
def test_a_day_is_the_date_that_is_written(sent: object) -> None:
    """An ISO date; of a date with a time, the day that it has where it was written."""
    assert taken(Day, sent) == date(2024, 2, 29)


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ("1969-12-31", "Value error, 1969-12-31 lies outside 1970-01-01 to 2100-12-31"),
        ("2101-01-01", "Value error, 2101-01-01 lies outside 1970-01-01 to 2100-12-31"),
        (0, "Value error, a date is text in the form YYYY-MM-DD"),
        (1709208000, "Value error, a date is text in the form YYYY-MM-DD"),
        (True, "Value error, a date is text in the form YYYY-MM-DD"),
        (None, "Value error, a date is text in the form YYYY-MM-DD"),
        ("2023-02-29", "Value error, day is out of range for month"),
        ("29.02.2024", "Value error, Invalid isoformat string: '29.02.2024'"),
        ("", "Value error, Invalid isoformat string: ''"),
        ("yesterday", "Value error, Invalid isoformat string: 'yesterday'"),
    ],
)
def test_what_is_no_day(sent: object, reason: str) -> None:
    """No number, nothing before 1970 or after 2100, no day that the calendar does not have."""
    # Python has begun to say which days the month has; the beginning is the same.
    assert refused(Day, sent)[:40] == reason[:40]


def test_the_first_and_the_last_day_are_days() -> None:
    """1970 and 2100 are whole years."""
    assert (taken(Day, "1970-01-01"), taken(Day, "2100-12-31")) == (date(1970, 1, 1), date(2100, 12, 31))


def test_a_month_is_kept_as_its_first_day() -> None:
    """From January 1970 to December 2100."""
    sent = ["1970-01", "2024-02", "2100-12"]

    assert [taken(Month, month) for month in sent] == [date(1970, 1, 1), date(2024, 2, 1), date(2100, 12, 1)]


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ("2024-2", "Value error, a month is text in the form YYYY-MM"),
        ("2024-02-01", "Value error, a month is text in the form YYYY-MM"),
        ("202402", "Value error, a month is text in the form YYYY-MM"),
        ("2024-M02", "Value error, a month is text in the form YYYY-MM"),
        ("2024-02\n", "Value error, a month is text in the form YYYY-MM"),
        ("\N{FULLWIDTH DIGIT TWO}024-02", "Value error, a month is text in the form YYYY-MM"),
        (202402, "Value error, a month is text in the form YYYY-MM"),
        (date(2024, 2, 1), "Value error, a month is text in the form YYYY-MM"),
        (None, "Value error, a month is text in the form YYYY-MM"),
        ("2024-13", "Value error, month must be in 1..12"),
        ("1969-12", "Value error, 1969-12-01 lies outside 1970-01-01 to 2100-12-31"),
        ("2101-01", "Value error, 2101-01-01 lies outside 1970-01-01 to 2100-12-31"),
    ],
)
def test_what_is_no_month(sent: object, reason: str) -> None:
    """Neither a day nor a month written in another way, which somebody might mean otherwise."""
    assert refused(Month, sent)[:40] == reason[:40]


@pytest.fixture
def in_new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose clock is set to another zone."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "EST5EDT")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_new_york")
@pytest.mark.parametrize(
    "sent",
    [
        "2024-03-01T12:00:00",
        "2024-03-01T12:00:00Z",
        "2024-03-01T07:00:00-05:00",
        "2024-03-01 12:00",
        datetime(2024, 3, 1, 12),  # noqa: DTZ001 - what is tested
        datetime(2024, 3, 1, 13, tzinfo=timezone(timedelta(hours=1))),
    ],
)
def test_an_instant_is_kept_in_utc(sent: object) -> None:
    """A time without a zone is in UTC wherever the service runs; one with another zone is the same instant in UTC."""
    instant = taken(Instant, sent)

    assert (instant, instant.tzinfo) == (datetime(2024, 3, 1, 12, tzinfo=UTC), UTC)


@pytest.mark.parametrize(
    "sent", [1709208000, 1709208000.5, True, None, [], "noon", "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00"]
)
def test_what_is_no_instant(sent: object) -> None:
    """Not a number of seconds, nor a time that no store could hold."""
    assert refused(Instant, sent)
