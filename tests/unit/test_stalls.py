"""When being behind is an alarm."""

import logging

import pytest

from readmodel.engine.folding.stalls import Stalls

LIMIT = 60.0


class Seen:
    """A projection watched, a look every ten seconds."""

    def __init__(self) -> None:
        self.now = 0.0
        self.stalls = Stalls(LIMIT, lambda: self.now)

    def look(self, *lags: tuple[int, float]) -> str | None:
        """What the alarm is after looks that found these lags, in events and seconds."""
        for events, seconds in lags:
            self.stalls.seen("prices", events, seconds)
            self.now += 10
        return self.stalls.alarm("prices")


def test_a_cursor_that_stands_is_an_alarm() -> None:
    """Although the stream goes on; the alarm says how long, and how much is left."""
    stuck = [(5 + look, 10.0 * look) for look in range(8)]

    assert Seen().look(*stuck[:7]) is None
    assert Seen().look(*stuck) == "it has gained nothing for 70 s and is 12 events behind"


def test_a_fold_that_is_too_slow_is_an_alarm() -> None:
    """It moves, and all the same there is more to do at each look, and older."""
    assert Seen().look(*((100 * look, 5.0 * look) for look in range(1, 20))) is not None


@pytest.mark.parametrize(
    "lags",
    [
        pytest.param([(100_000 - 1_000 * look, 100.0 + 10 * look) for look in range(30)], id="an import of one moment"),
        pytest.param([(10 + look, 9_000.0 - 5 * look) for look in range(30)], id="more, but younger"),
        pytest.param([(10, 1.0)] * 30, id="always a little behind, but never long"),
        pytest.param([(10, 50.0), (0, 0.0)] * 15, id="caught up now and then"),
    ],
)
def test_a_projection_that_gains_is_no_alarm(lags: list[tuple[int, float]]) -> None:
    """In events or in time: one of them is enough."""
    seen = Seen()

    assert [seen.look(lag) for lag in lags] == [None] * 30


def test_each_trouble_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    """It ends with the first gain, and what comes after is another."""
    caplog.set_level(logging.INFO)
    seen = Seen()

    seen.look(*((5, 10.0 * look) for look in range(30)))
    assert seen.look((4, 300.0)) is None
    seen.look(*((5, 300.0 + 10.0 * look) for look in range(30)))

    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO", "ERROR"]


def test_who_does_not_fold_is_not_watched() -> None:
    """Such as a process that waits for its lease."""
    seen = Seen()
    assert seen.look(*((5, 10.0 * look) for look in range(30))) is not None

    seen.stalls.forget("prices")

    assert seen.stalls.alarm("prices") is None
