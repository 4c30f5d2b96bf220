"""A run of entries of one stream, decoded: what is handed from the feed to every runner, and what a fold takes."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from readmodel.engine.relation import Relation, relations_of
from readmodel.events.decode import Rejected, decode
from readmodel.events.envelope import Entry
from readmodel.events.event import Event, contracts


@dataclass(frozen=True)
class Batch:
    """The entries after one position of a stream, and the relations that their events make up."""

    stream: str
    entries: Sequence[Entry]
    relations: dict[str, pa.Table]
    rejected: Sequence[Rejected]
    unknown: Counter[str]

    @property
    def upto(self) -> int:
        """The position of the last entry."""
        return self.entries[-1].position

    def rows(self, relation: Relation) -> pa.Table:
        """The batch's part of a relation, empty where it has no such event."""
        return self.relations.get(relation.name, relation.arrow_schema.empty_table())

    def past(self, position: int) -> Self:
        """What comes after a position."""
        if not self.entries or self.entries[0].position > position:
            return self
        return self._keep(lambda at: at > position, lambda column: pc.greater(column, position))

    def halves(self) -> tuple[Self, Self]:
        """The batch cut in two."""
        middle = self.entries[len(self.entries) // 2 - 1].position
        first = self._keep(lambda at: at <= middle, lambda column: pc.less_equal(column, middle))
        return first, self.past(middle)

    def without(self, positions: Iterable[int]) -> Self:
        """The same entries, with no events at these positions."""
        left_out = pa.array(sorted(positions), pa.int64())
        kept = {
            name: table.filter(pc.invert(pc.is_in(table["position"], left_out)))
            for name, table in self.relations.items()
        }
        return replace(self, relations=kept)

    def types(self, events: Sequence[type[Event]]) -> dict[int, str]:
        """The type of each event that is one of `events`, by position."""
        found: dict[int, str] = {}
        for event in events:
            rows = self.rows(relations_of(event)[0])
            found |= dict.fromkeys(rows["position"].to_pylist(), event.type)
        return found

    def _keep(self, wanted: Callable[[int], bool], rows: Callable[[pa.ChunkedArray], pa.ChunkedArray]) -> Self:
        return replace(
            self,
            entries=[entry for entry in self.entries if wanted(entry.position)],
            relations={name: table.filter(rows(table["position"])) for name, table in self.relations.items()},
            rejected=[rejected for rejected in self.rejected if wanted(rejected.entry.position)],
        )


def batch_of(stream: str, entries: Sequence[Entry]) -> Batch:
    """Decode entries; call it in a thread, where its slices leave room for others."""
    parts = list(decode(stream, entries))
    relations: dict[str, pa.Table] = {}
    for event_type in {name for part in parts for name in part.events}:
        for relation in relations_of(contracts()[event_type]):
            tables = [relation.table(part.events[event_type]) for part in parts if event_type in part.events]
            relations[relation.name] = pa.concat_tables(tables)
    rejected = [rejected for part in parts for rejected in part.rejected]
    unknown = sum((part.unknown for part in parts), Counter[str]())
    return Batch(stream, entries, relations, rejected, unknown)
