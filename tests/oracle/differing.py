"""Two answers side by side: where they first differ, in words."""

from itertools import zip_longest
from typing import Any

IN_ORDER = ("by_store", "by_category", "by_period")
"""Objects whose members' order means something."""

_NOTHING = object()
_NAMES = ("id", "product_id", "month", "date", "store_slug")


def difference(found: Any, expected: Any, path: str = "") -> str | None:
    """The first place where two JSON values differ; None where they are equal."""
    if isinstance(found, dict) and isinstance(expected, dict):
        return _of_objects(found, expected, path)
    if isinstance(found, list) and isinstance(expected, list):
        return _of_lists(found, expected, path)
    if isinstance(found, bool) is isinstance(expected, bool) and expected == found:
        return None
    return f"{path or 'the body'} is {_shown(found)} instead of {_shown(expected)}"


def _of_objects(found: dict[str, Any], expected: dict[str, Any], path: str) -> str | None:
    for name in [*expected, *(name for name in found if name not in expected)]:
        if differs := difference(found.get(name, _NOTHING), expected.get(name, _NOTHING), f"{path}.{name}"):
            return differs
    if path.endswith(IN_ORDER) and list(found) != list(expected):
        return f"{path} is in order {list(found)} instead of {list(expected)}"
    return None


def _of_lists(found: list[Any], expected: list[Any], path: str) -> str | None:
    """The first item that differs: in part where both tell of one thing, else as a whole."""
    for number, (item, wanted) in enumerate(zip_longest(found, expected, fillvalue=_NOTHING)):
        if differs := difference(item, wanted, f"{path}[{number}]"):
            if _name(item) == _name(wanted) != {}:
                return f"{differs}, of {_name(wanted)}"
            return f"{path}[{number}] is {_shown(item)} instead of {_shown(wanted)}"
    return None


def _name(item: Any) -> dict[str, Any]:
    return {name: item[name] for name in _NAMES if name in item} if isinstance(item, dict) else {}


def _shown(value: Any) -> str:
    return "nothing" if value is _NOTHING else repr(value)
