"""Positions in several streams at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmodel.engine.vector import format_vector, lowest, parse_vector, reaches
from readmodel.events.position import PositionInvalid, parse_position

STREAMS = st.from_regex(r"[a-z]+(\.[a-z]+)?", fullmatch=True)
VECTORS = st.dictionaries(STREAMS, st.integers(0, 2**63 - 1), max_size=4)


@given(VECTORS)
def test_a_vector_comes_back(vector: dict[str, int]) -> None:
    """Written and read it is the same."""
    assert parse_vector(format_vector(vector)) == vector


def test_a_vector_is_written_in_order_of_streams() -> None:
    """So that equal vectors are equal texts, as `ETag` and caches need them."""
    vector = {"cartsnitch.stores": parse_position("5-0"), "cartsnitch.prices": parse_position("1763690000000-2")}

    assert format_vector(vector) == "cartsnitch.prices=1763690000000-2,cartsnitch.stores=5-0"
    assert format_vector({}) == ""


def test_a_vector_is_read_with_spaces_and_empty_parts() -> None:
    """People type them; a sequence may be left out."""
    assert parse_vector(" a=1-0 ,, b=2,") == {"a": parse_position("1-0"), "b": parse_position("2-0")}
    assert parse_vector("") == parse_vector(" , ") == {}


@pytest.mark.parametrize(
    ("text", "named"), [("a", "a"), ("a=1-0,b", "b"), ("=1-0", "=1-0"), ("a=x", "x"), ("a=", ""), ("a=1=2", "1=2")]
)
def test_what_is_no_vector(text: str, named: str) -> None:
    """The error names the part that is wrong."""
    with pytest.raises(PositionInvalid) as caught:
        parse_vector(text)

    assert caught.value.values == {"text": named}


def test_an_answer_is_as_new_as_its_oldest_part() -> None:
    """The lowest of several vectors is the least advanced position of each stream that any of them reads."""
    assert lowest([{"a": 3, "b": 5}, {"a": 4}, {"a": 2, "c": 1}]) == {"a": 2, "b": 5, "c": 1}
    assert lowest([]) == {}


@pytest.mark.parametrize(
    ("wanted", "is_reached"),
    [
        ({}, True),
        ({"a": 2}, True),
        ({"a": 3}, False),
        ({"a": 2, "b": 6}, False),
        ({"a": 1, "b": 5}, True),
        ({"elsewhere": 9}, True),
    ],
)
def test_a_vector_reaches_what_is_wanted_of_its_streams(wanted: dict[str, int], is_reached: bool) -> None:
    """In all of the streams that both know; one that a projection does not read says nothing about it."""
    assert reaches({"a": 2, "b": 5}, wanted) is is_reached
