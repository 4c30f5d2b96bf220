"""A run of entries of one stream, decoded: what is handed from the feed to every runner, and what a fold takes."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from readmodel.engine.relation import Relation, relations_of
from readmodel.events.decode import Rejected, decode
from readmodel.events.envelope import Entry, digest_of
from readmodel.events.event import Event, contracts
from readmodel.events.position import START

Positioned = tuple[int, Event]


@dataclass(frozen=True)
class Batch:
    """The entries after one position of a stream, and the relations that their events make up."""

    stream: str
    after: int
    entries: Sequence[Entry]
    relations: dict[str, pa.Table]
    rejected: Sequence[Rejected]
    unknown: Counter[str]

    @property
    def upto(self) -> int:
        """The position of the last entry."""
        return self.entries[-1].position

    @property
    def last_sha256(self) -> str | None:
        """The digest of the last entry's bytes."""
        return digest_of(self.entries[-1].raw) if self.entries else None

    def rows(self, relation: Relation) -> pa.Table:
        """The batch's part of a relation, empty where it has no such event."""
        return self.relations.get(relation.name, relation.arrow_schema.empty_table())

    def past(self, position: int) -> Self:
        """What comes after a position."""
        if not self.entries or self.entries[0].position > position:
            return self
        kept = self._keep(lambda at: at > position, pc.field("position") > position)
        return replace(kept, after=position)

    def halves(self) -> tuple[Self, Self]:
        """The batch cut in two."""
        middle = self.entries[len(self.entries) // 2 - 1].position
        first = self._keep(lambda at: at <= middle, pc.field("position") <= middle)
        return first, self.past(middle)

    def without(self, positions: Iterable[int]) -> Self:
        """The same entries, with no events at these positions."""
        kept_rows = ~pc.field("position").isin(list(positions))
        kept = {name: table.filter(kept_rows) for name, table in self.relations.items()}
        return replace(self, relations=kept)

    def types(self, events: Sequence[type[Event]]) -> dict[int, str]:
        """The type of each event that is one of `events`, by position."""
        found: dict[int, str] = {}
        for event in events:
            rows = self.rows(relations_of(event)[0])
            found |= dict.fromkeys(rows["position"].to_pylist(), event.type)
        return found

    def _keep(self, wanted: Callable[[int], bool], rows: pc.Expression) -> Self:
        return replace(
            self,
            entries=[entry for entry in self.entries if wanted(entry.position)],
            relations={name: table.filter(rows) for name, table in self.relations.items()},
            rejected=[rejected for rejected in self.rejected if wanted(rejected.entry.position)],
        )


def batch_of(stream: str, entries: Sequence[Entry], after: int = START) -> Batch:
    """Decode the entries that follow a position; call it in a thread, where its slices leave room for others."""
    by_position = {entry.position: entry for entry in entries}
    relations: dict[str, list[pa.Table]] = defaultdict(list)
    rejected: list[Rejected] = []
    unknown = Counter[str]()
    for part in decode(stream, entries):
        rejected += part.rejected
        unknown += part.unknown
        for event_type, events in part.events.items():
            for name, table in _tables(event_type, events, by_position, rejected).items():
                relations[name].append(table)
    return Batch(
        stream, after, entries, {name: pa.concat_tables(t) for name, t in relations.items()}, rejected, unknown
    )


def _tables(
    event_type: str, events: list[Positioned], entries: Mapping[int, Entry], rejected: list[Rejected]
) -> dict[str, pa.Table]:
    """Events of one type as relations; one that its contract let in and no column can hold is rejected by itself."""
    shapes = relations_of(contracts()[event_type])
    try:
        return {shape.name: shape.table(events) for shape in shapes}
    except (pa.ArrowException, ArithmeticError) as error:
        if len(events) > 1:
            halves = (events[: len(events) // 2], events[len(events) // 2 :])
            first, second = (_tables(event_type, half, entries, rejected) for half in halves)
            return {name: pa.concat_tables([first[name], second[name]]) for name in first}
        rejected.append(Rejected(entries[events[0][0]], event_type, str(error)))
        return {shape.name: shape.arrow_schema.empty_table() for shape in shapes}
