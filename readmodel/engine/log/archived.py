"""What the archive has of some relations, as Parquet files that DuckDB reads; what is outdated is decoded again."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from readmodel.archive.archive import Archive, Link
from readmodel.archive.manifest import Part
from readmodel.archive.segment import POSITION, RAW
from readmodel.engine.folding.batch import batch_of
from readmodel.engine.log.typed import digests, models_of
from readmodel.engine.relation import Relation, relations_of
from readmodel.events.decode import Rejected
from readmodel.events.envelope import Entry


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a relation in a Parquet file: those after one position and up to another, where these are given."""

    path: Path
    after: int | None = None
    upto: int | None = None

    @property
    def condition(self) -> str:
        """Which rows of the file are meant, as SQL; empty where it is all of them."""
        bounds = [] if self.after is None else [f"{POSITION} > {self.after}"]
        bounds += [] if self.upto is None else [f"{POSITION} <= {self.upto}"]
        return " AND ".join(bounds)


class Archived:
    """Gathers what the archive has of one stream, up to a position. `folder` takes what has to be written for that.

    It blocks, and raises what the archive does. When that is Superseded, begin again with another one.
    """

    def __init__(self, archive: Archive, stream: str, upto: int, wanted: Iterable[Relation], folder: Path) -> None:
        self.files: dict[str, list[Rows]] = defaultdict(list)
        self.rejected: list[Rejected] = []
        self.reached = 0
        self._archive = archive
        self._stream = stream
        self._upto = upto
        self._folder = folder
        self._wanted = {relation.name for relation in wanted}
        self._writers: dict[str, pq.ParquetWriter] = {}

    def gather(self) -> None:
        """Find, check and where necessary decode all of it."""
        try:
            while (link := self._next()) is not None:
                self._gather(link)
                self.reached = min(self._upto, link.segment.upto)
        finally:
            for name, writer in self._writers.items():
                writer.close()
                self.files[name].append(Rows(self._path(name)))

    def _next(self) -> Link | None:
        if self.reached >= self._upto:
            return None
        links = self._archive.chain(self._stream)
        found = next((link for link in links if link.segment.upto > self.reached), None)
        return found and Link(max(found.after, self.reached), found.segment)

    def _gather(self, link: Link) -> None:
        segment, by_relation = link.segment, {part.relation: part for part in link.segment.parts}
        after = link.after if link.after > segment.after else None
        upto = self._upto if segment.upto > self._upto else None
        stale = [part for part in segment.parts if part.has_raw and not _typed_as_today(part)]
        fresh = self._fresh(by_relation, stale)
        paths = {part.relation: self._archive.fetch(segment, part, self._folder) for part in fresh}
        for part in stale:
            self._archive.whole(segment, part)
        for relation, path in paths.items():
            self.files[relation].append(Rows(path, after, upto))
        for part in stale:
            self._decode_again(link, part)

    def _fresh(self, parts: dict[str, Part], stale: Sequence[Part]) -> list[Part]:
        """The files of wanted relations whose events were typed as they would be today."""
        old = {part.relation for part in stale}
        models = [relations_of(model) for model in models_of(self._stream)]
        names = [shape.name for own, *children in models if own.name not in old for shape in (own, *children)]
        return [parts[name] for name in names if name in parts and name in self._wanted]

    def _decode_again(self, link: Link, part: Part) -> None:
        for rows, _ in self._archive.row_groups(link.segment, part, link.after, [POSITION, RAW]):
            found = zip(rows[POSITION].to_pylist(), rows[RAW].to_pylist(), strict=True)
            batch = batch_of(self._stream, [Entry(position, raw) for position, raw in found if position <= self._upto])
            self.rejected += batch.rejected
            for name in self._wanted & batch.relations.keys():
                self._write(name, batch.relations[name])

    def _write(self, name: str, rows: pa.Table) -> None:
        if name not in self._writers:
            self._writers[name] = pq.ParquetWriter(self._path(name), rows.schema, compression="zstd")
        self._writers[name].write_table(rows)

    def _path(self, name: str) -> Path:
        return self._folder / f"{self._stream}.{name}.parquet"


def _typed_as_today(part: Part) -> bool:
    """Never so of the entries that no contract could read: one may know them today, and the others are `rejected`."""
    return part.contract is not None and part.contract == digests().get(part.relation)
