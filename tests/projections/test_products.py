"""The product catalogue."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from readmodel.engine.paging import Page
from readmodel.engine.projection import DUCKDB, StoreName
from readmodel.testing.given import Document, Given, event

MILK, BREAD, APPLES = (f"22222222-0000-4000-8000-00000000000{digit}" for digit in "123")
ALL = {"text": None, "category": None}


@pytest.fixture
def names() -> Sequence[str]:
    return ("products",)


def normalized(product_id: str, **fields: object) -> Document:
    return event("products.normalized", {"normalized_product_id": product_id, **fields})


def removed(product_id: str) -> Document:
    return event("products.removed", {"normalized_product_id": product_id})


def product(product_id: str, **fields: Any) -> dict[str, Any]:
    """A catalogue row, null where nothing is said."""
    nothing = dict.fromkeys(("name", "brand", "category", "upc", "image_url"))
    return {"id": UUID(product_id), **nothing, **fields}


async def test_a_product_has_what_was_said_of_it(log: Given) -> None:
    """Every field shows; of the bar codes the first."""
    log.events(
        normalized(
            MILK,
            canonical_name="Whole Milk",
            category="Dairy",
            subcategory="Milk",
            brand="Dairyland",
            size=1,
            size_unit="gal",
            upc_variants=["0001", "0002"],
            image_url="/milk.png",
        )
    )

    assert await log.answer("product_by_id", product_id=MILK) == [
        product(MILK, name="Whole Milk", brand="Dairyland", category="Dairy", upc="0001", image_url="/milk.png")
    ]


async def test_a_missing_field_leaves_and_null_clears(log: Given) -> None:
    """The second event does not mention the brand, and takes the category away."""
    log.events(
        normalized(MILK, canonical_name="Milk", brand="Dairyland", category="Dairy"),
        normalized(MILK, canonical_name="Whole Milk", category=None),
    )

    assert await log.answer("product_by_id", product_id=MILK) == [product(MILK, name="Whole Milk", brand="Dairyland")]


async def test_a_value_cleared_can_be_set_again(log: Given) -> None:
    """Null is the newest value only until there is a newer one."""
    log.events(
        normalized(MILK, canonical_name="Milk", upc_variants=["0001"]),
        normalized(MILK, canonical_name=None, upc_variants=None),
        normalized(MILK, upc_variants=["0002"]),
    )

    assert await log.answer("product_by_id", product_id=MILK) == [product(MILK, upc="0002")]


@pytest.mark.parametrize("full_comes_first", [True, False])
async def test_a_short_form_adds_to_a_full_one(log: Given, full_comes_first: bool) -> None:
    """Today's short form names product and match only, and takes nothing away, before a full form or after it."""
    full = normalized(MILK, canonical_name="Whole Milk", category="Dairy")
    short = event("products.normalized", {"product_id": MILK, "match_method": "upc", "confidence": 0.98})

    log.events(*([full, short] if full_comes_first else [short, full]))

    assert await log.answer("product_by_id", product_id=MILK) == [product(MILK, name="Whole Milk", category="Dairy")]


async def test_a_short_form_alone_is_a_product_without_a_name(log: Given) -> None:
    """That it exists is known, and is all that is known."""
    log.events(event("products.normalized", {"product_id": MILK, "match_method": "name", "confidence": "0.5"}))

    assert await log.answer("product_by_id", product_id=MILK) == [product(MILK)]


async def test_a_removed_product_is_not_found(log: Given) -> None:
    """A removal hides the product from every list."""
    log.events(normalized(MILK, canonical_name="Milk"), normalized(BREAD, canonical_name="Bread"), removed(MILK))

    assert await log.answer("product_by_id", product_id=MILK) == []
    assert await log.answer("catalogue", **ALL) == [product(BREAD, name="Bread")]


async def test_a_removal_of_what_nobody_knows_is_no_product(log: Given) -> None:
    """A removal leaves a tombstone, which no query shows."""
    log.events(removed(MILK))

    assert await log.answer("catalogue", **ALL) == []


async def test_a_product_comes_back_without_its_old_fields(log: Given) -> None:
    """An event after the removal starts anew: what was said before it is forgotten."""
    log.events(
        normalized(MILK, canonical_name="Milk", brand="Dairyland", upc_variants=["0001"]),
        removed(MILK),
        normalized(MILK, canonical_name="Whole Milk"),
    )

    assert await log.answer("product_by_id", product_id=MILK) == [product(MILK, name="Whole Milk")]


async def test_an_older_event_that_comes_late_does_not_bring_a_product_back(log: Given) -> None:
    """What counts is the position, not the time of arrival: here the removal is the newest of all three."""
    log.events(normalized(MILK, canonical_name="Milk"), normalized(MILK, brand="Dairyland"), removed(MILK))

    assert await log.answer("product_by_id", product_id=MILK) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [("%", ["100%_ Apple Juice"]), ("_", ["100%_ Apple Juice", "Milk"]), ("!", []), ("&", ["Bread"])],
)
async def test_a_text_without_a_word_is_found_as_it_is_written(log: Given, text: str, expected: list[str]) -> None:
    """In name or brand; no character is a wild card."""
    log.events(
        normalized(MILK, canonical_name="Milk", brand="Dairy_Land"),
        normalized(APPLES, canonical_name="100%_ Apple Juice"),
        normalized(BREAD, canonical_name="Bread", brand="B & B"),
    )

    assert [row["name"] for row in await log.answer("catalogue", text=text, category=None)] == expected


async def test_the_catalogue_of_a_category(log: Given) -> None:
    """Compared exactly, and together with a text."""
    log.events(
        normalized(MILK, canonical_name="Milk & More", category="Dairy"),
        normalized(BREAD, canonical_name="Bread & Butter", category="Bakery"),
        normalized(APPLES, canonical_name="Apples", category="dairy"),
    )

    expected = [product(MILK, name="Milk & More", category="Dairy")]
    assert await log.answer("catalogue", text=None, category="Dairy") == expected
    assert await log.answer("catalogue", text="&", category="Dairy") == expected


async def test_a_page_knows_how_many_there_are(log: Given) -> None:
    """The catalogue is in order of name, nameless products last; beyond its end a page is empty."""
    log.events(normalized(APPLES), normalized(MILK, canonical_name="Milk"), normalized(BREAD, canonical_name="Bread"))

    assert await log.page("catalogue", Page(limit=2), **ALL) == (
        [product(BREAD, name="Bread"), product(MILK, name="Milk")],
        3,
    )
    assert await log.page("catalogue", Page(limit=2, offset=2), **ALL) == ([product(APPLES)], 3)
    assert await log.page("catalogue", Page(limit=2, offset=4), **ALL) == ([], 3)


class TestInDuckDB:
    """The same state in the other store, where nobody asks for it alone."""

    @pytest.fixture
    def store(self) -> StoreName:
        """Here it is DuckDB."""
        return DUCKDB

    async def test_the_view_shows_the_state_as_in_postgres(self, log: Given) -> None:
        """Fields left, cleared and forgotten, and products removed, as the tests above have them."""
        log.events(
            normalized(MILK, canonical_name="Milk", brand="Dairyland", category="Dairy", upc_variants=["0001"]),
            normalized(MILK, category=None),
            normalized(BREAD, canonical_name="Bread"),
            removed(BREAD),
            normalized(APPLES, canonical_name="Apples", brand="Orchard"),
            removed(APPLES),
            normalized(APPLES, size="3", size_unit="lb"),
        )

        nothing = dict.fromkeys(
            (
                *(
                    "canonical_name",
                    "category",
                    "subcategory",
                    "brand",
                    "size",
                    "size_unit",
                    "upc_variants",
                    "image_url",
                ),
                *("name_words", "brand_words"),
            )
        )
        assert await log.rows("products") == [
            {
                "product_id": UUID(MILK),
                **nothing,
                "canonical_name": "Milk",
                "brand": "Dairyland",
                "upc_variants": ["0001"],
                "name_words": ["milk"],
                "brand_words": ["dairyland"],
            },
            {"product_id": UUID(APPLES), **nothing, "size": "3", "size_unit": "lb"},
        ]
