"""History over archive and tail: every entry once and in order, whatever is archived, merged or trimmed meanwhile."""

import asyncio
import random
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from readmodel.engine.history import HistoryGap
from tests.archive.conftest import PRICES, Log, price


async def test_what_is_archived_is_read_as_it_was_sent(log: Log) -> None:
    """Bytes of every kind come back, known, unknown and broken, in the order of the stream."""
    await log.add(price(1), b"{nope \xff", price(2), b'{"type": "cartsnitch.prices.praised", "data": {}}', b"", price(3))
    await log.archived(rows=4)
    await log.redis.delete(PRICES)

    assert log.segments() == [(0, 4), (0, 2)]
    assert [row async for row in rows_of(log)] == log.sent[PRICES]


async def rows_of(log: Log):  # type: ignore[no-untyped-def]
    """What the archive alone has."""
    for _, rows in log.archive.entries(PRICES, 0, 2**63 - 1):
        for row in rows:
            yield row


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
    left = await log.redis.xrange(PRICES)
    assert len(left) == (5 if tail == 0 else 14)


async def test_while_segments_are_cut_merged_and_trimmed(log: Log, open_log: object) -> None:
    """Readers at any point see no gap and no overlap, with files deleted as soon as they are merged."""
    log.tail = timedelta(0)
    chance = random.Random(7)
    done = asyncio.Event()

    async def write() -> None:
        for _ in range(60):
            await log.add(*(price(chance.randrange(1, 29)) for _ in range(chance.randrange(1, 5))))
            await log.archived(rows=2, grace=0)
        done.set()

    async def read() -> int:
        reads = 0
        while not done.is_set():
            known = list(log.sent.get(PRICES, ()))
            if known:
                first = chance.randrange(len(known))
                after = known[first - 1][0] if first else 0
                assert await log.read(after=after, upto=known[-1][0]) == known[first:]
                reads += 1
            await asyncio.sleep(0)
        return reads

    _, *reads = await asyncio.gather(write(), *(read() for _ in range(3)))

    assert min(reads) > 0
    assert max(level for level, _ in log.segments()) >= 1
    assert await log.read() == log.sent[PRICES]


async def test_two_archivers_double_nothing(log: Log, open_log, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Segments that overlap, as those of one believed dead may, and contained ones, are read as one."""
    other = open_log(tmp_path / "archive", log.sent)
    await log.add(*map(price, range(1, 7)))
    await log.archived(rows=4)
    assert other.segments() == [(0, 4), (0, 2)]
    manifest = other.archive.chain(PRICES)[0].segment
    overlapping = manifest.model_copy(update={"upto": log.sent[PRICES][4][0], "token": "ab", "after": log.sent[PRICES][1][0]})
    writer = other.archive.writer(overlapping, {})
    from readmodel.engine.typed import typed

    for relation, table in typed(PRICES, log.sent[PRICES][2:5]).items():
        writer.write(relation, table)
    writer.finish()
    await log.redis.delete(PRICES)

    assert [row async for row in rows_of(open_log(tmp_path / "archive"))] == log.sent[PRICES]


async def test_a_stream_that_lost_the_last_archived_entry_is_not_read_on(log: Log, redis: Redis) -> None:
    """What lies between the archive's end and the first entry that is left is missing, so nothing behind is read."""
    await log.add(*map(price, range(1, 7)))
    await log.archived()
    await log.add(price(7), price(8))
    await redis.xtrim(PRICES, minid=(await redis.xrange(PRICES))[-1][0], approximate=False)

    with pytest.raises(HistoryGap, match="readmodel accept-gap cartsnitch.prices"):
        await log.read()
    assert await log.read(upto=log.sent[PRICES][5][0]) == log.sent[PRICES][:6]
