"""Which events touch a row, and which of them decide what it is.

There is no list of keys beside a definition: the keys that an event touches are those of the facts it states. Every
fact carries the position of its event in some BIGINT column (`position`, `saved_at`, with a minus sign where the oldest
counts), so the facts with a key lead back to their events. They are asked for by one event type at a time, because
events of two streams may stand at the same position.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb

from readmodel.engine.builds.comparison import Json, as_json
from readmodel.engine.plan import Plan, PlannedTable
from readmodel.engine.projection import Group
from readmodel.engine.relation import relations_of
from readmodel.events.event import Event, stream_of
from readmodel.events.position import format_position

Key = tuple[Any, ...]
"""The values of a table's key, in order; anything that casts to the columns' types."""
Facts = list[dict[str, Any]]

WANTED = "wanted_keys"


@dataclass(slots=True)
class Touch:
    """An event that touches a row: what it `sets` there, and which columns of it `decides`.

    One that `erases` has no say in the values: the row is gone.
    """

    event: type[Event]
    position: int
    event_id: str
    occurred_at: datetime
    source: str
    sets: dict[str, Json] = field(default_factory=dict)
    decides: list[str] = field(default_factory=list)
    erases: bool = False

    @property
    def is_deciding(self) -> bool:
        """Whether the row is what it is because of this event."""
        return self.erases or bool(self.decides)

    def as_json(self) -> dict[str, Json]:
        """As an answer shows it."""
        return {
            "stream": stream_of(self.event.type),
            "position": format_position(self.position),
            "time": as_json(self.occurred_at),
            "type": self.event.type,
            "id": self.event_id,
            "source": self.source,
            "deciding": self.is_deciding,
            "decides": self.decides,
            "erases": self.erases,
            "sets": self.sets,
        }


def touching(
    connection: duckdb.DuckDBPyConnection, plan: Plan, table: PlannedTable, keys: Sequence[Key]
) -> list[list[Touch]]:
    """For each key the events that touch its row, oldest first.

    The relations that the plan reads must be attached to the connection, as far as they are to be looked at.
    """
    _want(connection, table, keys)
    touches: list[list[Touch]] = [[] for _ in keys]
    stated: list[list[tuple[Touch, dict[str, Any]]]] = [[] for _ in keys]
    for event in events_read(plan, table):
        for touch, facts in _stated(connection, plan, table, event):
            nth = facts[0]["nth_key"]
            touches[nth].append(touch)
            stated[nth] += [(touch, fact) for fact in facts]
    for nth, touch in _erasing(connection, plan, table):
        touches[nth].append(touch)
    for nth, of_row in enumerate(touches):
        _decide(table, stated[nth], is_erased=any(touch.erases for touch in of_row))
        of_row.sort(key=lambda touch: (touch.position, touch.event.type))
    return touches


def events_read(plan: Plan, table: PlannedTable) -> list[type[Event]]:
    """The event types that a table's facts are stated by."""

    def is_read(event: type[Event]) -> bool:
        return any(re.search(rf"\b{relation.name}\b", table.facts) for relation in relations_of(event))

    return [event for event in plan.events if is_read(event)]


def facts_of(plan: Plan, table: PlannedTable, event: type[Event]) -> str:
    """The facts that events of one type state, as a query."""
    others = [r for other in events_read(plan, table) if other is not event for r in relations_of(other)]
    hidden = ", ".join(f"{r.name} AS (SELECT * FROM temp.main.{r.name} WHERE FALSE)" for r in others)
    return f"{f'WITH {hidden} ' if hidden else ''}SELECT * FROM ({table.facts}) AS stated"


def positions_in(table: PlannedTable, fact: Mapping[str, Any]) -> set[int]:
    """Every number in a fact that may be the position of its event."""
    numbers = (fact[column.name] for column in table.columns if column.duckdb == "BIGINT")
    return {abs(number) for number in numbers if number is not None}


def _want(connection: duckdb.DuckDBPyConnection, table: PlannedTable, keys: Sequence[Key]) -> None:
    columns = "".join(f", {column.name} {column.duckdb}" for column in _key_columns(table))
    connection.execute(f"CREATE OR REPLACE TEMPORARY TABLE {WANTED} (nth_key BIGINT{columns})")
    if keys:
        marks = ", ".join("?" * (len(table.table.key) + 1))
        connection.executemany(f"INSERT INTO {WANTED} VALUES ({marks})", [[n, *key] for n, key in enumerate(keys)])


def _stated(
    connection: duckdb.DuckDBPyConnection, plan: Plan, table: PlannedTable, event: type[Event]
) -> Iterator[tuple[Touch, Facts]]:
    """The events of one type that state something of the wanted keys, and what: once for every key."""
    key = ", ".join(table.table.key)
    facts = _fetched(connection, f"SELECT * FROM ({facts_of(plan, table, event)}) AS facts JOIN {WANTED} USING ({key})")
    by_position: dict[int, dict[int, Facts]] = {}
    for fact in facts:
        for position in positions_in(table, fact):
            by_position.setdefault(position, {}).setdefault(fact["nth_key"], []).append(fact)
    for touch in _touches(connection, event, "position IN (SELECT unnest($positions))", positions=list(by_position)):
        for facts_of_key in by_position[touch.position].values():
            yield _copy(touch), facts_of_key


def _erasing(connection: duckdb.DuckDBPyConnection, plan: Plan, table: PlannedTable) -> Iterator[tuple[int, Touch]]:
    if not (erasure := plan.erasure_in(table)):
        return
    for nth, value in connection.execute(f"SELECT nth_key, {erasure.column} FROM {WANTED}").fetchall():
        for touch in _touches(connection, erasure.event, f"{erasure.column} = $value", value=value):
            touch.erases = True
            yield nth, touch


def _touches(connection: duckdb.DuckDBPyConnection, event: type[Event], where: str, **parameters: Any) -> list[Touch]:
    columns = "position, event_id, occurred_at, source"
    query = f"SELECT {columns} FROM {relations_of(event)[0].name} WHERE {where}"
    return [Touch(event, *row) for row in connection.execute(query, parameters).fetchall()]


def _decide(table: PlannedTable, stated: Sequence[tuple[Touch, dict[str, Any]]], *, is_erased: bool) -> None:
    """Note what each fact says, and for every group of columns which fact holds, by the rule that the fold goes by."""
    for group in _groups(table):
        speaking = [(touch, fact) for touch, fact in stated if fact[group.newest_by[0]] is not None]
        speaking.sort(key=lambda pair: [(pair[1][name] is not None, pair[1][name]) for name in group.newest_by])
        columns = dict.fromkeys((*group.columns, *group.newest_by))
        for touch, fact in speaking:
            touch.sets |= {name: as_json(fact[name]) for name in columns}
        if speaking and not is_erased:
            speaking[-1][0].decides += columns


def _groups(table: PlannedTable) -> Sequence[Group]:
    """The columns that are set together; in a table without groups that is all of them."""
    others = tuple(name for name in table.column_names if name not in table.table.key)
    return table.table.groups or (Group(table.table.newest_by, others),)


def _key_columns(table: PlannedTable) -> Iterator[Any]:
    by_name = {column.name: column for column in table.columns}
    return (by_name[name] for name in table.table.key)


def _copy(touch: Touch) -> Touch:
    return Touch(touch.event, touch.position, touch.event_id, touch.occurred_at, touch.source)


def _fetched(connection: duckdb.DuckDBPyConnection, query: str) -> Facts:
    found = connection.execute(query)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
