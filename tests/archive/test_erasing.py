"""Entries that were taken out of the archive for good: nobody misses them, and they do not come back."""

import shutil
from pathlib import Path

import pytest

from readmodel.archive.archive import Superseded
from readmodel.archive.erasing import purge, rewrite
from readmodel.archive.manifest import Manifest
from readmodel.events.envelope import digest_of
from tests.archive.conftest import PRICES, Log, Open, price


async def without_third(log: Log) -> tuple[Manifest, Manifest]:
    """Eight entries in two segments, of which the third one is erased, also in the stream: the segment then and now."""
    await log.add(*map(price, range(1, 9)))
    await log.archived(rows=4)
    old = log.archive.chain(PRICES)[0].segment
    third = log.sent[PRICES][2][0]
    new = rewrite(log.archive, old, {third})
    await log.history.streams.delete(PRICES, [third])
    log.archive.chain(PRICES, fresh=True)
    return old, new


async def test_what_is_erased_is_accounted_for(log: Log, open_log: Open, tmp_path: Path) -> None:
    """It is not read and yet counted, and whoever has read it last is not alarmed; merged, it stays so."""
    old, new = await without_third(log)
    third, raw = log.sent[PRICES].pop(2)
    reopened = open_log(tmp_path / "archive", log.sent)

    assert (await reopened.read(), reopened.segments()) == (log.sent[PRICES], [(0, 4), (0, 4)])
    assert await reopened.history.check("a reader", PRICES, third, digest_of(raw))
    standing = await reopened.history.standing(PRICES, log.sent[PRICES][-1][0])
    assert (standing.entries, new.erased, new.entries, old.erased) == (8, (third,), 4, ())
    await log.add(*map(price, range(9, 33)))
    await log.archived(rows=4)
    (merged,) = [link.segment for link in log.archive.chain(PRICES, fresh=True)]
    assert (merged.level, merged.entries, merged.erased) == (1, 32, (third,))
    assert await log.read() == log.sent[PRICES]


async def test_an_old_segment_that_turns_up_again_counts_for_nothing(log: Log, open_log: Open, tmp_path: Path) -> None:
    """Restored from a backup, or written by somebody believed dead, it is known to have what is erased, and deleted."""
    folder = tmp_path / "archive"
    await log.add(*map(price, range(1, 9)))
    await log.archived(rows=4)
    shutil.copytree(folder, tmp_path / "backup")
    old, third = log.archive.chain(PRICES)[0].segment, log.sent[PRICES].pop(2)[0]
    rewrite(log.archive, old, {third})
    assert purge(log.archive, PRICES) == [old.name]
    assert not (folder / old.folder).exists()

    shutil.copytree(tmp_path / "backup", folder, dirs_exist_ok=True)
    reopened = open_log(folder, log.sent)

    assert await reopened.read() == log.sent[PRICES]
    assert purge(reopened.archive, PRICES) == [old.name]
    assert not (folder / old.path).exists()


async def test_who_reads_a_segment_that_is_written_again_begins_again(log: Log) -> None:
    """The old files are deleted at once; a reader in their midst is told, and finds the new ones."""
    old, _ = await without_third(log)
    purge(log.archive, PRICES)

    with pytest.raises(Superseded):
        list(log.archive.entries_of(old, 0))
    assert [position for position, _ in await log.read()] == [at for at, _ in log.sent[PRICES] if at not in (
        log.sent[PRICES][2][0],
    )]  # fmt: skip
