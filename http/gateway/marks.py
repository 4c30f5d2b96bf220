"""Marks in addresses: where a part of a list ended, as a text that clients pass back as they got it."""

import base64
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from readmodel.engine.paging import Mark

LONGEST = 2_000

# Each kind of value by its letter. A datetime is a date, too, and a bool an int: the first that fits.
_KINDS: dict[str, tuple[type, Callable[[str], Any]]] = {
    "b": (bool, "True".__eq__),
    "i": (int, int),
    "f": (float, float),
    "n": (Decimal, Decimal),
    "t": (datetime, datetime.fromisoformat),
    "d": (date, date.fromisoformat),
    "u": (UUID, UUID),
    "s": (str, str),
}


def mark_text(mark: Mark) -> str:
    """A mark as a text that needs no quoting in an address."""
    return base64.urlsafe_b64encode(orjson.dumps([_written(value) for value in mark])).rstrip(b"=").decode()


def parse_mark(text: str) -> Mark:
    """The mark that a text stands for; ValueError where it is none of `mark_text`."""
    try:
        values = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return tuple(_read(value) for value in values)
    except (ValueError, TypeError, KeyError, IndexError, ArithmeticError):
        raise ValueError("this is not the end of a part of this list; begin with its first part") from None


def _written(value: Any) -> str | None:
    if value is None:
        return None
    letter = next(letter for letter, (kind, _) in _KINDS.items() if isinstance(value, kind))
    return letter + (value.isoformat() if isinstance(value, date) else str(value))


def _read(value: str | None) -> Any:
    return None if value is None else _KINDS[value[0]][1](value[1:])
