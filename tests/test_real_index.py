"""The price index against its rules worked out in plain Python, over all of Billa's prices and over invented ones."""

import csv
import gzip
import io
import math
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest

import projections
from readmodel.engine.catalogue import discover
from readmodel.engine.projection import DUCKDB
from readmodel.importers.cpi import events_of, read_cpi
from readmodel.importers.heissepreise import Source, prepare
from readmodel.stores import duckdb as duck
from readmodel.testing.given import Document, Given, event, given

SHARED = Path(__file__).parents[2] / "shared" / "data"
PRICES = SHARED / "heissepreise_prices.csv.gz"
CATEGORIES = SHARED / "heissepreise_categories.csv"
FOOD = SHARED / "cpi_food_at_home.csv"
SERIES = "CUUR0000SAF11"

is_shared = pytest.mark.skipif(not PRICES.exists(), reason="the shared data folder is absent")

Months = list[tuple[str, float | None, float | None]]
"""(month, index, official index)."""


@dataclass
class World:
    """What was published, in plain dictionaries; the rules of docs/price-index.md are the methods."""

    stores: dict[str, str] = field(default_factory=dict)
    points: dict[tuple[str, str, date], Decimal] = field(default_factory=dict)
    placements: dict[str, list[tuple[str, int, str | None]]] = field(default_factory=lambda: defaultdict(list))
    official: dict[tuple[str, int], Decimal] = field(default_factory=dict)
    chains: dict[date, dict[Any, dict[int, float]]] = field(default_factory=dict)

    def publish(self, documents: Sequence[Document]) -> None:
        """Take in events in the order of their stream; stores first, so that every name is known."""
        for document in documents:
            if document["type"] == "cartsnitch.stores.updated":
                self.stores[document["data"]["slug"]] = document["data"]["id"]
        for position, document in enumerate(documents):
            data = document["data"]
            match document["type"]:
                case "cartsnitch.prices.updated":
                    slug: str = data.get("store_slug", "")
                    store: str = data["store_id"] if "store_id" in data else self.stores.get(slug, slug)
                    key = (data["normalized_product_id"], store, date.fromisoformat(data["observed_date"]))
                    self.points[key] = Decimal(data["regular_price"])
                case "cartsnitch.products.normalized" if "category" in data:
                    placed = (document["time"], position, data["category"])
                    self.placements[data["normalized_product_id"]].append(placed)
                case "cartsnitch.indices.published":
                    self.official[data["series"], number_of(f"{data['period']}-01")] = Decimal(data["value"])
                case _:
                    pass

    def answer(self, until: date, months: int | None, category: str | None = None) -> tuple[Months, dict[str, float]]:
        """Series and categories of a window, rounded."""
        last = number_of(until.isoformat())
        first = last - months if months is not None else 0
        if until not in self.chains:
            self.chains[until] = {group: chain(links) for group, links in self.links(until).items()}
        levels = {group: cut(found, first) for group, found in self.chains[until].items()}
        ours = levels.get(category if category is not None else ALL, {})
        known = category is None or category in {c for said in self.placements.values() for _, _, c in said}
        cpi = {m: float(v) for (series, m), v in self.official.items() if series == SERIES and first <= m <= last}
        if ours:
            cpi = {month: value for month, value in cpi.items() if month >= min(ours)}
        theirs = cut(cpi, first) if known else {}
        shown = {*ours, *theirs}
        series = [
            (f"{month // 12}-{month % 12 + 1:02}", rounded(ours.get(month)), rounded(theirs.get(month)))
            for month in range(min(shown, default=0), max(shown, default=-1) + 1)
        ]
        wanted = {group: found for group, found in levels.items() if found and isinstance(group, str)}
        if category is not None:
            wanted = {group: found for group, found in wanted.items() if group == category}
        return series, {group: rounded(found[max(found)]) or 0.0 for group, found in wanted.items()}

    def links(self, until: date) -> dict[Any, dict[int, list[float]]]:
        """By category, and for `ALL`: the ratios of every month that has a price; a list may be empty."""
        found: dict[Any, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
        last = number_of(until.isoformat())
        for product, last_points in self.month_ends(until):
            for month in range(min(last_points), min(max(last_points) + 3, last) + 1):
                now, before = price(last_points, month), price(last_points, month - 1)
                if now is not None:
                    ratios = [float(now / before)] if before is not None else []
                    found[ALL][month] += ratios
                    found[self.category(product, month)][month] += ratios
        return found

    def month_ends(self, until: date) -> Iterator[tuple[str, dict[int, Decimal]]]:
        """Per product and store, the price of the last point of each month that has one."""
        points: dict[tuple[str, str], list[tuple[date, Decimal]]] = defaultdict(list)
        for (product, store, day), paid in self.points.items():
            if day <= until and paid > 0:
                points[product, store].append((day, paid))
        for (product, _), series in points.items():
            yield product, {number_of(day.isoformat()): paid for day, paid in sorted(series)}

    def category(self, product: str, month: int) -> str | None:
        """By the newest word in or before the month, else by the first one."""
        said = sorted(self.placements.get(product, []), key=lambda placed: placed[:2])
        until_then = [category for moment, _, category in said if number_of(moment) <= month]
        return until_then[-1] if until_then else said[0][2] if said else None


ALL = object()
"""All products, whatever their category; None are those without one."""


def number_of(day: str) -> int:
    """Months since the year 0."""
    return int(day[:4]) * 12 + int(day[5:7]) - 1


def price(month_ends: dict[int, Decimal], month: int) -> Decimal | None:
    """The last point of the month, or of one of the three before it."""
    return next((month_ends[month - ago] for ago in range(4) if month - ago in month_ends), None)


def chain(links: dict[int, list[float]]) -> dict[int, float]:
    """100 in the first month, and in the others that have pairs the level before times their geometric mean."""
    level, levels = 100.0, {min(links): 100.0}
    for month, ratios in sorted(links.items()):
        if ratios:
            level *= math.exp(math.fsum(map(math.log, ratios)) / len(ratios))
            levels[month] = level
    return levels


def cut(levels: dict[int, float], first: int) -> dict[int, float]:
    """From a month on, 100 in the first that there is."""
    kept = {month: level for month, level in levels.items() if month >= first}
    return {month: 100 * level / kept[min(kept)] for month, level in kept.items()}


def rounded(value: float | None) -> float | None:
    """To hundredths, half up, of what is left when the last digits of a double are dropped."""
    return None if value is None else float(Decimal(f"{value:.9f}").quantize(Decimal("0.01"), ROUND_HALF_UP))


async def asked(
    log: Given, until: date, months: int | None, category: str | None = None
) -> tuple[Months, dict[str, float]]:
    """The same from the projection."""
    rows = await log.answer("inflation", until=until, months=months, category=category, series=SERIES)
    return (
        [(row["month"], row["cartsnitch_index"], row["cpi"]) for row in rows if row["category"] is None],
        {row["category"]: row["cartsnitch_index"] for row in rows if row["category"] is not None},
    )


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB file as the service opens it."""
    opened = duck.open_file(tmp_path_factory.mktemp("index") / "analytics.duckdb", threads=1)
    yield opened
    opened.close()


@pytest.fixture
async def log(file: duckdb.DuckDBPyConnection, database_url: str) -> AsyncIterator[Given]:
    """An empty log that the index follows."""
    plans = {plan.name: plan for plan in discover(projections) if plan.store is DUCKDB}
    async with given(
        plans["price_index"], plans["price_trends"], plans["stores"], database_url=database_url, file=file
    ) as opened:
        yield opened


@pytest.fixture
def billa(tmp_path: Path) -> list[Document]:
    """What the imports of one shop's prices and of the official index publish."""
    prices = tmp_path / "billa.csv"
    with gzip.open(PRICES, "rt", encoding="utf-8", newline="") as rows:
        prices.write_text("".join(kept(rows, "billa")), encoding="utf-8")
    events = [*prepare(Source(prices, categories=CATEGORIES)).events(), *events_of(read_cpi(FOOD))]
    return [orjson.loads(made.to_json()) for made in events]


def kept(rows: Iterable[str], store: str) -> Iterator[str]:
    """The header and the rows of one shop."""
    written = io.StringIO()
    reader = csv.reader(rows)
    csv.writer(written).writerows([next(reader), *(row for row in reader if row[0] == store)])
    yield written.getvalue()


@is_shared
async def test_the_prices_of_billa(log: Given, billa: list[Document]) -> None:
    """68,618 prices of six years: overall and by category, over all time, over each period and within a month."""
    world = World()
    world.publish(billa)
    log.events(*billa)

    windows: list[tuple[date, int | None]] = [(date(2023, 10, 14), months) for months in (None, 12, 6, 3, 1)]
    windows += [(date(2024, 2, 15), None), (date(2022, 7, 13), None), (date(2020, 8, 31), 12)]
    for until, months in windows:
        series, categories = world.answer(until, months)
        assert (await asked(log, until, months)) == (series, categories)
        assert series
    _, categories = world.answer(*windows[0])
    assert len(categories) > 40
    for category in categories:
        assert (await asked(log, *windows[0], category)) == world.answer(*windows[0], category)


@pytest.mark.parametrize("seed", range(8))
async def test_invented_prices(log: Given, seed: int) -> None:
    """Products that move, stores under two names, prices of zero, gaps, corrections and revisions, in any order."""
    dice = random.Random(seed)
    documents = [*invented(dice)]
    world = World()
    world.publish(documents)
    log.events(*documents)

    for until in (date(2023, 12, 31), date(2023, 6, dice.randint(1, 30)), date(2022, dice.randint(1, 12), 15)):
        windows: list[tuple[int | None, str | None]] = [(months, None) for months in (None, 12, 6, 3, 1)]
        windows += [(dice.choice((None, 12, 3)), category) for category in ("Dairy", "Drinks", "Toys")]
        for months, category in windows:
            expected = world.answer(until, months, category)
            assert (await asked(log, until, months, category)) == expected, (until, months, category)


def invented(dice: random.Random) -> Iterator[Document]:
    """Two years of a few products in three stores, one of which nobody knows."""
    store_ids = {slug: f"11111111-0000-4000-8000-00000000000{nth}" for nth, slug in enumerate(("one", "two"))}
    products = [f"22222222-0000-4000-8000-00000000000{nth}" for nth in range(6)]
    documents: list[Document] = [
        event("stores.updated", {"id": store_id, "name": slug, "slug": slug}, time="2022-01-01T00:00:00Z")
        for slug, store_id in store_ids.items()
    ]
    for _ in range(dice.choice((30, 120))):
        slug = dice.choice((*store_ids, "three"))
        named = {"store_id": store_ids[slug]} if slug in store_ids and dice.random() < 0.5 else {"store_slug": slug}
        paid = dice.choice(("0", "1.00", "1.10", "2.49", f"{dice.randint(1, 99_999) / 100:.2f}"))
        seen = {"observed_date": some_day(dice).isoformat(), "regular_price": paid}
        documents.append(event("prices.updated", {"normalized_product_id": dice.choice(products), **named, **seen}))
    for _ in range(dice.randint(0, 14)):
        placed = {"normalized_product_id": dice.choice(products), "category": dice.choice(("Dairy", "Drinks", None))}
        moment = f"{some_day(dice)}T{dice.choice(('00:00:00', '23:59:59'))}Z"
        documents.append(event("products.normalized", placed, time=moment))
    for _ in range(dice.randint(0, 20)):
        value = {"period": f"{some_day(dice):%Y-%m}", "value": f"{dice.randint(200, 400)}"}
        documents.append(event("indices.published", {"series": dice.choice((SERIES, "OTHER")), **value}))
    dice.shuffle(documents)
    yield from documents


def some_day(dice: random.Random) -> date:
    """Of two years, the end of a month as often as any other day."""
    day = date(2022, 1, 1) + timedelta(days=dice.randrange(730))
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1) if dice.random() < 0.5 else day
