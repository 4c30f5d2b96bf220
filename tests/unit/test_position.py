"""Positions: entry ids as one sortable integer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmodel.events.position import (
    START,
    PositionInvalid,
    PositionTooLarge,
    format_position,
    parse_position,
    position_milliseconds,
)

LAST_MILLISECOND, LAST_SEQUENCE = 2**42 - 1, 2**21 - 1
ENTRY_IDS = st.tuples(st.integers(0, LAST_MILLISECOND), st.integers(0, LAST_SEQUENCE))


@given(ENTRY_IDS)
def test_an_entry_id_comes_back(entry_id: tuple[int, int]) -> None:
    """Packed and unpacked it is the same, with its time."""
    text = "{}-{}".format(*entry_id)

    position = parse_position(text)

    assert (format_position(position), position_milliseconds(position)) == (text, entry_id[0])


@given(ENTRY_IDS, ENTRY_IDS)
def test_positions_are_in_order_of_their_ids(one: tuple[int, int], other: tuple[int, int]) -> None:
    """Integers compare as Redis compares the two numbers of an id."""
    positions = [parse_position("{}-{}".format(*entry_id)) for entry_id in (one, other)]

    assert (positions[0] < positions[1]) == (one < other)


def test_the_largest_position_is_a_bigint() -> None:
    """63 bits, so that every store has it as a signed integer; the smallest stands before every entry."""
    assert parse_position(f"{LAST_MILLISECOND}-{LAST_SEQUENCE}") == 2**63 - 1
    assert parse_position("0-1") > START == parse_position("0-0")


def test_the_sequence_may_be_left_out() -> None:
    """As Redis lets it."""
    assert parse_position("1709294400000") == parse_position("1709294400000-0")


@pytest.mark.parametrize("text", [f"{LAST_MILLISECOND + 1}-0", f"0-{LAST_SEQUENCE + 1}", f"{2**64 - 1}-{2**64 - 1}"])
def test_an_id_beyond_what_can_be_ordered(text: str) -> None:
    """Redis allows 64 bits for either number; the error names the id and what to do."""
    with pytest.raises(PositionTooLarge) as caught:
        parse_position(text)

    assert str(caught.value) == (
        f"The entry id {text} lies beyond what this service can order (42 bits of milliseconds, 21 of sequence); "
        "publish with `XADD ... *` and let the server choose the id."
    )


@pytest.mark.parametrize(
    "text", ["", "-", "-1", "1-", "1-2-3", "1.5-0", "+1-0", " 1-0", "1-0\n", "٣-0", "²-0", "0x1-0", "$", "now"]
)
def test_what_is_no_position(text: str) -> None:
    """The error names the text, and says what one looks like."""
    with pytest.raises(PositionInvalid) as caught:
        parse_position(text)

    assert str(caught.value) == f"{text!r} is not a position; write MILLISECONDS-SEQUENCE, such as 1763690000000-0."


def test_a_position_of_thousands_of_digits_is_none() -> None:
    """Clients send positions in headers; Python's own limit on digits must not be what answers them."""
    with pytest.raises(PositionInvalid) as caught:
        parse_position("1" * 5_000)

    assert caught.value.values == {"text": "1" * 80}
