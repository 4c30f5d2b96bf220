"""History over archive and tail: every entry once and in order, whatever is archived, merged or trimmed meanwhile."""

import asyncio
import random
from datetime import timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis

from readmodel.archive.manifest import Manifest
from readmodel.engine.log.history import HistoryGap
from readmodel.engine.log.typed import digests, typed
from readmodel.events.envelope import digest_of
from readmodel.stores.gaps import Gap
from tests.archive.conftest import PRICES, Log, Open, Raws, price


async def test_what_is_archived_is_read_as_it_was_sent(log: Log) -> None:
    """Bytes of every kind come back, known, unknown and broken, in the order of the stream."""
    unknown = b'{"type": "cartsnitch.prices.praised", "data": {}}'
    await log.add(price(1), b"{nope \xff", price(2), unknown, b"", price(3))
    await log.archived(rows=4)
    await log.redis.delete(PRICES)

    assert log.segments() == [(0, 4), (0, 2)]
    assert archived(log) == log.sent[PRICES]


def archived(log: Log) -> Raws:
    """What the archive alone has."""
    return [row for _, rows in log.archive.entries(PRICES, 0, 2**63 - 1) for row in rows]


@pytest.mark.parametrize("tail", [0, 3600], ids=["trimmed", "untrimmed"])
async def test_no_gap_and_no_overlap_at_the_seam(log: Log, tail: int) -> None:
    """From any position on, and up to any, history has what was sent, and the last archived entry stays."""
    log.tail = timedelta(seconds=tail)
    await log.add(*map(price, range(1, 11)))
    await log.archived(rows=4)
    await log.add(*map(price, range(11, 15)))

    sent = log.sent[PRICES]
    for first in range(len(sent) + 1):
        for last in range(first, len(sent)):
            after = sent[first - 1][0] if first else 0
            assert await log.read(after=after, upto=sent[last][0]) == sent[first : last + 1]
    assert await log.redis.xlen(PRICES) == (5 if tail == 0 else 14)


async def test_while_segments_are_cut_merged_and_trimmed(log: Log) -> None:
    """Readers at any point see no gap and no overlap, with files deleted as soon as they are merged."""
    log.tail = timedelta(0)
    chance = random.Random(7)
    done = asyncio.Event()

    async def write() -> None:
        for _ in range(40):
            await log.add(*(price(chance.randrange(1, 29)) for _ in range(chance.randrange(1, 5))))
            await log.archived(rows=2, grace=0)
        done.set()

    reads = 0

    async def read() -> None:
        nonlocal reads
        while not done.is_set():
            if known := list(log.sent.get(PRICES, ())):
                first = chance.randrange(len(known))
                after = known[first - 1][0] if first else 0
                assert await log.read(after=after, upto=known[-1][0]) == known[first:]
                reads += 1
            await asyncio.sleep(0)

    await asyncio.gather(write(), read(), read())

    assert reads > 20
    assert max(level for level, _ in log.segments()) >= 1
    assert await log.read() == log.sent[PRICES]


async def test_two_archivers_double_nothing(log: Log, open_log: Open, tmp_path: Path) -> None:
    """Segments that overlap, as those of one believed dead may, and contained ones, are read as one."""
    await log.add(*map(price, range(1, 8)))
    await log.archived(rows=4)
    sent = log.sent[PRICES]
    for first, last in ((1, 5), (4, 5), (2, 6), (0, 1)):
        late = Manifest(stream=PRICES, after=sent[first][0], upto=sent[last][0])
        writer = log.archive.writer(late, digests())
        for relation, table in typed(PRICES, sent[first + 1 : last + 1]).items():
            writer.write(relation, table)
        writer.finish()
    await log.redis.delete(PRICES)

    reopened = open_log(tmp_path / "archive")
    assert archived(reopened) == sent
    assert len(reopened.archive.others(PRICES)) > 2


async def test_a_stream_that_lost_the_last_archived_entry_is_not_read_on(log: Log, redis: Redis) -> None:
    """What lies between the archive's end and the first entry that is left is missing, so nothing behind is read."""
    await log.add(*map(price, range(1, 7)))
    await log.archived()
    await log.add(price(7), price(8))
    await redis.xtrim(PRICES, maxlen=1, approximate=False)

    with pytest.raises(HistoryGap, match=r"readmodel accept-gap cartsnitch\.prices"):
        await log.read()
    assert await log.read(upto=log.sent[PRICES][5][0]) == log.sent[PRICES][:6]


@pytest.mark.parametrize("noted", [False, True], ids=["accepted", "noted"])
async def test_an_accepted_gap_is_no_excuse_for_the_next(log: Log, noted: bool) -> None:
    """What followed it is there, or whoever stands before or in it is told; whether the archive has noted it or not."""
    await log.add(price(1), price(2))
    await log.archived()
    last, _ = log.sent[PRICES][-1]
    await log.redis.delete(PRICES)
    await log.add(price(3))
    first, raw = log.sent[PRICES][-1]
    assert log.history.gaps
    await log.history.gaps.accept(Gap(PRICES, last, first - 1, followed=True), "a test", "")
    if noted:
        await log.archived()
    await log.history.check("A test", PRICES, last, digest_of(price(2)))
    assert await log.read(after=last) == [(first, raw)]

    await log.redis.delete(PRICES)
    await log.add(price(4))
    with pytest.raises(HistoryGap, match="is lost, too"):
        await log.history.check("A test", PRICES, last, digest_of(price(2)))
    with pytest.raises(HistoryGap):
        await log.read(after=last)

    (again, _) = log.sent[PRICES][-1]
    end = await log.history.archived_upto(PRICES)
    await log.history.gaps.accept(Gap(PRICES, end, again - 1, followed=True), "a test", "")
    await log.archived()
    await log.archived()
    assert await log.read(after=last) == [log.sent[PRICES][-1]]
    assert log.segments() == [(0, 2), (0, 0), (0, 1)]
