"""Where an event stands in its stream, as one sortable integer.

A Redis entry id is `milliseconds-sequence`. It is packed into 63 bits, 42 for the milliseconds (until the year 2109)
and 21 for the sequence (two million entries in one millisecond), so that a position is a BIGINT in every store.
"""

import re
from datetime import datetime

from readmodel.errors import ReadModelError

_LONGEST_ID = 41  # two numbers of 64 bits and a hyphen
_SEQUENCE_BITS = 21
_LARGEST_SEQUENCE = (1 << _SEQUENCE_BITS) - 1
_LARGEST_MILLISECONDS = (1 << 42) - 1

# An id has two numbers of 64 bits. More digits are no id, and int() refuses thousands of them in its own way.
_ENTRY_ID = re.compile(r"(\d{1,20})(?:-(\d{1,20}))?", re.ASCII)

START = 0
"""The position before every entry."""


class PositionInvalid(ReadModelError):
    """{text!r} is not a position; write MILLISECONDS-SEQUENCE, such as 1763690000000-0."""


class PositionTooLarge(ReadModelError):
    """The entry id {text} lies beyond what this service can order (42 bits of milliseconds, 21 of sequence);
    publish with `XADD ... *` and let the server choose the id."""


def parse_position(text: str) -> int:
    """The position of an entry id such as `1763690000000-0`; the sequence may be left out."""
    found = _ENTRY_ID.fullmatch(text)
    if not found:
        raise PositionInvalid(text=text[:80])
    milliseconds, sequence = int(found[1]), int(found[2] or 0)
    if milliseconds > _LARGEST_MILLISECONDS or sequence > _LARGEST_SEQUENCE:
        raise PositionTooLarge(text=text)
    return milliseconds << _SEQUENCE_BITS | sequence


def format_position(position: int) -> str:
    """The entry id of a position."""
    return f"{position >> _SEQUENCE_BITS}-{position & _LARGEST_SEQUENCE}"


def position_milliseconds(position: int) -> int:
    """When the entry was added, in milliseconds since 1970, by the Redis server's clock."""
    return position >> _SEQUENCE_BITS


def last_at(moment: datetime) -> int:
    """The last position that an entry added at or before a moment can have."""
    return min(int(moment.timestamp() * 1000), _LARGEST_MILLISECONDS) << _SEQUENCE_BITS | _LARGEST_SEQUENCE
