"""Why a row is what it is: the events that touch it, and what was put aside that might have."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from readmodel.engine.auditing.audit import telling
from readmodel.engine.auditing.bench import Bench, Build, working
from readmodel.engine.auditing.lineage import Touch, events_read, touching
from readmodel.engine.auditing.row_key import RowWanted, rows_wanted
from readmodel.engine.builds.comparison import Json, as_json
from readmodel.engine.folding.letters import DISCARDED, OPEN
from readmodel.engine.plan import Plan
from readmodel.engine.vector import format_vector
from readmodel.events.event import Event
from readmodel.events.position import format_position
from readmodel.stores.copying import Letter, Moment

ROWS_SHOWN = 20
EVENTS_SHOWN = 200
"""Besides those that decide; of a row that more events touch, the newest are shown."""


@dataclass(frozen=True, slots=True)
class Found:
    """A key that was meant, and its row, None where events speak of the key and no row has it."""

    wanted: RowWanted
    key: dict[str, Json]
    row: dict[str, Json] | None

    def as_json(self) -> dict[str, Json]:
        """As an answer shows it."""
        return {"table": self.wanted.table.table.name, "key": self.key, "row": self.row}


@dataclass(slots=True)
class Explanation:
    """The rows that were meant; where that is only one also its events, and the letters that mention its key."""

    build: Build
    rows: list[Found] = field(default_factory=list)
    events: list[Touch] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)

    def as_json(self) -> dict[str, Json]:
        """As an answer shows it. `events_in_all` counts also those that are not shown."""
        return {
            "projection": self.build.plan.name,
            "store": str(self.build.plan.store),
            "version": self.build.version.version,
            "build": self.build.version.build,
            "position": format_vector(self.build.vector),
            "rows": [found.as_json() for found in self.rows[:ROWS_SHOWN]],
            "more_rows": len(self.rows) > ROWS_SHOWN,
            "events": [touch.as_json() for touch in telling(self.events, EVENTS_SHOWN)],
            "events_in_all": len(self.events),
            "letters": [_letter(letter) for letter in self.letters],
        }


class Explainer:
    """Explains rows of some projections."""

    def __init__(self, plans: Sequence[Plan], bench: Bench) -> None:
        self._plans = plans
        self._bench = bench

    async def explain(self, name: str, key: Sequence[str]) -> Explanation:
        """The row that a name and a key mean, and its events; where they mean several rows, only those.

        TableUnknown and KeyInvalid say what may be asked; NothingLive, StoreUnavailable, HistoryUnavailable and
        HistoryGap why it cannot be answered.
        """
        wanted = rows_wanted(self._plans, name, key)
        plan, letters = wanted[0].plan, list[Letter]()

        def copy(moment: Moment, build: Build, into: duckdb.DuckDBPyConnection) -> None:
            shapes = {shape.name: shape for shape in plan.shapes()}
            for each in wanted:
                moment.copy(build.version, shapes[each.table.table.name], into, _stored(each), each.values)
            letters.extend(letter for letter in moment.letters(build.version) if _mentioned(letter, wanted))

        async with self._bench.database() as database:
            build = await self._bench.copied(plan, database, copy)
            events = _events(plan, wanted)
            async with self._bench.attached(database, events, build.vector, build.left_out):
                return await working(database, lambda: _explained(database, build, wanted, letters))


def _explained(
    database: duckdb.DuckDBPyConnection, build: Build, wanted: Sequence[RowWanted], letters: list[Letter]
) -> Explanation:
    found = _preferred([each for table in wanted for each in _found(database, table)])
    if len(found) != 1:
        return Explanation(build, found)
    return Explanation(build, found, _touching(database, found[0]), letters)


def _events(plan: Plan, wanted: Sequence[RowWanted]) -> list[type[Event]]:
    """The event types that may touch what is wanted."""
    found = {event for each in wanted for event in events_read(plan, each.table)}
    found |= {erasure.event for each in wanted if (erasure := plan.erasure_in(each.table))}
    return [event for event in plan.events if event in found]


def _found(database: duckdb.DuckDBPyConnection, wanted: RowWanted) -> list[Found]:
    """The keys meant that a row has or that facts speak of, in order, one more than is shown."""
    table, values = wanted.table, wanted.values
    kinds = {column.name: column.duckdb for column in table.columns}
    key, columns = ", ".join(table.table.key), ", ".join(table.column_names)
    meant = " AND ".join(f"{column} = CAST(${column} AS {kinds[column]})" for column in values)
    known = f"SELECT {key} FROM {_stored(wanted)} UNION SELECT {key} FROM ({table.facts}) AS facts WHERE {meant}"
    is_there = "SELECT *, TRUE AS is_there FROM " + _stored(wanted)
    rows = database.execute(
        f"SELECT coalesce(is_there, FALSE), {columns} FROM ({known}) AS known LEFT JOIN ({is_there}) AS stored"
        f" USING ({key}) ORDER BY {key} LIMIT {ROWS_SHOWN + 1}",
        dict(values),
    ).fetchall()
    return [_shown(wanted, is_there, row) for is_there, *row in rows]


def _shown(wanted: RowWanted, is_there: bool, values: Sequence[Any]) -> Found:
    row = dict(zip(wanted.table.column_names, map(as_json, values), strict=True))
    key = {name: row[name] for name in wanted.table.table.key}
    return Found(wanted, key, row if is_there else None)


def _preferred(found: list[Found]) -> list[Found]:
    """Of several tables' rows the one whose whole key was given."""
    whole = [each for each in found if each.wanted.is_whole]
    return whole if len(whole) == 1 else found


def _touching(database: duckdb.DuckDBPyConnection, found: Found) -> list[Touch]:
    (events,) = touching(database, found.wanted.plan, found.wanted.table, [tuple(found.key.values())])
    return events


def _mentioned(letter: Letter, wanted: Sequence[RowWanted]) -> bool:
    """Whether the bytes of an event have all the values that were asked for."""
    raw = letter.raw.lower()
    return any(all(value.lower().encode() in raw for value in each.values.values()) for each in wanted)


def _stored(wanted: RowWanted) -> str:
    return f"stored_{wanted.table.table.name}"


def _letter(letter: Letter) -> dict[str, Json]:
    return {
        "stream": letter.stream,
        "position": format_position(letter.position),
        "state": DISCARDED if letter.is_discarded else OPEN,
        "type": letter.event_type,
        "error": letter.error,
    }
