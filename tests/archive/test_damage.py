"""What is wrong with the archive is said, with the file's name; never read around."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from readmodel.archive.compaction import clean
from readmodel.archive.manifest import ArchiveDamaged, Manifest
from readmodel.engine.log.relations import relations_upto
from readmodel.events.prices import PriceUpdated
from tests.archive.conftest import PRICES, Log, Open, price

Harm = Callable[[Path, Manifest], None]


def flip(path: Path, at: int) -> None:
    """Change one byte of a file."""
    content = bytearray(path.read_bytes())
    content[at] ^= 0xFF
    path.write_bytes(content)


def file_of(folder: Path, segment: Manifest) -> Path:
    """The segment's file of prices."""
    return folder / segment.folder / "prices_updated.parquet"


def delete_file(folder: Path, segment: Manifest) -> None:
    """A file is gone."""
    file_of(folder, segment).unlink()


def cut_file(folder: Path, segment: Manifest) -> None:
    """A file is shorter than it was."""
    path = file_of(folder, segment)
    path.write_bytes(path.read_bytes()[:-100])


def corrupt_file(folder: Path, segment: Manifest) -> None:
    """A byte of the compressed rows is another."""
    flip(file_of(folder, segment), 40)


def delete_manifest(folder: Path, segment: Manifest) -> None:
    """A manifest is gone."""
    (folder / segment.path).unlink()


def corrupt_manifest(folder: Path, segment: Manifest) -> None:
    """A count in a manifest is another."""
    path = folder / segment.path
    path.write_text(path.read_text().replace('"entries": 4', '"entries": 3'))


def cut_manifest(folder: Path, segment: Manifest) -> None:
    """Half of a manifest is there."""
    path = folder / segment.path
    path.write_text(path.read_text()[:100])


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        (delete_file, "prices_updated.parquet of segment {name} is missing"),
        (cut_file, "prices_updated.parquet of segment {name} has "),
        (corrupt_file, "prices_updated.parquet of segment {name} has the checksum "),
        (delete_manifest, "the segment before of segment {following} is missing"),
        (corrupt_manifest, "of segment {name} is not the manifest that was written"),
        (cut_manifest, "of segment {name} is not the manifest that was written"),
    ],
)
async def test_damage_is_an_error_and_never_a_gap(
    log: Log, open_log: Open, tmp_path: Path, harm: Harm, complaint: str
) -> None:
    """Whoever reads events or relations, or verifies, is told the segment and the file, and gets nothing past it."""
    await log.add(*map(price, range(1, 13)))
    await log.archived(rows=4)
    await log.redis.xtrim(PRICES, maxlen=1, approximate=False)
    _, second, third = [link.segment for link in log.archive.chain(PRICES)]
    last = log.sent[PRICES][-1][0]

    harm(tmp_path / "archive", second)

    said = complaint.format(name=second.folder, following=third.folder)
    with pytest.raises(ArchiveDamaged) as reading:
        await open_log(tmp_path / "archive").read()
    with pytest.raises(ArchiveDamaged) as defining:
        await relations_upto(open_log(tmp_path / "archive").history, [PriceUpdated], {PRICES: last})
    (verifying,) = await asyncio.to_thread(lambda: list(open_log(tmp_path / "archive").archive.verify(PRICES)))
    assert [said in str(e) for e in (reading.value, defining.value, verifying)] == [True] * 3, verifying
    assert "restore it from a backup" in str(verifying)


async def test_a_whole_archive_verifies(log: Log) -> None:
    """Nothing is said of an archive that is as it was written."""
    await log.add(*map(price, range(1, 13)))
    await log.archived(rows=4)
    assert list(log.archive.verify(PRICES)) == []


async def test_what_lost_its_manifest_is_not_cleaned_up(log: Log, open_log: Open, tmp_path: Path) -> None:
    """A folder past the chain may be all that is left of a segment, so it stays; one that others hold goes."""
    await log.add(*map(price, range(1, 9)))
    await log.archived(rows=4)
    first, last = [link.segment for link in log.archive.chain(PRICES)]
    leftover = tmp_path / "archive" / first.folder.replace(first.token, "0123abcd")
    leftover.mkdir()
    delete_manifest(tmp_path / "archive", last)
    reopened = open_log(tmp_path / "archive", log.sent)

    assert clean(reopened.archive, PRICES, timedelta(hours=1)) == []
    assert clean(reopened.archive, PRICES, timedelta(0)) == [leftover.name]
    assert file_of(tmp_path / "archive", last).exists()
