"""The first load: what today's shared database holds, as events of the public contract in the streams.

It can be interrupted and repeated. Beside every stream stand notes of which rows are in it and with which content,
written in the same step as the events; so every run reads all rows, and appends those that are new or have changed.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Final

import redis
import redis.exceptions

from readmodel.errors import ReadModelError
from readmodel.events.decode import decode
from readmodel.events.envelope import Entry
from readmodel.importers.cartsnitch_candidates import Candidate, Rejected, candidates
from readmodel.importers.cartsnitch_source import Source

NOTES: Final = "readmodel:import:{{{stream}}}"
"""The braces let a cluster keep the notes where their stream is."""

ROWS_AT_ONCE, BYTES_AT_ONCE = 500, 4 * 1024 * 1024
"""What goes to Redis in one step, which holds up its other clients for some milliseconds."""

_APPEND: Final = (resources.files("readmodel.importers") / "cartsnitch_append.lua").read_text()


class RedisFailed(ReadModelError):
    """Redis took the events of {rows} rows and then failed: {reason}. Repeat the command when that is mended: what was
    published is not published again."""


class RowsUncounted(ReadModelError):
    """{table} has {counted} rows and {read} were read; this is a fault of the import, please report it."""


@dataclass(slots=True)
class Tally:
    """What became of the rows of each table; each row is in one of the three."""

    published: Counter[str] = field(default_factory=Counter[str])
    unchanged: Counter[str] = field(default_factory=Counter[str])
    rejected: Counter[str] = field(default_factory=Counter[str])

    def add(self, other: "Tally") -> None:
        """Count what another one counted."""
        self.published.update(other.published)
        self.unchanged.update(other.unchanged)
        self.rejected.update(other.rejected)

    def rows(self, table: str) -> int:
        """How many rows of a table were seen."""
        return self.published[table] + self.unchanged[table] + self.rejected[table]

    def total(self) -> int:
        """How many rows were seen."""
        return self.published.total() + self.unchanged.total() + self.rejected.total()

    def check(self, counts: dict[str, int]) -> None:
        """RowsUncounted unless every row that a table has is accounted for."""
        for table, counted in counts.items():
            if self.rows(table) != counted:
                raise RowsUncounted(table=table, counted=counted, read=self.rows(table))


def imported(source: Source, client: "redis.Redis") -> Iterator[tuple[Tally, list[Rejected]]]:
    """Publish everything in the snapshot, part by part; says after each what became of its rows.

    Raises RedisFailed or SourceFailed; what was published until then stays, and is not published again.
    """
    append, done = client.register_script(_APPEND), 0
    for table in source.tables:
        for part in _parts(candidates(source, table)):
            _check(table.stream, part)
            good = [candidate for candidate in part if not candidate.rejected]
            try:
                tally = _appended(append, table.stream, good) if good else Tally()
            except redis.exceptions.RedisError as error:
                raise RedisFailed(rows=done, reason=error) from error
            done += tally.published.total()
            rejected = [one for candidate in part for one in candidate.rejected]
            tally.rejected.update(one.table for one in rejected)
            yield tally, rejected


def _parts(waiting: Iterable[Candidate]) -> Iterator[list[Candidate]]:
    """The candidates in lists of bounded size."""
    part: list[Candidate] = []
    size = 0
    for candidate in waiting:
        part.append(candidate)
        size += sum(map(len, candidate.encoded))
        if len(part) == ROWS_AT_ONCE or size >= BYTES_AT_ONCE:
            yield part
            part, size = [], 0
    if part:
        yield part


def _check(stream: str, part: Sequence[Candidate]) -> None:
    """Decode the events as the service will, and reject the rows of those that it would put aside."""
    made_by = [candidate for candidate in part for _ in candidate.encoded]
    events = (event for candidate in part for event in candidate.encoded)
    entries = [Entry(position, event) for position, event in enumerate(events)]
    for decoded in decode(stream, entries):
        for fault in decoded.rejected:
            made_by[fault.entry.position].reject(fault.error)


def _appended(append: Any, stream: str, part: Sequence[Candidate]) -> Tally:
    """Append the events of all rows that the stream does not have as they are."""
    arguments: list[str | bytes | int] = []
    for candidate in part:
        arguments += candidate.note(), candidate.fingerprint(), len(candidate.encoded), *candidate.encoded
    answers: list[int] = append(keys=[stream, NOTES.format(stream=stream)], args=arguments)
    tally = Tally()
    for candidate, is_new in zip(part, answers, strict=True):
        (tally.published if is_new else tally.unchanged).update(table for table, _ in candidate.rows)
    return tally
