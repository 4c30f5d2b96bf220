"""Whose events they are: those that speak of one value of a column, such as one user's id."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import ValidationError

from readmodel.archive.archive import Archive
from readmodel.archive.manifest import Manifest
from readmodel.archive.segment import POSITION, RAW
from readmodel.engine.folding.batch import batch_of
from readmodel.engine.log.typed import models_of
from readmodel.engine.projection import Erasure
from readmodel.engine.relation import relations_of
from readmodel.errors import ReadModelError
from readmodel.events.envelope import Entry

_AT_ONCE = 4_000


class SubjectInvalid(ReadModelError):
    """{value!r} is no {column}: {reason}"""


@dataclass(frozen=True)
class Subject:
    """One value of the column that an erasure erases by."""

    erasure: Erasure
    value: str

    @property
    def event_data(self) -> dict[str, str]:
        """What the erasing event says; SubjectInvalid where its contract does not take that."""
        data = {self.erasure.column: self.value}
        envelope = {"event_id": "", "occurred_at": "2000-01-01T00:00:00Z", "event_source": ""}
        try:
            self.erasure.event.model_validate(envelope | data)
        except ValidationError as error:
            reason = error.errors(include_url=False)[0]["msg"]
            raise SubjectInvalid(value=self.value[:80], column=self.erasure.column, reason=reason) from None
        return data

    def owns(self, stream: str, entries: Sequence[Entry]) -> set[int]:
        """The positions of its entries: by their contract or, where none could read them, by their bytes.

        The erasing event is nobody's: it stays.
        """
        batch = batch_of(stream, entries)
        readable, found = set[int](), set[int]()
        for relation in (relation for model in models_of(stream) for relation in relations_of(model)):
            rows = batch.rows(relation)
            readable.update(rows[POSITION].to_pylist())
            if relation.model is not self.erasure.event and self.erasure.column in rows.schema.names:
                found.update(rows.filter(pc.field(self.erasure.column) == self.value)[POSITION].to_pylist())
        return found | {e.position for e in entries if e.position not in readable and self.is_named_in(e.raw)}

    def is_named_in(self, raw: bytes) -> bool:
        """Whether the value stands in some bytes, not as a part of a longer word."""
        return self._pattern.search(raw) is not None

    def in_segment(self, archive: Archive, segment: Manifest) -> tuple[set[int], int]:
        """The positions of its entries in a segment, and how many others name it in what no contract reads."""
        found, named = set[int](), 0
        for entries in self._candidates(archive, segment):
            own = self.owns(segment.stream, entries)
            found |= own
            # The erasing event names it by right.
            erasing = batch_of(segment.stream, entries).rows(relations_of(self.erasure.event)[0])
            others = {e.position for e in entries if self.is_named_in(e.raw)} - own
            named += len(others - set(erasing[POSITION].to_pylist()))
        return found, named

    def _candidates(self, archive: Archive, segment: Manifest) -> Iterator[list[Entry]]:
        """The few entries that may be meant, found without decoding the others."""
        columns = [POSITION, RAW, self.erasure.column]
        for part in (part for part in segment.parts if part.has_raw):
            for rows, _ in archive.row_groups(segment, part, segment.after, columns):
                meant = rows.filter(self._may_be_meant(rows)).select([POSITION, RAW])
                for start in range(0, meant.num_rows, _AT_ONCE):
                    some = meant.slice(start, _AT_ONCE).to_pylist()
                    yield [Entry(row[POSITION], row[RAW]) for row in some]

    def _may_be_meant(self, rows: pa.Table) -> pa.ChunkedArray:
        wanted = pc.MatchSubstringOptions(self.value, ignore_case=True)
        named = pc.call_function("match_substring", [rows[RAW]], wanted)
        if self.erasure.column not in rows.schema.names:
            return named
        own = pc.call_function("equal", [rows[self.erasure.column], pa.scalar(self.value)])
        return pc.call_function("or", [named, pc.fill_null(own, False)])

    @cached_property
    def _pattern(self) -> re.Pattern[bytes]:
        return re.compile(rb"(?<![0-9A-Za-z_-])" + re.escape(self.value.encode()) + rb"(?![0-9A-Za-z_-])", re.I)
