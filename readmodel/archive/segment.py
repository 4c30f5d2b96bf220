"""Writing and reading the Parquet files of one segment, a row group at a time, so that memory stays bounded."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from readmodel.archive.folder import Folder, Written
from readmodel.archive.manifest import Manifest, Part

ROW_GROUP = 20_000
"""Rows that are compressed, and read, together; fewer where they are large."""
ROW_GROUP_BYTES = 32 << 20

POSITION, RAW = "position", "raw"
Rows = list[tuple[int, bytes]]
"""Position and bytes of entries."""


class SegmentWriter:
    """Writes a segment's files. Nothing of it counts before `finish` has put the manifest in place."""

    def __init__(self, folder: Folder, draft: Manifest, contracts: Mapping[str, str]) -> None:
        self._folder = folder
        self._draft = draft
        self._contracts = contracts
        self._files: dict[str, _PartWriter] = {}

    def write(self, relation: str, rows: pa.Table) -> None:
        """Append rows of a relation, which come in order of position."""
        if not rows.num_rows:
            return
        if relation not in self._files:
            file = self._folder.create(f"{self._draft.folder}/{relation}.parquet")
            self._files[relation] = _PartWriter(file, rows.schema)
        self._files[relation].write(rows)

    def finish(self) -> Manifest:
        """Complete the files, then the manifest, which makes the segment count."""
        parts = [self._part(relation, file) for relation, file in sorted(self._files.items())]
        entries = sum(part.rows for part in parts if part.has_raw) + len(self._draft.erased)
        manifest = self._draft.model_copy(update={"entries": entries, "parts": tuple(parts)})
        if parts:
            self._folder.sync(manifest.folder)
            self._folder.sync(manifest.stream)
        self._folder.put(manifest.path, manifest.to_json())
        return manifest

    def give_up(self) -> None:
        """Delete what was written."""
        for file in self._files.values():
            with suppress(Exception):  # whatever was wrong is being raised already
                file.close()
        with suppress(Exception):  # found, and deleted, later
            self._folder.delete(self._draft.folder)

    def _part(self, relation: str, file: "_PartWriter") -> Part:
        sink = file.close()
        return Part(
            relation=relation,
            rows=file.rows,
            bytes=sink.bytes,
            sha256=sink.sha256,
            has_raw=file.has_raw,
            contract=self._contracts.get(relation),
        )


class _PartWriter:
    def __init__(self, file: Written, schema: pa.Schema) -> None:
        self.rows = 0
        self.has_raw = RAW in schema.names
        self._file = file
        # Page checksums, so that a reader who does not read the whole file notices damage too.
        self._writer = pq.ParquetWriter(file, schema, compression="zstd", write_page_checksum=True)
        self._waiting: list[pa.Table] = []

    def write(self, rows: pa.Table) -> None:
        self._waiting.append(rows)
        self.rows += rows.num_rows
        waiting = sum(table.num_rows for table in self._waiting)
        if waiting >= ROW_GROUP or sum(table.nbytes for table in self._waiting) >= ROW_GROUP_BYTES:
            self._flush()

    def close(self) -> Written:
        if self._waiting:
            self._flush()
        self._writer.close()
        self._file.close()
        return self._file

    def _flush(self) -> None:
        rows = pa.concat_tables(self._waiting)
        self._waiting = []
        self._writer.write_table(rows, row_group_size=ROW_GROUP)


def row_groups(file: Any, after: int, columns: Sequence[str] | None = None) -> Iterator[tuple[pa.Table, bool]]:
    """The rows of a file past a position, row group by row group, and of each whether it is the last."""
    with pq.ParquetFile(file, page_checksum_verification=True) as parquet:
        wanted = [i for i in range(parquet.num_row_groups) if _reaches_past(parquet, i, after)]
        for index in wanted:
            rows = parquet.read_row_group(index, columns=list(columns) if columns else None)
            yield rows.filter(pc.field(POSITION) > after), index == wanted[-1]


def _reaches_past(parquet: pq.ParquetFile, group: int, after: int) -> bool:
    statistics = parquet.metadata.row_group(group).column(0).statistics
    return statistics is None or not statistics.has_min_max or statistics.max > after


@dataclass(slots=True)
class _Source:
    """One file of a merge: the rows read from it and not yet handed out."""

    groups: Iterator[tuple[pa.Table, bool]]
    rows: pa.Table
    is_last: bool

    def read_on(self) -> bool:
        """Whether there are rows, having read some where there were none."""
        while not self.rows.num_rows:
            if self.is_last or (found := next(self.groups, None)) is None:
                return False
            self.rows, self.is_last = found
        return True

    @property
    def end(self) -> int:
        return int(self.rows[POSITION][-1].as_py())

    def take(self, upto: int | None) -> pa.Table:
        """The rows at or below a position."""
        taken = self.rows if upto is None else self.rows.filter(pc.field(POSITION) <= upto)
        self.rows = self.rows.slice(taken.num_rows)
        return taken


def merged(files: Sequence[Iterator[tuple[pa.Table, bool]]]) -> Iterator[Rows]:
    """The entries of several files in order of position, some at a time."""
    sources = [_Source(groups, _NOTHING, is_last=False) for groups in files]
    while sources := [source for source in sources if source.read_on()]:
        # Up to where every file has been read.
        horizon = min((source.end for source in sources if not source.is_last), default=None)
        rows = pa.concat_tables([source.take(horizon) for source in sources]).sort_by(POSITION)
        yield list(zip(rows[POSITION].to_pylist(), rows[RAW].to_pylist(), strict=True))


_NOTHING = pa.table({POSITION: pa.array([], pa.int64()), RAW: pa.array([], pa.binary())})
