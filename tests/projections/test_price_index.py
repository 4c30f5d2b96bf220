"""The price index, by examples that can be worked out by hand. docs/price-index.md has the rules."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import pytest

from readmodel.engine.projection import DUCKDB, StoreName
from readmodel.testing.given import Document, Given, event

MILK, BREAD, APPLES = (f"22222222-0000-4000-8000-00000000000{digit}" for digit in "123")
KROGER, MEIJER = "11111111-0000-4000-8000-000000000001", "11111111-0000-4000-8000-000000000002"
SERIES = "CUUR0000SAF11"
CHEAPEST, DEAREST = "0.0001", "999999999.9999"


@pytest.fixture
def names() -> Sequence[str]:
    return ("price_index", "price_trends", "stores")


@pytest.fixture
def store() -> StoreName:
    """Every price takes part, so it is asked of DuckDB."""
    return DUCKDB


class Answer(NamedTuple):
    """Months as (month, index, official index), and the categories' last values."""

    series: Sequence[tuple[str, float | None, float | None]]
    categories: dict[str, float]


async def asked(
    log: Given, until: str, *, months: int | None = None, category: str | None = None, series: str = SERIES
) -> Answer:
    rows = await log.answer(
        "inflation", until=date.fromisoformat(until), months=months, category=category, series=series
    )
    return Answer(
        [(row["month"], row["cartsnitch_index"], row["cpi"]) for row in rows if row["category"] is None],
        {row["category"]: row["cartsnitch_index"] for row in rows if row["category"] is not None},
    )


def overall(*months: tuple[str, float | None]) -> Answer:
    """What is answered where nothing else is known: no official index, no categories."""
    return Answer([(month, index, None) for month, index in months], {})


def cost(day: str, price: str, product_id: str = MILK, store: str = KROGER) -> Document:
    where = {"store_slug": store} if store.isalpha() else {"store_id": store}
    payload = {"normalized_product_id": product_id, "observed_date": day, "regular_price": price}
    return event("prices.updated", {**payload, **where})


def placed(category: str | None, since: str, product_id: str = MILK) -> Document:
    payload = {"normalized_product_id": product_id, "category": category}
    return event("products.normalized", payload, time=f"{since}T12:00:00Z")


def published(period: str, value: str, series: str = SERIES) -> Document:
    return event("indices.published", {"series": series, "period": period, "value": value})


def known(store_id: str, slug: str) -> Document:
    return event("stores.updated", {"id": store_id, "name": slug.title(), "slug": slug})


class TestLinks:
    """A month is compared with the one before it, over the goods that have a price in both."""

    async def test_a_link_is_the_geometric_mean_of_the_ratios(self, log: Given) -> None:
        """Up by 10 % and by 21 % is, on the average, the square root of 1.1 x 1.21."""
        log.events(
            cost("2024-01-05", "1.00"),
            cost("2024-02-05", "1.10"),
            cost("2024-01-06", "2.00", BREAD),
            cost("2024-02-06", "2.42", BREAD),
        )

        assert await asked(log, "2024-02-29") == overall(("2024-01", 100), ("2024-02", 115.37))

    async def test_twice_the_price_and_half_of_it_is_no_change(self, log: Given) -> None:
        """Each pair counts as much as any other, however dear it is: an arithmetic mean would show a rise."""
        log.events(
            cost("2024-01-05", "1.00"),
            cost("2024-02-05", "2.00"),
            cost("2024-01-05", "80.00", BREAD),
            cost("2024-02-05", "40.00", BREAD),
        )

        assert await asked(log, "2024-02-29") == overall(("2024-01", 100), ("2024-02", 100))

    async def test_a_product_in_two_stores_is_two_pairs(self, log: Given) -> None:
        """The cube root of 1.1 x 1.1 x 1.331, not a mean of stores or of products."""
        log.events(
            cost("2024-01-05", "1.00"),
            cost("2024-02-05", "1.10"),
            cost("2024-01-05", "2.00", MILK, MEIJER),
            cost("2024-02-05", "2.20", MILK, MEIJER),
            cost("2024-01-05", "1.00", BREAD),
            cost("2024-02-05", "1.331", BREAD),
        )

        assert await asked(log, "2024-02-29") == overall(("2024-01", 100), ("2024-02", 117.22))

    async def test_a_month_s_price_is_its_last(self, log: Given) -> None:
        """Days before it do not matter, nor does the order in which they are heard of."""
        log.events(
            cost("2024-02-28", "1.10"), cost("2024-01-31", "1.00"), cost("2024-02-01", "9.00"), cost("2024-01-02", "5")
        )

        assert await asked(log, "2024-02-29") == overall(("2024-01", 100), ("2024-02", 110))

    async def test_a_correction_of_a_day_holds(self, log: Given) -> None:
        """Of one day's observations the newest position counts."""
        log.events(cost("2024-01-05", "1.00"), cost("2024-02-05", "3.00"), cost("2024-02-05", "1.10"))

        assert await asked(log, "2024-02-29") == overall(("2024-01", 100), ("2024-02", 110))

    async def test_a_late_observation_is_worked_in(self, log: Given) -> None:
        """A month that is heard of last stands between the two that were known."""
        log.events(cost("2024-01-05", "1.00"), cost("2024-03-05", "1.32"))

        before = await asked(log, "2024-03-31")
        log.events(cost("2024-02-05", "1.10"))
        after = await asked(log, "2024-03-31")

        assert before == overall(("2024-01", 100), ("2024-02", 100), ("2024-03", 132))
        assert after == overall(("2024-01", 100), ("2024-02", 110), ("2024-03", 132))

    async def test_a_day_whose_price_is_zero_has_none(self, log: Given) -> None:
        """It hides what was sent before for that day, in no other day, and not what is sent after."""
        log.events(
            cost("2024-01-05", "1.00"),
            cost("2024-02-05", "1.10"),
            cost("2024-02-06", "1.20"),
            cost("2024-02-06", "0"),
            cost("2024-02-07", "0.00"),
            cost("2024-02-07", "0", BREAD),
        )

        before = await asked(log, "2024-02-29")
        log.events(cost("2024-02-06", "1.21"))
        after = await asked(log, "2024-02-29")

        assert before == overall(("2024-01", 100), ("2024-02", 110))
        assert after == overall(("2024-01", 100), ("2024-02", 121))

    async def test_a_store_named_in_two_ways_is_one(self, log: Given) -> None:
        """Two stores until it is known that the slug and the id are one, whose newest point of a day then holds."""
        log.events(
            cost("2024-01-05", "1.00", store="kroger"),
            cost("2024-02-05", "1.10", store="kroger"),
            cost("2024-02-05", "1.21", store=KROGER),
        )

        before = await asked(log, "2024-02-29")
        log.events(known(KROGER, "kroger"))
        after = await asked(log, "2024-02-29")

        assert before == overall(("2024-01", 100), ("2024-02", 110))
        assert after == overall(("2024-01", 100), ("2024-02", 121))


class TestChain:
    """Goods come and go, and prices are not heard of every month."""

    async def test_a_price_lasts_three_months_more(self, log: Given) -> None:
        """What is heard of in May is compared with January's, which was April's price, too."""
        log.events(cost("2024-01-31", "1.00"), cost("2024-05-01", "2.00"))

        assert await asked(log, "2024-05-31") == overall(
            ("2024-01", 100), ("2024-02", 100), ("2024-03", 100), ("2024-04", 100), ("2024-05", 200)
        )

    async def test_after_a_gap_the_chain_goes_on_from_the_last_level(self, log: Given) -> None:
        """One month more, and there is nothing to compare with: what changed meanwhile is not known."""
        log.events(
            cost("2024-01-05", "1.00"),
            cost("2024-02-05", "1.10"),
            cost("2024-07-05", "3.00"),
            cost("2024-08-05", "3.30"),
        )

        assert await asked(log, "2024-08-31") == overall(
            ("2024-01", 100),
            ("2024-02", 110),
            ("2024-03", 110),
            ("2024-04", 110),
            ("2024-05", 110),
            ("2024-06", None),
            ("2024-07", None),
            ("2024-08", 121),
        )

    async def test_a_new_product_counts_from_its_second_month(self, log: Given) -> None:
        """However dear it is when it comes; its change is then half of the mean."""
        log.events(
            cost("2024-01-05", "1.00"),
            cost("2024-02-05", "1.20"),
            cost("2024-02-05", "99.00", BREAD),
            cost("2024-03-05", "123.75", BREAD),
        )

        assert await asked(log, "2024-03-31") == overall(("2024-01", 100), ("2024-02", 120), ("2024-03", 134.16))

    async def test_a_vanished_product_counts_as_long_as_its_price_lasts(self, log: Given) -> None:
        """In April it holds the mean down to 10 %, in May it is gone."""
        log.events(
            cost("2024-01-05", "1.00", BREAD),
            cost("2024-01-05", "1.00"),
            cost("2024-04-05", "1.21"),
            cost("2024-05-05", "1.4641"),
        )

        assert await asked(log, "2024-05-31") == overall(
            ("2024-01", 100), ("2024-02", 100), ("2024-03", 100), ("2024-04", 110), ("2024-05", 133.1)
        )

    async def test_it_ends_when_the_last_price_does(self, log: Given) -> None:
        """Asked of years later, the series ends where nothing is known any more."""
        log.events(cost("2024-01-05", "1.00"), cost("2024-02-05", "1.10"))

        assert (await asked(log, "9999-12-31")).series[-1] == ("2024-05", 110, None)

    async def test_what_is_too_large_to_say_is_unknown(self, log: Given) -> None:
        """At the contract's bounds: prices rise from the lowest to the highest, again and again."""
        log.events(
            *(
                cost(day, price, product_id)
                for product_id, year in ((MILK, 2020), (BREAD, 2021), (APPLES, 2022))
                for day, price in ((f"{year}-01-05", CHEAPEST), (f"{year}-02-05", DEAREST))
            )
        )

        found = {month: index for month, index, _ in (await asked(log, "2022-03-01")).series}

        assert found["2020-02"] == pytest.approx(1e15)
        assert found["2022-02"] is None

    async def test_nothing_is_known_of_nothing(self, log: Given) -> None:
        """No prices and no official index: no months."""
        assert await asked(log, "2024-02-29") == overall()


class TestWindow:
    """The months that are looked at, and the first of them that is 100."""

    @pytest.mark.parametrize(
        ("months", "base", "index"),
        [
            (None, "2022-12", 113),
            (12, "2023-01", 111.88),
            (6, "2023-07", 105.61),
            (3, "2023-10", 102.73),
            (1, "2023-12", 100.89),
        ],
    )
    async def test_every_period_is_set_to_100_in_its_first_month(
        self, log: Given, months: int | None, base: str, index: float
    ) -> None:
        """A price of 100 that rises by 1 a month."""
        calendar = ["2022-12", *(f"2023-{month:02}" for month in range(1, 13)), "2024-01"]
        log.events(*(cost(f"{month}-05", str(100 + nth)) for nth, month in enumerate(calendar)))

        found = (await asked(log, "2024-01-15", months=months)).series

        assert (found[0], found[-1]) == ((base, 100, None), ("2024-01", index, None))
        assert [month for month, _, _ in found] == calendar[calendar.index(base) :]

    async def test_until_a_day_within_a_month(self, log: Given) -> None:
        """Later days of the month are not known yet, nor are later months."""
        log.events(
            cost("2024-01-05", "1.00"),
            cost("2024-02-15", "1.10"),
            cost("2024-02-16", "1.21"),
            cost("2024-03-01", "5.00"),
        )

        assert await asked(log, "2024-02-14") == overall(("2024-01", 100), ("2024-02", 100))
        assert await asked(log, "2024-02-15") == overall(("2024-01", 100), ("2024-02", 110))
        assert await asked(log, "2024-02-16") == overall(("2024-01", 100), ("2024-02", 121))

    async def test_before_everything_nothing_is_known(self, log: Given) -> None:
        """The first day that there is can be asked for, too."""
        log.events(cost("2024-01-05", "1.00"), published("2024-01", "300"))

        assert await asked(log, "0001-01-01", months=12) == overall()

    async def test_the_base_is_the_first_month_with_a_value(self, log: Given) -> None:
        """The window begins in January, where a price is new and has nothing to be compared with."""
        log.events(cost("2020-01-05", "1.00", BREAD), cost("2024-01-05", "1.00"), cost("2024-03-05", "1.10"))

        assert await asked(log, "2024-03-31", months=2) == overall(("2024-02", 100), ("2024-03", 110))

    async def test_a_price_from_before_the_window_still_lasts(self, log: Given) -> None:
        """The window's first month has the price of the month before."""
        log.events(cost("2023-12-05", "1.00"), cost("2024-02-05", "1.10"))

        assert await asked(log, "2024-02-29", months=1) == overall(("2024-01", 100), ("2024-02", 110))

    async def test_half_a_hundredth_is_rounded_up(self, log: Given) -> None:
        """100.125, which binary logarithms miss by a little."""
        log.events(cost("2024-01-05", "8.00"), cost("2024-02-05", "8.01"))

        assert await asked(log, "2024-02-29") == overall(("2024-01", 100), ("2024-02", 100.13))


class TestCategories:
    """A product counts in each month where it is in that month, and overall wherever it is."""

    async def test_each_category_has_its_own_chain(self, log: Given) -> None:
        """Set to 100 in its own first month; products without a category count overall only."""
        log.events(
            placed("Dairy", "2024-01-01"),
            placed("Bakery", "2024-01-01", BREAD),
            cost("2024-01-05", "1.00"),
            cost("2024-02-05", "1.10"),
            cost("2024-03-05", "1.21"),
            cost("2024-02-05", "1.00", BREAD),
            cost("2024-03-05", "1.331", BREAD),
            cost("2024-02-05", "1.00", APPLES),
            cost("2024-03-05", "1.00", APPLES),
        )

        everything = await asked(log, "2024-03-31")
        bakery = await asked(log, "2024-03-31", category="Bakery")

        series = [("2024-01", 100, None), ("2024-02", 110, None), ("2024-03", 124.91, None)]
        assert everything == Answer(series, {"Bakery": 133.1, "Dairy": 121})
        assert bakery == Answer([("2024-02", 100, None), ("2024-03", 133.1, None)], {"Bakery": 133.1})

    async def test_a_product_that_moves_takes_its_change_along(self, log: Given) -> None:
        """From the month of the move on it counts in the new category, with the step of that month."""
        log.events(
            placed("Dairy", "2024-01-01"),
            placed("Drinks", "2024-03-31"),
            placed("Drinks", "2024-01-01", APPLES),
            cost("2024-01-05", "1.00"),
            cost("2024-02-05", "1.10"),
            cost("2024-03-05", "1.21"),
            cost("2024-01-05", "3.00", APPLES),
        )

        dairy, drinks = [await asked(log, "2024-04-30", category=category) for category in ("Dairy", "Drinks")]

        assert dairy == Answer([("2024-01", 100, None), ("2024-02", 110, None)], {"Dairy": 110})
        assert drinks == Answer(
            [("2024-01", 100, None), ("2024-02", 100, None), ("2024-03", 104.88, None), ("2024-04", 104.88, None)],
            {"Drinks": 104.88},
        )
        assert (await asked(log, "2024-04-30")).categories == {"Dairy": 110, "Drinks": 104.88}

    async def test_a_move_while_a_price_lasts(self, log: Given) -> None:
        """From March on February's prices, an old and a new one, are pairs with themselves in the new category.

        The step that one of them made stays in the old category. The cube root of 1.331 is 1.1.
        """
        log.events(
            *(placed("Dairy", "2024-01-01", product_id) for product_id in (MILK, BREAD)),
            *(placed("Drinks", "2024-03-10", product_id) for product_id in (MILK, BREAD)),
            placed("Drinks", "2024-01-01", APPLES),
            cost("2024-01-05", "1.00"),
            cost("2024-02-05", "1.21"),
            cost("2024-02-05", "3.00", BREAD),
            cost("2024-02-05", "1.00", APPLES),
            cost("2024-03-05", "1.331", APPLES),
        )

        dairy, drinks = [(await asked(log, "2024-04-30", category=name)).series for name in ("Dairy", "Drinks")]

        assert dairy == [("2024-01", 100, None), ("2024-02", 121, None)]
        assert drinks == [("2024-02", 100, None), ("2024-03", 110, None), ("2024-04", 110, None)]

    async def test_before_its_first_category_a_product_was_in_that(self, log: Given) -> None:
        """The first word goes back to the beginning, even where the same month had another one."""
        log.events(
            placed("Drinks", "2024-03-20"),
            placed("Dairy", "2024-03-10"),
            cost("2024-01-05", "1.00"),
            cost("2024-02-05", "1.10"),
            cost("2024-03-05", "1.21"),
        )

        assert await asked(log, "2024-03-31") == Answer(
            [("2024-01", 100, None), ("2024-02", 110, None), ("2024-03", 121, None)], {"Dairy": 110, "Drinks": 100}
        )

    async def test_of_two_words_at_one_moment_the_later_in_the_stream_holds(self, log: Given) -> None:
        """For the beginning it is the earlier of the two; events that say no category change nothing."""
        log.events(
            placed("Dairy", "2024-02-10"),
            placed("Drinks", "2024-02-10"),
            event(
                "products.normalized",
                {"normalized_product_id": MILK, "canonical_name": "Milk"},
                time="2024-02-20T00:00:00Z",
            ),
            cost("2024-01-05", "1.00"),
            cost("2024-02-05", "1.10"),
            cost("2024-03-05", "1.21"),
        )

        assert (await asked(log, "2024-03-31")).categories == {"Dairy": 100, "Drinks": 110}

    async def test_a_product_may_be_taken_out_of_its_category(self, log: Given) -> None:
        """Null is no category; a product that left the catalogue counts as before."""
        log.events(
            placed("Dairy", "2024-01-01"),
            placed(None, "2024-03-01"),
            placed("Bakery", "2024-01-01", BREAD),
            event("products.removed", {"normalized_product_id": BREAD}, time="2024-01-20T00:00:00Z"),
            cost("2024-01-05", "1.00"),
            cost("2024-02-05", "1.10"),
            cost("2024-03-05", "1.21"),
            cost("2024-01-05", "1.00", BREAD),
            cost("2024-03-05", "1.21", BREAD),
        )

        assert await asked(log, "2024-03-31") == Answer(
            [("2024-01", 100, None), ("2024-02", 104.88, None), ("2024-03", 121, None)],
            {"Bakery": 121, "Dairy": 110},
        )

    async def test_the_window_cuts_categories_too(self, log: Given) -> None:
        """One without a value in the window is not listed."""
        log.events(
            placed("Dairy", "2023-01-01"),
            placed("Bakery", "2023-01-01", BREAD),
            cost("2023-01-05", "1.00", BREAD),
            cost("2023-01-05", "1.00"),
            cost("2024-01-05", "1.50"),
            cost("2024-02-05", "1.65"),
            cost("2024-03-05", "1.815"),
        )

        assert (await asked(log, "2024-03-31", months=1)).categories == {"Dairy": 110}

    async def test_nothing_is_said_of_an_unknown_category(self, log: Given) -> None:
        """Not even the official index; of a known one that has no price, only that. A blank name is none."""
        log.events(
            placed("Dairy", "2024-01-01"),
            cost("2024-01-05", "1.00"),
            placed("Bakery", "2024-01-01", BREAD),
            placed("Cakes", "2024-02-01", BREAD),
            placed("", "2024-02-02", BREAD),
            cost("2024-02-05", "1.00", BREAD),
            published("2024-01", "300"),
        )

        assert await asked(log, "2024-01-31", category="Toys") == overall()
        assert await asked(log, "2024-01-31", category="Cakes") == Answer([("2024-01", None, 100)], {})
        assert (await asked(log, "2024-02-28")).categories == {"Dairy": 100}


class TestOfficialIndex:
    """Shown beside ours, 100 where ours is."""

    async def test_it_is_set_to_100_in_the_base_month(self, log: Given) -> None:
        """What was published for months before the base, for later ones, or in other series, is not shown."""
        log.events(
            cost("2024-02-05", "1.00"),
            cost("2024-03-05", "1.10"),
            published("2024-01", "290"),
            published("2024-02", "300"),
            published("2024-03", "303"),
            published("2024-04", "400"),
            published("2024-03", "999", "CUUR0000SA0"),
        )

        assert await asked(log, "2024-03-31") == Answer([("2024-02", 100, 100), ("2024-03", 110, 101)], {})
        assert await asked(log, "2024-03-31", series="CUUR0000SA0") == Answer(
            [("2024-02", 100, None), ("2024-03", 110, 100)], {}
        )

    async def test_a_month_published_again_was_revised(self, log: Given) -> None:
        """The newest publication of a month holds."""
        log.events(
            cost("2024-01-05", "1.00"),
            published("2024-01", "300"),
            published("2024-02", "303"),
            published("2024-02", "306"),
        )

        assert await asked(log, "2024-02-29") == Answer([("2024-01", 100, 100), ("2024-02", 100, 102)], {})

    async def test_without_a_value_in_the_base_month_it_begins_later(self, log: Given) -> None:
        """Its first value after the base is 100, months between are unknown, and it may outlast ours."""
        log.events(
            cost("2024-01-05", "1.00"),
            published("2023-12", "200"),
            published("2024-02", "300"),
            published("2024-06", "330"),
        )

        assert await asked(log, "2024-07-31") == Answer(
            [
                ("2024-01", 100, None),
                ("2024-02", 100, 100),
                ("2024-03", 100, None),
                ("2024-04", 100, None),
                ("2024-05", None, None),
                ("2024-06", None, 110),
            ],
            {},
        )

    async def test_without_prices_it_stands_alone(self, log: Given) -> None:
        """From its first month in the window on."""
        log.events(published("2024-01", "290"), published("2024-03", "300"), published("2024-05", "303"))

        assert await asked(log, "2024-05-15", months=3) == Answer(
            [("2024-03", None, 100), ("2024-04", None, None), ("2024-05", None, 101)], {}
        )


async def test_compaction_changes_no_answer(log: Given) -> None:
    """Superseded facts are in the logs until they are compacted, and never in an answer."""
    log.events(cost("2024-01-05", "9.00"), placed("Toys", "2024-01-02"), placed("Dairy", "2024-01-01"))
    log.events(cost("2024-01-05", "1.00"), placed("Drinks", "2024-01-03"), placed("Milk", "2023-12-31"))
    log.events(cost("2024-02-05", "1.10"))

    before = await asked(log, "2024-02-29")
    log.compact()

    expected = Answer([("2024-01", 100, None), ("2024-02", 110, None)], {"Drinks": 110})
    assert before == await asked(log, "2024-02-29") == expected
    assert len(await log.rows("categories_log")) == 3
