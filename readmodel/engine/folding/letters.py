"""Dead letters: the events that were put aside, seen, folded after all, or given up."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import orjson

from readmodel.engine.folding.batch import batch_of
from readmodel.engine.folding.ownership import Keeper, Owned
from readmodel.engine.plan import Plan
from readmodel.engine.projection import StoreName
from readmodel.errors import ReadModelError
from readmodel.events.envelope import Entry
from readmodel.events.position import START, format_position
from readmodel.stores.reading import Reader, Row
from readmodel.stores.sql import read_sql
from readmodel.stores.store import Quarantined

OPEN, DISCARDED = "open", "discarded"
AT_ONCE = 100
"""Letters per commit: few enough not to hold up the folds when most of them fail and have to be told apart."""
SHOWN = 100
"""Letters that an answer lists, unless more are asked for."""

_SQL = read_sql("readmodel.stores", "letters.sql").sections

Shown = dict[str, Any]
"""Something as JSON."""
Work = Callable[[Owned, str, Sequence[Row]], list[Quarantined]]
"""Does something to letters of one stream, in a thread: those that stay as they were."""
T = TypeVar("T")


class ProjectionUnknown(ReadModelError):
    """There is no projection {name!r}; there are {names}."""


class LetterMissing(ReadModelError):
    """There is no {letter}."""


class LetterAmbiguous(ReadModelError):
    """There is more than one {letter}: {names}. Name one of them."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which letters are meant; what is None does not matter. A projection is `name`, or `name@store`."""

    projection: str | None = None
    stream: str | None = None
    position: int | None = None
    event_type: str | None = None
    error: str | None = None
    state: str | None = None

    def __str__(self) -> str:
        """As a message names it."""
        position = None if self.position is None else format_position(self.position)
        details = {"of": self.projection, "in": self.stream, "at": position, "of type": self.event_type}
        named = "".join(f" {word} {value}" for word, value in details.items() if value is not None)
        error = f" whose error contains {self.error!r}" if self.error else ""
        return f"{f'{self.state} ' if self.state else ''}dead letter{named}{error}"


class Letters:
    """The dead letters of some projections, in the versions that their plans describe."""

    def __init__(
        self, plans: Sequence[Plan], readers: Mapping[StoreName, Reader], keepers: Mapping[str, Keeper]
    ) -> None:
        """`keepers` own the projections, by `name@store`."""
        self._plans = plans
        self._readers = readers
        self._keepers = keepers

    async def listed(self, selection: Selection, limit: int = SHOWN) -> Shown:
        """How many letters there are, and the first of them; ProjectionUnknown where the name is none."""
        total, letters = 0, list[Shown]()
        for plan, stream in self._streams(selection):
            wanted = max(1, limit - len(letters))  # one row at least, because a row says how many there are
            rows = await self._read(plan, stream, selection, limit=wanted)
            total += rows[0]["total"] if rows else 0
            letters += [_shown(plan, row) for row in rows[: limit - len(letters)]]
        return {"total": total, "letters": letters}

    async def whole(self, selection: Selection) -> Shown:
        """The one letter meant, with the event: as JSON, or as `text` where it is none; what `only` raises."""
        found = [
            (plan, row)
            for plan, stream in self._streams(selection)
            for row in await self._read(plan, stream, selection, limit=1, with_raw=True)
        ]
        letter = only([_shown(plan, row) for plan, row in found], selection)
        return letter | _event(found[0][1]["raw"])

    async def retry(self, selection: Selection) -> Shown:
        """Fold letters, each at its own position: how many were taken, and those that were refused again.

        Each part is one commit, so an error half way leaves only the letters it did not come to. NotOwner where
        another process keeps a projection, CursorMoved where it has just taken over, FoldBroken where the SQL does
        not run, LetterMissing where there is none.
        """
        selected, refused, letters = 0, 0, list[Shown]()
        async for plan, rows, left in self._done(selection, _refold):
            selected += len(rows)
            refused += len(left)
            letters += [_shown(plan, row) for row in _again(rows, left)][: SHOWN - len(letters)]
        return {"retried": selected - refused, "refused": refused, "letters": letters}

    async def discard(self, selection: Selection, by: str, reason: str | None = None) -> Shown:
        """Give up letters that are open; they stay, as discarded: how many. Raises what `retry` raises."""

        def give_up(owned: Owned, stream: str, rows: Sequence[Row]) -> list[Quarantined]:
            owned.committer.discard(stream, [row["position"] for row in rows], owned.epoch, by, reason)
            return []

        parts = self._done(replace(selection, state=OPEN), give_up)
        return {"discarded": sum([len(rows) async for _, rows, _ in parts])}

    async def left_out(self, plan: Plan) -> dict[str, set[int]]:
        """The positions per stream that are not part of a projection's history: its letters, open and discarded.

        A table equals its definition over all events at or below its position, less these.
        """
        found: dict[str, set[int]] = {stream: set() for stream in plan.streams}
        async with self._readers[plan.store].snapshot() as snapshot:
            named = {"projection": plan.name, "version": plan.version}
            for row in await snapshot.fetch(_SQL["left_out"], named):
                found.setdefault(row["stream"], set()).add(row["position"])
        return found

    async def _done(
        self, selection: Selection, work: Work
    ) -> AsyncIterator[tuple[Plan, Sequence[Row], list[Quarantined]]]:
        """Do something to the letters meant, part by part; LetterMissing when that were none."""
        is_none = True
        for plan, stream in self._streams(selection):
            after = START
            while await self._read(plan, stream, selection, after, limit=1):
                rows, left = await _to_its_end(self._part(plan, stream, selection, after, work))
                if not rows:
                    break  # somebody else was faster
                is_none, after = False, rows[-1]["position"]
                yield plan, rows, left
        if is_none and selection not in (Selection(), Selection(state=OPEN)):
            raise LetterMissing(letter=selection)

    async def _part(
        self, plan: Plan, stream: str, selection: Selection, after: int, work: Work
    ) -> tuple[Sequence[Row], list[Quarantined]]:
        async with self._keepers[plan.key].between_folds() as owned:
            # Read here, where nobody else does anything to them.
            rows = await self._read(plan, stream, selection, after, limit=AT_ONCE, with_raw=True)
            return rows, await asyncio.to_thread(work, owned, stream, rows) if rows else []

    def _streams(self, selection: Selection) -> Iterator[tuple[Plan, str]]:
        name = selection.projection
        plans = [plan for plan in self._plans if name in (None, plan.name, plan.key)]
        if not plans:
            raise ProjectionUnknown(name=name, names=", ".join(plan.key for plan in self._plans))
        streams = [(plan, stream) for plan in plans for stream in plan.streams]
        return iter([(plan, stream) for plan, stream in streams if selection.stream in (None, stream)])

    async def _read(
        self,
        plan: Plan,
        stream: str,
        selection: Selection,
        after: int = START,
        *,
        limit: int,
        with_raw: bool = False,
    ) -> list[Row]:
        meant = {
            "position": selection.position,
            "event_type": selection.event_type,
            "error": selection.error,
            "state": selection.state,
        }
        where = {"projection": plan.name, "version": plan.version, "stream": stream, "after": after}
        async with self._readers[plan.store].snapshot() as snapshot:
            return await snapshot.fetch(_SQL["letters"], {**where, **meant, "limit": limit, "with_raw": with_raw})


def only(letters: Sequence[Shown], selection: Selection) -> Shown:
    """The one letter that was meant; LetterMissing without one, LetterAmbiguous where there are several."""
    if not letters:
        raise LetterMissing(letter=selection)
    if len(letters) > 1:
        raise LetterAmbiguous(letter=selection, names=", ".join(map(name_of, letters)))
    return letters[0]


def name_of(letter: Shown) -> str:
    """As an operator names a letter: projection, and position."""
    return f"{letter['projection']}@{letter['store']} {letter['stream']}={letter['position']}"


def _refold(owned: Owned, stream: str, rows: Sequence[Row]) -> list[Quarantined]:
    letters = batch_of(stream, [Entry(row["position"], row["raw"]) for row in rows])
    return owned.committer.refold(letters, owned.epoch, owned.cursors[stream].position)


def _again(rows: Sequence[Row], refused: Sequence[Quarantined]) -> Iterator[Row]:
    """The rows of letters that were refused again, as they are now."""
    by_position = {row["position"]: row for row in rows}
    for event in sorted(refused, key=lambda event: event.position):
        yield by_position[event.position] | {"event_type": event.event_type, "error": event.error}


async def _to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Await work that must not be left half done when the one who asked for it goes away."""
    return await asyncio.shield(asyncio.create_task(work))


def _shown(plan: Plan, row: Row) -> Shown:
    return {
        "projection": plan.name,
        "version": plan.version,
        "store": str(plan.store),
        "stream": row["stream"],
        "position": format_position(row["position"]),
        "state": DISCARDED if row["discarded_at"] else OPEN,
        "event_type": row["event_type"],
        "error": row["error"],
        "since": _instant(row["quarantined_at"]),
        "bytes": row["size"],
        "discarded_at": row["discarded_at"] and _instant(row["discarded_at"]),
        "discarded_by": row["discarded_by"],
        "discarded_for": row["discarded_for"],
    }


def _event(raw: bytes) -> Shown:
    try:
        return {"event": orjson.loads(raw), "text": None}
    except orjson.JSONDecodeError:
        return {"event": None, "text": raw.decode("utf-8", "backslashreplace")}


def _instant(value: datetime) -> str:
    return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"
