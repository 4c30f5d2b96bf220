"""Prices of many products at once: trends, increases, comparisons and baskets."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from readmodel.engine.paging import Page
from readmodel.engine.projection import DUCKDB, StoreName
from readmodel.testing.given import Document, Given, event

MILK, BREAD, APPLES = (f"22222222-0000-4000-8000-00000000000{digit}" for digit in "123")
KROGER, MEIJER = "11111111-0000-4000-8000-000000000001", "11111111-0000-4000-8000-000000000002"
EVERYTHING = {"category": None, "from_day": None, "to_day": None}
ANY_RISE = {**EVERYTHING, "min_pct": Decimal(0)}
STORES = tuple(
    event("stores.updated", {"id": store_id, "name": name, "slug": name.lower()})
    for store_id, name in ((KROGER, "Kroger"), (MEIJER, "Meijer"))
)


@pytest.fixture
def names() -> Sequence[str]:
    return ("price_trends", "products", "stores")


@pytest.fixture
def store() -> StoreName:
    """Scans and aggregates live in DuckDB."""
    return DUCKDB


def product(product_id: str, name: str | None, category: str | None = None) -> Document:
    named = {"normalized_product_id": product_id, "canonical_name": name, "category": category}
    return event("products.normalized", named)


def observed(day: str, price: str, product_id: str = MILK, store_id: str | None = KROGER, **more: object) -> Document:
    payload = {"normalized_product_id": product_id, "store_id": store_id, "observed_date": day, "regular_price": price}
    return event("prices.updated", {**payload, **more})


def rise(old: str, new: str, percent: object, day: str, **more: Any) -> dict[str, Any]:
    return {
        "product_id": UUID(MILK),
        "product_name": "Milk",
        "store_name": "Kroger",
        "old_price": Decimal(old),
        "new_price": Decimal(new),
        "increase_pct": percent,
        "detected_at": date.fromisoformat(day),
        **more,
    }


def point(day: str, price: str, product_id: str = MILK, store_id: str = KROGER, name: str = "Kroger") -> dict[str, Any]:
    return {
        "product_id": UUID(product_id),
        "date": date.fromisoformat(day),
        "price": Decimal(price),
        "store_id": store_id,
        "store_name": name,
    }


def current(
    price: str, day: str, product_id: str = MILK, store_id: str = KROGER, name: str = "Kroger"
) -> dict[str, Any]:
    return {
        "product_id": UUID(product_id),
        "store_id": store_id,
        "store_name": name,
        "current_price": Decimal(price),
        "last_seen_at": date.fromisoformat(day),
    }


class TestIncreases:
    """Each product and store whose newest price is above the day before it that has one."""

    async def test_an_increase_compares_the_newest_day_with_the_one_before(self, log: Given) -> None:
        """Days without a price lie between them and do not matter; nor do older days."""
        log.events(
            *STORES,
            product(MILK, "Milk"),
            observed("2024-01-01", "1.00"),
            observed("2024-02-01", "2.00"),
            observed("2024-03-01", "2.50"),
        )

        assert await log.answer("increases", **ANY_RISE) == [rise("2.00", "2.50", 25.0, "2024-03-01")]

    async def test_a_late_observation_becomes_the_day_before(self, log: Given) -> None:
        """A day that is heard of last, but lies between the two, is what the newest is compared with."""
        log.events(*STORES, product(MILK, "Milk"), observed("2024-03-01", "2.00"), observed("2024-03-03", "3.00"))

        before = await log.answer("increases", **ANY_RISE)
        log.events(observed("2024-03-02", "2.40"))
        after = await log.answer("increases", **ANY_RISE)

        assert (before, after) == (
            [rise("2.00", "3.00", 50.0, "2024-03-03")],
            [rise("2.40", "3.00", 25.0, "2024-03-03")],
        )

    async def test_a_correction_of_the_newest_day_may_undo_the_increase(self, log: Given) -> None:
        """The newest position of a day holds, whatever its source."""
        log.events(
            *STORES,
            product(MILK, "Milk"),
            observed("2024-03-01", "2.00"),
            observed("2024-03-02", "3.00", source="weekly_ad"),
            observed("2024-03-02", "2.00", source="receipt"),
        )

        assert await log.answer("increases", **ANY_RISE) == []

    async def test_two_observations_of_one_day_are_no_increase(self, log: Given) -> None:
        """An increase needs two days, however a store was named on the one."""
        log.events(
            *STORES,
            product(MILK, "Milk"),
            observed("2024-03-01", "2.00"),
            observed("2024-03-01", "3.00", store_id=None, store_slug="kroger"),
        )

        assert await log.answer("increases", **ANY_RISE) == []

    async def test_a_store_named_in_two_ways_has_one_series(self, log: Given) -> None:
        """The day before may have been sent with the slug, and the newest with the id."""
        log.events(
            *STORES,
            product(MILK, "Milk"),
            observed("2024-03-01", "2.00", store_id=None, store_slug="kroger"),
            observed("2024-03-02", "2.10"),
        )

        assert await log.answer("increases", **ANY_RISE) == [rise("2.00", "2.10", 5.0, "2024-03-02")]

    async def test_stores_do_not_mix(self, log: Given) -> None:
        """A dearer store is no increase."""
        log.events(
            *STORES, product(MILK, "Milk"), observed("2024-03-01", "2"), observed("2024-03-02", "3", MILK, MEIJER)
        )

        assert await log.answer("increases", **ANY_RISE) == []

    async def test_until_a_day_the_later_ones_are_unknown(self, log: Given) -> None:
        """Asked up to a day, the newest price is that day's; the comparison may reach back before the window."""
        log.events(
            *STORES,
            product(MILK, "Milk"),
            observed("2024-03-01", "2.00"),
            observed("2024-03-02", "2.50"),
            observed("2024-03-03", "2.00"),
        )
        until = {"from_day": date(2024, 3, 1), "to_day": date(2024, 3, 2)}

        assert await log.answer("increases", **ANY_RISE) == []
        assert await log.answer("increases", **{**ANY_RISE, **until}) == [rise("2.00", "2.50", 25.0, "2024-03-02")]

    async def test_an_increase_before_the_window_is_not_in_it(self, log: Given) -> None:
        """`from` is the day before the first of the window."""
        log.events(*STORES, product(MILK, "Milk"), observed("2024-03-01", "2.00"), observed("2024-03-02", "2.50"))

        assert await log.answer("increases", **{**ANY_RISE, "from_day": date(2024, 3, 2)}) == []

    async def test_a_rise_from_nothing_has_no_percentage(self, log: Given) -> None:
        """What cost nothing the day before is left out rather than divided by zero."""
        log.events(*STORES, product(MILK, "Milk"), observed("2024-03-01", "0"), observed("2024-03-02", "2.50"))

        assert await log.answer("increases", **ANY_RISE) == []

    async def test_a_threshold_is_compared_exactly(self, log: Given) -> None:
        """A rise of exactly the percentage asked for is one, and of a ten-thousandth less is none."""
        log.events(
            *STORES,
            product(MILK, "Milk"),
            product(BREAD, "Bread"),
            observed("2024-03-01", "3.00"),
            observed("2024-03-02", "3.30"),
            observed("2024-03-01", "3.0000", BREAD),
            observed("2024-03-02", "3.2999", BREAD),
        )

        assert await log.answer("increases", **{**ANY_RISE, "min_pct": Decimal(10)}) == [
            rise("3.00", "3.30", 10.0, "2024-03-02")
        ]

    async def test_the_largest_prices_can_be_compared(self, log: Given) -> None:
        """At the contract's bounds no number overflows."""
        log.events(
            *STORES,
            product(MILK, "Milk"),
            observed("2024-03-01", "0.0001"),
            observed("2024-03-02", "999999999.9999"),
        )

        (found,) = await log.answer("increases", **{**ANY_RISE, "min_pct": Decimal(1_000_000)})

        assert found == rise("0.0001", "999999999.9999", pytest.approx(999_999_999_999_800), "2024-03-02")

    async def test_the_largest_rise_comes_first_and_equals_by_product_and_store(self, log: Given) -> None:
        """Ties are broken, so that pages neither repeat a row nor lose one."""
        log.events(
            *STORES,
            *(product(product_id, "Same") for product_id in (APPLES, BREAD, MILK)),
            *(
                observed(day, price, product_id, store_id)
                for product_id, store_id, new in (
                    (BREAD, MEIJER, "2.20"),
                    (MILK, MEIJER, "2.20"),
                    (APPLES, KROGER, "3.00"),
                    (MILK, KROGER, "2.20"),
                )
                for day, price in (("2024-03-01", "2.00"), ("2024-03-02", new))
            ),
        )

        pages = [await log.page("increases", Page(limit=2, offset=offset), **ANY_RISE) for offset in (0, 2)]

        same = {"product_name": "Same", "new_price": Decimal("2.20")}
        assert pages == [
            (
                [
                    rise("2.00", "3.00", 50.0, "2024-03-02", product_id=UUID(APPLES), product_name="Same"),
                    rise("2.00", "2.20", 10.0, "2024-03-02", **same),
                ],
                4,
            ),
            (
                [
                    rise("2.00", "2.20", 10.0, "2024-03-02", **same, store_name="Meijer"),
                    rise("2.00", "2.20", 10.0, "2024-03-02", **same, product_id=UUID(BREAD), store_name="Meijer"),
                ],
                4,
            ),
        ]

    async def test_only_known_products_of_the_category(self, log: Given) -> None:
        """A category asked for leaves the others out, and so do products that are not, or no longer, known."""
        log.events(
            *STORES,
            product(MILK, "Milk", "Dairy"),
            product(BREAD, "Bread", "Bakery"),
            *(
                observed(day, price, product_id)
                for product_id in (MILK, BREAD, APPLES)
                for day, price in (("2024-03-01", "2.00"), ("2024-03-02", "2.20"))
            ),
        )
        log.events(event("products.removed", {"normalized_product_id": BREAD}))

        expected = [rise("2.00", "2.20", 10.0, "2024-03-02")]
        assert await log.answer("increases", **ANY_RISE) == expected
        assert await log.answer("increases", **{**ANY_RISE, "category": "Dairy"}) == expected
        assert await log.answer("increases", **{**ANY_RISE, "category": "Bakery"}) == []


class TestTrends:
    """The histories of the products that have a price in a window."""

    async def test_products_with_a_price_in_the_window_by_name(self, log: Given) -> None:
        """Nameless ones come last; those without a price in the window are not listed."""
        log.events(
            product(APPLES, None),
            product(MILK, "Milk"),
            product(BREAD, "Bread"),
            observed("2024-03-02", "1", APPLES),
            observed("2024-03-02", "2", MILK),
            observed("2024-03-01", "3", BREAD),
        )

        everything = await log.page("trend_products", Page(limit=10), **EVERYTHING)
        window = await log.page("trend_products", Page(limit=1), **{**EVERYTHING, "from_day": date(2024, 3, 1)})

        milk, bread, apples = (
            {"product_id": UUID(product_id), "product_name": name}
            for product_id, name in ((MILK, "Milk"), (BREAD, "Bread"), (APPLES, None))
        )
        assert everything == ([bread, milk, apples], 3)
        assert window == ([milk], 2)

    async def test_a_product_counts_in_the_category_that_it_is_in_now(self, log: Given) -> None:
        """One that moves is found in the new category only, with all of its history."""
        log.events(product(MILK, "Milk", "Dairy"), observed("2024-03-01", "2"), product(MILK, "Milk", "Drinks"))

        assert await log.answer("trend_products", **{**EVERYTHING, "category": "Dairy"}) == []
        assert await log.answer("trend_products", **{**EVERYTHING, "category": "Drinks"}) == [
            {"product_id": UUID(MILK), "product_name": "Milk"}
        ]

    async def test_points_in_order_of_product_day_and_store(self, log: Given) -> None:
        """One point per store and day, the newest, whether the store was named by id, by slug, or is unknown."""
        log.events(
            *STORES,
            observed("2024-03-02", "2.20"),
            observed("2024-03-01", "1.00", BREAD),
            observed("2024-03-01", "2.00", store_id=None, store_slug="kroger"),
            observed("2024-03-01", "2.10"),
            observed("2024-03-01", "1.90", store_id=None, store_slug="corner"),
        )

        found = await log.answer("trend_points", product_ids=[MILK, BREAD], from_day=None, to_day=None)

        assert found == [
            point("2024-03-01", "2.10"),
            point("2024-03-01", "1.90", store_id="corner", name="corner"),
            point("2024-03-02", "2.20"),
            point("2024-03-01", "1.00", BREAD),
        ]

    async def test_compaction_changes_no_answer(self, log: Given) -> None:
        """Superseded facts are in the log until it is compacted, and never in an answer."""
        log.events(*STORES, observed("2024-03-01", "2"), observed("2024-03-01", "3"), observed("2024-03-01", "4"))
        asked: dict[str, Any] = {"product_ids": [MILK], "from_day": None, "to_day": None}

        before = await log.answer("trend_points", **asked)
        log.compact()

        assert before == await log.answer("trend_points", **asked) == [point("2024-03-01", "4")]
        assert len(await log.rows("points_log")) == 1


class TestComparison:
    """What products cost today, store beside store."""

    async def test_each_store_s_newest_day(self, log: Given) -> None:
        """The newest day's price in each store, by name of store; a late older day changes nothing."""
        log.events(
            *STORES,
            observed("2024-03-05", "2.00", MILK, MEIJER),
            observed("2024-03-02", "9.00", MILK, MEIJER),
            observed("2024-03-01", "3.00"),
            observed("2024-03-01", "3.10", store_id=None, store_slug="kroger"),
            observed("2024-03-01", "1.00", BREAD),
        )

        assert await log.answer("current_prices", product_ids=[BREAD, MILK]) == [
            current("3.10", "2024-03-01"),
            current("2.00", "2024-03-05", store_id=MEIJER, name="Meijer"),
            current("1.00", "2024-03-01", BREAD),
        ]

    async def test_nothing_asked_is_nothing_answered(self, log: Given) -> None:
        """A page without products asks for the prices of none."""
        log.events(*STORES, observed("2024-03-01", "3.00"))

        assert await log.answer("current_prices", product_ids=[]) == []

    async def test_names_of_what_is_known(self, log: Given) -> None:
        """Unknown and removed products have no name, and another category's are not meant."""
        log.events(
            product(MILK, "Milk", "Dairy"),
            product(BREAD, "Bread", "Bakery"),
            event("products.removed", {"normalized_product_id": BREAD}),
        )
        milk = {"product_id": UUID(MILK), "product_name": "Milk"}

        assert await log.answer("names", product_ids=[MILK, BREAD, APPLES], category=None) == [milk]
        assert await log.answer("names", product_ids=[MILK], category="Bakery") == []

    async def test_a_basket_is_the_sum_of_what_a_store_has(self, log: Given) -> None:
        """Of each product in the category the newest day's price; with how many products it is made of."""
        log.events(
            *STORES,
            product(MILK, "Milk", "Food"),
            product(BREAD, "Bread", "Food"),
            product(APPLES, "Apples", "Fruit"),
            observed("2024-03-01", "9.00"),
            observed("2024-03-02", "2.00"),
            observed("2024-03-01", "1.25", BREAD),
            observed("2024-03-01", "5.00", APPLES),
            observed("2024-03-01", "2.50", MILK, MEIJER),
            observed("2024-03-03", "2.40", store_id=None, store_slug="meijer"),
        )

        assert await log.answer("baskets", category="Food") == [
            {"store_id": KROGER, "store_name": "Kroger", "basket_total": Decimal("3.25"), "items_compared": 2},
            {"store_id": MEIJER, "store_name": "Meijer", "basket_total": Decimal("2.40"), "items_compared": 1},
        ]

    async def test_a_category_lists_products_without_a_price_too(self, log: Given) -> None:
        """A category is what is in it, priced or not, by name."""
        log.events(product(MILK, "Milk", "Food"), product(BREAD, "Bread", "Food"), product(APPLES, "Apples", "Fruit"))

        assert await log.page("category_products", Page(limit=5), category="Food") == (
            [{"product_id": UUID(BREAD), "product_name": "Bread"}, {"product_id": UUID(MILK), "product_name": "Milk"}],
            2,
        )
