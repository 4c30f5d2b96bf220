"""An event type as a relation: its columns in Arrow, Postgres and DuckDB, derived from the model alone.

`cartsnitch.prices.updated` is the relation `prices_updated`. In front stand the envelope's columns `position`,
`event_id`, `occurred_at` and `source`. A list of models, such as a receipt's items, is a relation of its own,
`receipts_ingested_items`, with the parent's `position` and the item's `line_no` (from 1) in front.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pyarrow as pa
from pydantic.fields import FieldInfo

from readmodel.errors import ReadModelError
from readmodel.events.event import PREFIX, Contract, Event
from readmodel.events.fields import DecimalColumn, UuidColumn


class FieldNotStorable(ReadModelError):
    """{model}.{field} has the type {annotation}, and readmodel/engine/relation.py knows no column type for it."""


@dataclass(frozen=True, slots=True)
class ColumnType:
    """One type in the three systems. UUIDs and lists travel as Arrow strings and become themselves in the stores."""

    arrow: pa.DataType
    duckdb: str
    postgres: str


# Texts sort by code point in both stores, whatever the database's locale.
TEXT = ColumnType(pa.string(), "VARCHAR", 'text COLLATE "C"')
TEXTS = ColumnType(pa.list_(pa.string()), "VARCHAR[]", "text[]")
UUID = ColumnType(pa.string(), "UUID", "uuid")
INTEGER = ColumnType(pa.int64(), "BIGINT", "bigint")
BOOLEAN = ColumnType(pa.bool_(), "BOOLEAN", "boolean")
DAY = ColumnType(pa.date32(), "DATE", "date")
INSTANT = ColumnType(pa.timestamp("us", "UTC"), "TIMESTAMP WITH TIME ZONE", "timestamptz")

_PLAIN = {str: TEXT, int: INTEGER, bool: BOOLEAN, date: DAY, datetime: INSTANT}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a relation: its name and type."""

    name: str
    type: ColumnType


@dataclass(frozen=True, slots=True)
class Relation:
    """The shape of one relation, and whether it is a list inside an event (then `child_of` names the field)."""

    name: str
    model: type[Event]
    columns: tuple[Column, ...]
    child_of: str | None = None

    @property
    def arrow_schema(self) -> pa.Schema:
        return pa.schema([(column.name, column.type.arrow) for column in self.columns])

    def table(self, events: Iterable[tuple[int, Event]]) -> pa.Table:
        """The events, each with its position, as an Arrow table of this relation."""
        rows = self._items(events) if self.child_of else self._events(events)
        columns = list(zip(*rows, strict=True)) or [()] * len(self.columns)
        arrays = [pa.array(values, column.type.arrow) for values, column in zip(columns, self.columns, strict=True)]
        return pa.Table.from_arrays(arrays, schema=self.arrow_schema)

    def _events(self, events: Iterable[tuple[int, Event]]) -> Iterator[tuple[Any, ...]]:
        plain, presence = _own_fields(self.model), _presence_fields(self.model)
        for position, event in events:
            values = event.__dict__
            sent = event.model_fields_set
            yield (position, *[values[name] for name in plain], *[name in sent for name in presence])

    def _items(self, events: Iterable[tuple[int, Event]]) -> Iterator[tuple[Any, ...]]:
        assert self.child_of
        names = [column.name for column in self.columns[2:]]
        for position, event in events:
            for line_no, item in enumerate(getattr(event, self.child_of), start=1):
                yield (position, line_no, *[item.__dict__[name] for name in names])


@cache
def relations_of(model: type[Event]) -> tuple[Relation, ...]:
    """The relation of an event type, and after it those of the lists inside it."""
    name = model.type.removeprefix(PREFIX).replace(".", "_")
    own = (
        Column("position", INTEGER),
        *(Column(field, _type_of(model, field)) for field in _own_fields(model)),
        *(Column(f"has_{field}", BOOLEAN) for field in _presence_fields(model)),
    )
    return (
        Relation(name, model, own),
        *(_child_relation(name, model, field) for field in _list_fields(model)),
    )


def _child_relation(parent: str, model: type[Event], field: str) -> Relation:
    item = _item_model(model.model_fields[field])
    assert item is not None
    columns = (Column(name, _type_of(item, name)) for name in item.model_fields)
    front = (Column("position", INTEGER), Column("line_no", INTEGER))
    return Relation(f"{parent}_{field}", model, (*front, *columns), child_of=field)


def _list_fields(model: type[Event]) -> list[str]:
    return [name for name, field in model.model_fields.items() if _item_model(field)]


@cache
def _own_fields(model: type[Event]) -> tuple[str, ...]:
    return tuple(name for name, field in model.model_fields.items() if not _item_model(field))


@cache
def _presence_fields(model: type[Event]) -> tuple[str, ...]:
    if not model.patch:
        return ()
    return tuple(name for name in _own_fields(model) if not model.model_fields[name].is_required())


def _item_model(field: FieldInfo) -> type[Contract] | None:
    kind, _ = _unwrap(field.annotation, field.metadata)
    item, _ = _unwrap(get_args(kind)[0], []) if get_origin(kind) is list else (None, [])
    return item if isinstance(item, type) and issubclass(item, Contract) else None


def _type_of(model: type[Contract], name: str) -> ColumnType:
    field = model.model_fields[name]
    kind, marks = _unwrap(field.annotation, field.metadata)
    if any(isinstance(mark, UuidColumn) for mark in marks):
        return UUID
    if kind is Decimal:
        return _decimal(next(mark for mark in marks if isinstance(mark, DecimalColumn)))
    if get_origin(kind) is list:
        return TEXTS
    if kind not in _PLAIN:
        raise FieldNotStorable(model=model.__name__, field=name, annotation=field.annotation)
    return _PLAIN[kind]


def _decimal(mark: DecimalColumn) -> ColumnType:
    sql = f"({mark.precision},{mark.scale})"
    return ColumnType(pa.decimal128(mark.precision, mark.scale), f"DECIMAL{sql}", f"numeric{sql}")


def _unwrap(annotation: Any, marks: list[Any]) -> tuple[Any, list[Any]]:
    """The type inside `Annotated` and `| None`, with every mark found on the way."""
    if get_origin(annotation) is Annotated:
        inner, *found = get_args(annotation)
        return _unwrap(inner, [*marks, *found])
    if get_origin(annotation) in (Union, UnionType):
        (inner,) = [arg for arg in get_args(annotation) if arg is not type(None)]
        return _unwrap(inner, marks)
    return annotation, marks
