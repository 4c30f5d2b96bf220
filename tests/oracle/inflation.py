"""The matched-model index: chained geometric means of month-on-month price ratios (Jevons), beside the CPI.

Months are counted from the year 0.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping
from datetime import date
from functools import cached_property
from itertools import pairwise

from tests.oracle.catalogue import Catalogue
from tests.oracle.prices import Days, Prices
from tests.oracle.reading import Fields, Told
from tests.oracle.wire import hundredths

PERIODS = {"all-time": None, "1y": 12, "6m": 6, "3m": 3, "1m": 1}
_CARRIED = 3

Values = Mapping[int, float]
"""By month; a month that is not there has none."""


class Inflation:
    """The index up to a day."""

    def __init__(self, prices: Prices, catalogue: Catalogue, published: list[Told], until: date) -> None:
        self._prices = prices
        self._catalogue = catalogue
        self._published = published
        self._until = until

    def answer(self, period: str, series: str, category: str | None) -> Fields:
        """GET /public/inflation."""
        levels = self._by_category.get(category, {}) if category else self._overall
        is_known = category is None or self._catalogue.has_had(category)
        cpi = self._cpi(series) if is_known else {}
        index, rebased = self._window(period, levels), self._window(period, cpi)
        base = min(index or rebased, default=None)
        index, rebased = _rebased(index, base), _rebased(rebased, base)
        months = range(base, max([*index, *rebased]) + 1) if base is not None else ()
        rows: list[Fields] = [
            {"month": _text(m), "cartsnitch_index": hundredths(index.get(m)), "cpi": hundredths(rebased.get(m))}
            for m in months
        ]
        return {
            "period": period,
            "series": rows,
            "categories": self._categories(period, category),
            "cartsnitch_index": _last([row["cartsnitch_index"] for row in rows]),
            "cpi_baseline": _last([row["cpi"] for row in rows]),
        }

    def _categories(self, period: str, wanted: str | None) -> Fields:
        found = {}
        for category, levels in self._by_category.items():
            if values := self._window(period, levels):
                found[category] = hundredths(values[max(values)] / values[min(values)] * 100)
        return {name: found[name] for name in sorted(found) if wanted in {None, name}}

    def _window(self, period: str, values: Values) -> Values:
        """The values in the period's months."""
        last, length = _month(self._until), PERIODS[period]
        return {m: v for m, v in values.items() if m <= last and (length is None or m >= last - length)}

    def _cpi(self, series: str) -> Values:
        told = sorted((t for t in self._published if t.data["series"] == series), key=lambda t: t.position)
        return {_month(date.fromisoformat(f"{t.data['period']}-01")): float(t.data["value"]) for t in told}

    @cached_property
    def _overall(self) -> Values:
        return self._chained(lambda *_: True)

    @cached_property
    def _by_category(self) -> dict[str, Values]:
        of_products = {
            self._catalogue.category_in(product_id, month) for product_id, monthly in self._monthly for month in monthly
        }
        return {c: self._chained(self._is_in(c)) for c in sorted(filter(None, of_products))}

    def _is_in(self, category: str) -> Callable[[str, int], bool]:
        return lambda product_id, month: self._catalogue.category_in(product_id, month) == category

    def _chained(self, counts: Callable[[str, int], bool]) -> Values:
        """The level per month, of the products that count in it."""
        priced = {month for product_id, monthly in self._monthly for month in monthly if counts(product_id, month)}
        if not priced:
            return {}
        levels = {min(priced): (level := 100.0)}
        for before, month in pairwise(range(min(priced), _month(self._until) + 1)):
            logs = [
                math.log(monthly[month] / monthly[before])
                for product_id, monthly in self._monthly
                if counts(product_id, month) and month in monthly and before in monthly
            ]
            if logs:
                level *= math.exp(math.fsum(logs) / len(logs))
                levels[month] = level
        return levels

    @cached_property
    def _monthly(self) -> list[tuple[str, Values]]:
        """The monthly prices of each product in each store."""
        points = self._prices.points
        return [(p, self._months(days)) for p in points for days in points[p].values()]

    def _months(self, days: Days) -> Values:
        """A month's price: the last point up to its end, carried forward at most three months; never one of 0."""
        seen = [when for when, price in days.items() if price and when <= self._until]
        found: dict[int, float] = {}
        for month in range(_month(seen[0]), _month(self._until) + 1) if seen else ():
            newest = seen[bisect_right([_month(when) for when in seen], month) - 1]
            if _month(newest) >= month - _CARRIED:
                found[month] = float(days[newest])
        return found


def _month(day: date) -> int:
    return 12 * day.year + day.month - 1


def _text(month: int) -> str:
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def _rebased(values: Values, base: int | None) -> Values:
    """100 in the base month, or in the first month after it that has a value; nothing is left of earlier ones."""
    kept = {month: value for month, value in values.items() if base is not None and month >= base}
    return {month: 100 * value / kept[min(kept)] for month, value in kept.items()}


def _last(values: list[float | None]) -> float | None:
    return next((value for value in reversed(values) if value is not None), None)
