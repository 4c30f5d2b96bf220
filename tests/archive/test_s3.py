"""An archive in S3: a server that speaks its protocol, in this process."""

from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from moto.server import ThreadedMotoServer

from readmodel.archive.folder import ArchiveUnavailable, Folder
from readmodel.archive.manifest import ArchiveDamaged
from readmodel.events.prices import PriceUpdated
from tests.archive.conftest import PRICES, Open, price
from tests.archive.test_relations import rows


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """The URL of an empty prefix of a bucket."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    urlopen(Request(f"http://{host}:{port}/bucket", method="PUT")).close()
    yield f"s3://key:secret@bucket/some/prefix?endpoint_override={host}:{port}&scheme=http&region=us-east-1"
    server.stop()


async def test_it_is_as_in_a_folder(open_log: Open, bucket: str) -> None:
    """Cut, merged, cleaned up, read, typed, verified; and damage is told."""
    log = open_log(bucket)
    await log.add(*map(price, range(1, 11)))
    await log.archived(rows=1, grace=0)
    await log.archived(rows=1, grace=0)
    reopened = open_log(bucket)

    assert reopened.segments() == [(1, 8), (0, 1), (0, 1)]
    assert await reopened.read() == log.sent[PRICES]
    sent = [position for position, _ in log.sent[PRICES]]
    assert await rows(reopened, PriceUpdated, sent[8]) == {"prices_updated": sent[:9], "rejected": []}
    assert list(reopened.archive.verify(PRICES)) == []
    assert len(reopened.archive.folder.entries(PRICES)) == 2 * 3

    segment = reopened.archive.chain(PRICES)[1].segment
    reopened.archive.folder.delete(segment.path_of(segment.parts[0]))
    with pytest.raises(ArchiveDamaged, match=r"prices_updated\.parquet of segment .* is missing"):
        await open_log(bucket).read()


def test_no_key_is_shown() -> None:
    """What errors call the archive has neither the user's part of the URL nor its parameters."""
    folder = Folder("s3://key:secret@bucket/prefix?endpoint_override=127.0.0.1:9&scheme=http&region=us-east-1")
    assert folder.url == "s3://bucket/prefix"


def test_a_place_that_cannot_be_used_is_no_damage(tmp_path: Path) -> None:
    """That may pass, so it is another error."""
    (tmp_path / "file").touch()
    with pytest.raises(ArchiveUnavailable, match="cannot be used at the moment"):
        Folder(str(tmp_path / "file")).put("stream/name", b"")
