"""Merging small segments into larger ones, and deleting what others hold by now."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

import pyarrow as pa

from readmodel.archive.archive import Archive, Link
from readmodel.archive.manifest import SUFFIX, Manifest, range_of
from readmodel.archive.segment import Rows, SegmentWriter

RUN = 8
"""Segments of one level that are merged into one of the next."""
LARGEST = 2_000_000
"""Entries in a segment, at most."""

Decode = Callable[[str, Rows], Mapping[str, pa.Table]]
"""Entries of a stream as relations."""


def due(chain: Sequence[Link]) -> Sequence[Link]:
    """The first segments that are to be merged, or none."""
    for _, group in groupby(chain, key=lambda link: (link.segment.level, link.segment.gap)):
        run = list(group)[:RUN]
        entries = sum(link.segment.entries for link in run)
        if len(run) == RUN and entries <= LARGEST and not run[0].segment.gap:
            return run
    return ()


def merge(archive: Archive, run: Sequence[Link], contracts: Mapping[str, str], decode: Decode) -> Manifest:
    """Write one segment that holds what a run of the chain holds. Those merged are left; others may be reading them.

    Rows that today's contracts typed are copied; where others did, all entries are decoded again.
    """
    first, last = run[0], run[-1].segment
    draft = Manifest(
        stream=last.stream,
        after=first.after,
        upto=last.upto,
        level=last.level + 1,
        last_sha256=last.last_sha256,
        erased=tuple(position for link in run for position in link.segment.erased_after(link.after)),
    )
    for segment, part in [(link.segment, part) for link in run for part in link.segment.parts]:
        archive.whole(segment, part)
    writer = archive.writer(draft, contracts)
    try:
        if all(part.contract == contracts.get(part.relation) for link in run for part in link.segment.parts):
            _copy(archive, run, writer)
        else:
            _decode_again(archive, run, writer, decode)
    except BaseException:
        writer.give_up()
        raise
    return writer.finish()


def _copy(archive: Archive, run: Sequence[Link], writer: SegmentWriter) -> None:
    relations = {part.relation for link in run for part in link.segment.parts}
    for relation in sorted(relations):
        for link in run:
            for part in link.segment.parts:
                if part.relation == relation:
                    for rows, _ in archive.row_groups(link.segment, part, link.after):
                        writer.write(relation, rows)


def _decode_again(archive: Archive, run: Sequence[Link], writer: SegmentWriter, decode: Decode) -> None:
    for link in run:
        for rows in archive.entries_of(link.segment, link.after):
            for relation, table in decode(link.segment.stream, rows).items():
                writer.write(relation, table)


def clean(archive: Archive, stream: str, grace: timedelta) -> list[str]:
    """Delete segments that others have held for so long, and what an interrupted writer left: their names."""
    now = datetime.now(UTC)
    chain = archive.chain(stream, fresh=True)
    gone = [segment for segment in archive.others(stream) if now - _superseded_at(segment, chain) >= grace]
    for segment in gone:
        # The manifest first, so that nobody takes what is left for a segment.
        archive.folder.delete(segment.path)
        archive.folder.delete(segment.folder)
    return [*(segment.name for segment in gone), *sweep(archive, stream, now - grace)]


def sweep(archive: Archive, stream: str, before: datetime) -> list[str]:
    """Delete what an interrupted writer left and did not touch since a moment: their names."""
    left = list(_left_behind(archive, stream, archive.chain(stream), before))
    for name in left:
        archive.folder.delete(f"{stream}/{name}")
    return left


def _superseded_at(segment: Manifest, chain: Sequence[Link]) -> datetime:
    """When the last of the segments was written that hold what this one holds."""
    holding = (link for link in chain if link.segment.upto > segment.after and link.after < segment.upto)
    return max(link.segment.written_at for link in holding)


def _left_behind(archive: Archive, stream: str, chain: Sequence[Link], before: datetime) -> Iterator[str]:
    """Folders without a manifest. One that reaches past the chain may have lost its manifest, so it stays."""
    end = chain[-1].segment.upto if chain else 0
    found = archive.folder.entries(stream)
    files = {entry.name for entry in found if entry.size is not None}
    for entry in found:
        is_draft = entry.size is not None and entry.name.endswith(f"{SUFFIX}.tmp")
        reach = range_of(entry.name)
        if is_draft and entry.modified and entry.modified < before:
            yield entry.name
        elif entry.size is None and reach and f"{entry.name}{SUFFIX}" not in files and reach[1] <= end:
            written = [file.modified for file in archive.folder.entries(f"{stream}/{entry.name}") if file.modified]
            if all(modified < before for modified in [*written, entry.modified or before - timedelta(1)]):
                yield entry.name
