"""Taking entries out of the archive for good: segments are written again without them, and the old files deleted.

The new segment names the positions, so counts and cursors stay right, and an old segment that turns up again, from a
backup or from a writer that was believed dead, is known for what it is: it has an entry that another says is erased.
"""

import secrets
from collections.abc import Collection
from datetime import UTC, datetime

import pyarrow.compute as pc

from readmodel.archive.archive import Archive
from readmodel.archive.compaction import sweep
from readmodel.archive.manifest import Manifest
from readmodel.archive.segment import POSITION


def rewrite(archive: Archive, segment: Manifest, without: Collection[int]) -> Manifest:
    """Write a segment again, less the entries at some positions, which it accounts for; then it is the one that counts.

    ArchiveDamaged where the old one is not whole.
    """
    for part in segment.parts:
        archive.whole(segment, part)
    draft = segment.model_copy(update={
        "token": secrets.token_hex(4),
        "written_at": datetime.now(UTC),
        "erased": tuple(sorted({*segment.erased, *without})),
        "last_sha256": None if segment.upto in without else segment.last_sha256,
    })  # fmt: skip
    contracts = {part.relation: part.contract for part in segment.parts if part.contract}
    writer = archive.writer(draft, contracts)
    kept = ~pc.field(POSITION).isin(list(without))
    try:
        for part in segment.parts:
            for rows, _ in archive.row_groups(segment, part, segment.after):
                writer.write(part.relation, rows.filter(kept))
    except BaseException:
        writer.give_up()
        raise
    return writer.finish()


def purge(archive: Archive, stream: str) -> list[str]:
    """Delete at once every file that may still hold what is erased: their names. No other may write meanwhile."""
    archive.chain(stream, fresh=True)
    gone = archive.tainted(stream)
    for segment in gone:
        # The manifest first, so that readers find the other segment instead.
        archive.folder.delete(segment.path)
        archive.folder.delete(segment.folder)
    archive.chain(stream, fresh=True)
    return [*(segment.name for segment in gone), *sweep(archive, stream, datetime.now(UTC))]
