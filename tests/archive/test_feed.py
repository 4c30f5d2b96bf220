"""The live feed over streams that are trimmed: what reading a stream passes over, nobody may pass over."""

from datetime import timedelta
from typing import Any

import pytest

from readmodel.engine.folding.batch import Batch
from readmodel.engine.folding.feed import Feed
from readmodel.events.position import format_position
from tests.archive.conftest import PRICES, Log, price


class Taker:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    async def offer(self, batch: Batch) -> None:
        """See Taker of the feed."""
        self.told.append((batch.after, [entry.position for entry in batch.entries]))

    def fall_behind(self) -> None:
        """See Taker of the feed."""
        self.told.append("fall behind")


@pytest.mark.parametrize("delivered", [0, 2], ids=["nothing", "two"])
async def test_what_was_trimmed_before_it_was_read(log: Log, delivered: int) -> None:
    """Of what another process has archived and trimmed meanwhile nothing is read: those who follow look into history.

    What is read behind it comes to them in order again.
    """
    log.tail = timedelta(0)
    await log.add(*map(price, range(1, 6)))
    positions = [0, *(position for position, _ in log.sent[PRICES])]
    feed, taker = Feed(log.history), Taker()
    feed.begin({PRICES: positions[delivered]})
    feed.join(taker, {PRICES: positions[delivered]})

    await log.archived()
    await feed.accept(PRICES, await read(log, positions[delivered]))
    assert (taker.told, feed.delivered) == (["fall behind"], {PRICES: positions[-1]})

    await log.add(price(6), price(7))
    added = [position for position, _ in log.sent[PRICES][-2:]]
    await feed.accept(PRICES, await read(log, positions[-1]))
    assert taker.told[1:] == [(positions[-1], added)]


async def read(log: Log, after: int) -> Any:
    """What Redis answers, the entries behind a position."""
    answer: Any = await log.redis.xread({PRICES: format_position(after)})
    return answer[0][1]
