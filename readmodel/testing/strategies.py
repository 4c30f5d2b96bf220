"""Hypothesis strategies for events, made from the contracts alone, with few ids so that events meet each other."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

import pyarrow as pa
from hypothesis import strategies as st

from readmodel.engine.relation import BOOLEAN, DAY, INSTANT, INTEGER, TEXT, TEXTS, UUID, Column, relations_of
from readmodel.events.event import Event
from readmodel.testing.delivery import Positioned

T = TypeVar("T")

_UUIDS = [f"00000000-0000-4000-8000-00000000000{digit}" for digit in "123"]
_TEXTS = ["", "a", "Ä", 'x"\\,\n', *_UUIDS[:1]]
_BY_TYPE: dict[str, st.SearchStrategy[Any]] = {
    UUID.duckdb: st.sampled_from(_UUIDS),
    TEXT.duckdb: st.sampled_from(_TEXTS),
    TEXTS.duckdb: st.lists(st.sampled_from(_TEXTS), max_size=2),
    INTEGER.duckdb: st.integers(0, 3),
    BOOLEAN.duckdb: st.booleans(),
    DAY.duckdb: st.sampled_from([date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1)]),
    INSTANT.duckdb: st.sampled_from(
        [datetime(2024, 2, 29, 23, 59, 59, 999_999, UTC), datetime(2024, 3, 1, tzinfo=UTC)]
    ),
}
_LARGEST = Decimal(10**9)
"""What every number in a contract is below."""


def events_of(types: Sequence[type[Event]], max_size: int = 12) -> st.SearchStrategy[list[Positioned]]:
    """Lists of events of these types, each at a position of its own, in order of position."""
    events = st.lists(st.one_of([_event(event) for event in types]), max_size=max_size)
    return events.map(lambda made: [(position << 21, event) for position, event in enumerate(made, start=1)])


def splits(events: Sequence[T]) -> st.SearchStrategy[list[list[T]]]:
    """The events in any order, cut into batches anywhere, some of them delivered again."""
    again = st.lists(st.sampled_from(events), max_size=4) if events else st.just([])
    delivered = st.tuples(st.permutations(events), again).map(lambda parts: [*parts[0], *parts[1]])
    return delivered.flatmap(_cuts)


def _cuts(delivered: list[T]) -> st.SearchStrategy[list[list[T]]]:
    marks = st.lists(st.booleans(), min_size=len(delivered), max_size=len(delivered))
    return marks.map(lambda cut_before: _cut(delivered, cut_before))


def _cut(delivered: list[T], cut_before: list[bool]) -> list[list[T]]:
    batches: list[list[T]] = [[]]
    for event, cut in zip(delivered, cut_before, strict=True):
        if cut and batches[-1]:
            batches.append([])
        batches[-1].append(event)
    return batches


@st.composite
def _event(draw: st.DrawFn, model: type[Event]) -> Event:
    own, *lists = relations_of(model)
    names = {column.name for column in own.columns}
    values: dict[str, Any] = {}
    for column in own.columns:
        if column.name not in model.model_fields:
            continue
        if f"has_{column.name}" in names and draw(st.booleans()):
            continue
        values[column.name] = draw(_value(model, column))
    for child in lists:
        assert child.child_of
        item = st.builds(_item, st.fixed_dictionaries({c.name: _item_value(c) for c in child.columns[2:]}))
        values[child.child_of] = draw(st.lists(item, max_size=2))
    # Constructed rather than validated: every combination of stored values, also such as no payload leads to today.
    sent = {name for name in values if name in model.model_fields}
    absent: dict[str, Any] = {name: None for name in model.model_fields if name not in values}
    return model.model_construct(_fields_set=sent, **(values | absent))


def _value(model: type[Event], column: Column) -> st.SearchStrategy[Any]:
    required = model.model_fields[column.name].is_required()
    return _of_type(column) if required else st.none() | _of_type(column)


def _item_value(column: Column) -> st.SearchStrategy[Any]:
    return st.none() | _of_type(column)


def _of_type(column: Column) -> st.SearchStrategy[Any]:
    known = _BY_TYPE.get(column.type.duckdb)
    return _decimals(column.type.arrow) if known is None else known


def _decimals(kind: pa.Decimal128Type) -> st.SearchStrategy[Decimal]:
    step = Decimal(1).scaleb(-kind.scale)
    largest = min(Decimal(10 ** (kind.precision - kind.scale)), _LARGEST) - step
    return st.sampled_from([Decimal(0), step, Decimal("1.5"), largest])


class _Item:
    """A list's item: all that a relation asks of one is its attributes."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)


def _item(values: dict[str, Any]) -> _Item:
    return _Item(values)
