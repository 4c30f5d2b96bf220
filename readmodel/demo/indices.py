"""The consumer price index of the market's country: made up, and published as late as real ones are."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Final

from readmodel.demo.announcements import STICKERSHOCK, announce
from readmodel.demo.dice import dice
from readmodel.events.cloudevent import CloudEvent

SERIES: Final = "CUUR0000SAF11"
"""Food at home, all urban consumers, not seasonally adjusted: the name it has at the Bureau of Labor Statistics."""

# A month's figure comes out on this day of the next one: six weeks after the month began.
_PUBLISHED_ON = 13
_KNOWN_BEFORE = 3
_EPOCH, _AT_EPOCH, _A_YEAR = 2020, 250.0, 1.032


class Index:
    """The series, and when which figure is told."""

    def __init__(self, seed: int, start: date) -> None:
        self._seed = seed
        self._start = start
        first = _number(start)
        # The first figure of this month turns out to be wrong, and is corrected a month later.
        self._revised = first + 1

    def day(self, day: date) -> Iterator[CloudEvent]:
        """Last month's figure on the day of publication; the figures before the market's time on its first day."""
        at = datetime.combine(day, time(12, 30), UTC)
        newest = _number(day) - (1 if day.day >= _PUBLISHED_ON else 2)
        if day == self._start:
            for month in range(newest - _KNOWN_BEFORE, newest + 1):
                yield self._published(month, at, self._value(month))
        elif day.day == _PUBLISHED_ON:
            if newest == self._revised + 1:
                yield self._published(self._revised, at, self._value(self._revised))
            error = 0.9 if newest == self._revised else 0
            yield self._published(newest, at, self._value(newest) + error)

    def _value(self, month: int) -> float:
        years = month / 12 - _EPOCH
        trend: float = _AT_EPOCH * _A_YEAR**years
        return trend * dice(self._seed, "index", month).gauss(1, 0.002)

    def _published(self, month: int, at: datetime, value: float) -> CloudEvent:
        period = f"{month // 12:04d}-{month % 12 + 1:02d}"
        data = {"series": SERIES, "period": period, "value": f"{value:.3f}"}
        return announce(STICKERSHOCK, "indices.published", at, data, SERIES, period)


def _number(day: date) -> int:
    """The months since the year 0."""
    return 12 * day.year + day.month - 1
