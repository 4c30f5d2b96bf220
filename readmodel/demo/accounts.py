"""Shoppers' accounts at the stores: connected, disconnected, and read now and then, which does not always work."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from random import Random
from typing import Any, Final

from readmodel.demo.announcements import RECEIPTWITNESS, announce
from readmodel.demo.catalogue import STORES
from readmodel.demo.dice import dice
from readmodel.demo.shoppers import Shopper
from readmodel.events.cloudevent import CloudEvent
from readmodel.events.ids import stable_id

_READ, _SECOND_STORE, _DISCONNECTED, _FAILED, _LOST = 0.5, 0.02, 0.008, 0.05, 0.03
_REASONS: Final = ("The store asked for the password again.", "The store did not answer.")
_SECONDS_A_SHOPPER = 10


class Accounts:
    """Which stores read whose receipts for the service, by user."""

    def __init__(self, seed: int) -> None:
        self._random = dice(seed, "accounts")
        self._connected: dict[str, set[str]] = {}

    def day(self, day: date, people: Iterable[Shopper], visits: Iterable[CloudEvent]) -> Iterator[CloudEvent]:
        """Who joined connects the usual store in the morning; who shops on this weekday is looked after in the
        evening, and what was bought that day is found."""
        bought = Counter((visit.data.get("user_id"), visit.data.get("store_slug")) for visit in visits)
        for shopper in people:
            if shopper.joins == day:
                yield self._connect(shopper, shopper.store, _clock(day, 7.5, shopper))
            elif shopper.is_here(day) and shopper.weekday == day.weekday():
                yield from self._look_after(shopper, _clock(day, 22, shopper), bought)

    def sync(self, shopper: Shopper, at: datetime, tick: timedelta) -> Iterator[CloudEvent]:
        """Right now, in ticks: a store is read, in which nothing new is found."""
        stores = sorted(self._connected.get(shopper.id, ()))
        if stores:
            ticks = (at + number * tick for number in count())
            yield from self._sync(shopper, self._random.choice(stores), ticks, 0)

    def _look_after(self, shopper: Shopper, at: datetime, bought: Counter[Any]) -> Iterator[CloudEvent]:
        connected = self._connected[shopper.id]
        seconds = (at + timedelta(seconds=number) for number in count())
        for slug in (store.slug for store in STORES):
            if slug in connected and self._random.random() < _READ:
                yield from self._sync(shopper, slug, seconds, bought[shopper.id, slug])
                if self._random.random() < _DISCONNECTED:
                    connected.discard(slug)
                    yield _told("disconnected", shopper, slug, next(seconds))
            elif slug not in connected and self._random.random() < _SECOND_STORE:
                yield self._connect(shopper, slug, next(seconds))

    def _connect(self, shopper: Shopper, slug: str, at: datetime) -> CloudEvent:
        self._connected.setdefault(shopper.id, set()).add(slug)
        return _told("connected", shopper, slug, at)

    def _sync(self, shopper: Shopper, slug: str, times: Iterator[datetime], found: int) -> Iterator[CloudEvent]:
        begun = next(times)
        job: dict[str, Any] = {"job_id": stable_id("sync", shopper.id, slug, begun.isoformat())}
        yield _told("sync_started", shopper, slug, begun, job)
        if (how := _end(self._random)) == "sync_completed":
            yield _told(how, shopper, slug, next(times), job | {"items_synced": found})
        elif how:
            yield _told(how, shopper, slug, next(times), job | {"error": self._random.choice(_REASONS)})


def _end(random: Random) -> str:
    """How a sync ends; nobody hears of some that were begun."""
    chance = random.random()
    if chance < _LOST:
        return ""
    return "sync_failed" if chance < _LOST + _FAILED else "sync_completed"


def _told(what: str, shopper: Shopper, slug: str, at: datetime, more: dict[str, Any] | None = None) -> CloudEvent:
    data = {"user_id": shopper.id, "store_slug": slug, "at": at.isoformat(), **(more or {})}
    return announce(RECEIPTWITNESS, f"accounts.{what}", at, data, shopper.id, slug)


def _clock(day: date, hour: float, shopper: Shopper) -> datetime:
    late = timedelta(hours=hour, seconds=_SECONDS_A_SHOPPER * shopper.number)
    return datetime.combine(day, time(), UTC) + late
