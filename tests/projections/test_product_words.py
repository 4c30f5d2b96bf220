"""The search: which products a few words find, and in what order."""

from collections.abc import Sequence
from contextlib import closing

import psycopg
import pytest

from readmodel.engine.paging import Page
from readmodel.engine.projection import POSTGRES
from readmodel.events.words import words_of
from readmodel.stores import postgres
from readmodel.stores.postgres import PostgresStore
from readmodel.testing.given import Document, Given, event
from tests.projections.conftest import PLANS

FIRST, SECOND, THIRD, FOURTH = (f"22222222-0000-4000-8000-00000000000{digit}" for digit in "1234")


@pytest.fixture
def names() -> Sequence[str]:
    return ("product_words", "products")


def named(name: str | None, product_id: str = FIRST, **fields: object) -> Document:
    return event("products.normalized", {"normalized_product_id": product_id, "canonical_name": name, **fields})


def removed(product_id: str = FIRST) -> Document:
    return event("products.removed", {"normalized_product_id": product_id})


def catalogue(*names: str) -> list[Document]:
    """Products of these names, their ids in the order given."""
    return [named(name, f"22222222-0000-4000-8000-{nth:012}") for nth, name in enumerate(names)]


async def found(log: Given, q: str, category: str | None = None) -> list[str | None]:
    """The names that a search finds, in order; the page must agree with itself on how many there are."""
    words = sorted(words_of(q), key=len, reverse=True)
    signs = [sign for sign in "%_" if sign in q]
    rows, total = await log.page("search", Page(limit=100), words=words, signs=signs, code=q, category=category)
    assert total == len(rows)
    return [row["name"] for row in rows]


async def test_a_product_found_is_shown_as_in_the_catalogue(log: Given) -> None:
    """What the order goes by is not in the rows."""
    log.events(named("Whole Milk", brand="Dairyland", category="Dairy", upc_variants=["1", "2"], image_url="/m.png"))

    rows, total = await log.page("search", Page(limit=1), words=["milk"], signs=[], code="milk", category=None)

    assert [{**row, "id": str(row["id"])} for row in rows] == [
        {
            "id": FIRST,
            "name": "Whole Milk",
            "brand": "Dairyland",
            "category": "Dairy",
            "upc": "1",
            "image_url": "/m.png",
        }
    ]
    assert total == 1


@pytest.mark.parametrize(
    "q",
    [
        "Käsesoße",
        "KÄSESOSSE",
        "kaesesosse",
        "kasesoße",
        "käsesosse 2kg",
        "2 KG",
        "käse",
        "soße",
        "sesos",
        "l'étoile",
        "LETOILE",
        "etoile",
        "Bröd",
        "käse broed 2",
        "kg soße",
    ],
)
async def test_words_are_found_however_they_are_spelt(log: Given, q: str) -> None:
    """Whatever case, accents and umlauts, whole or in part, in name and brand, and in any order."""
    log.events(*catalogue("Brot 1 kg"), named("L\u2019Étoile Käsesoße 2kg", FOURTH, brand="Bröd"))

    assert await found(log, q) == ["L\u2019Étoile Käsesoße 2kg"]


@pytest.mark.parametrize(
    "q",
    [
        "vollmlich",
        "vollmich",
        "vollmilcch",
        "vollmulch",
        "ovllmilch",
        "VÖLLMILCG",
        "rottkäpchen",
        "vollmich rotkäpchen",
    ],
    ids=["swapped", "missing", "doubled", "wrong", "swapped at first", "folded and wrong", "moved", "two words"],
)
async def test_mistyped_words_are_read_as_meant(log: Given, q: str) -> None:
    """One mistake a word: a sign too much, too few, wrong, or in its neighbour's place."""
    log.events(*catalogue("Vollmilch Rotkäppchen", "Vollkorn", "Rote Kappe"))

    assert await found(log, q) == ["Vollmilch Rotkäppchen"]


@pytest.mark.parametrize("q", ["ti", "tie", "250", "2051", "vollmilch1"])
async def test_what_is_short_or_a_number_is_read_as_it_stands(log: Given, q: str) -> None:
    """Of three signs one is too many to doubt, and no two numbers mean the same."""
    log.events(*catalogue("Tee 2501", "Tei"))

    assert await found(log, q) == (["Tee 2501"] if q == "250" else [])


async def test_where_all_else_fails_what_resembles_is_found(log: Given) -> None:
    """More than one mistake, in a word that is long enough to be known by the rest of it."""
    log.events(*catalogue("Philadelphia", "Philips"))

    assert await found(log, "Philadelfia") == ["Philadelphia"]
    assert await found(log, "Phalodelfio") == []


async def test_a_word_that_some_product_has_is_not_doubted(log: Given) -> None:
    """Nor is the beginning of one: more of it may be typed soon."""
    log.events(*catalogue("Butter", "Mutter", "Futterbox"))

    assert await found(log, "butter") == ["Butter"]
    assert await found(log, "Futter") == ["Futterbox"]
    assert await found(log, "Kutter") == ["Butter", "Mutter"]


async def test_the_nearer_a_word_the_better(log: Given) -> None:
    """The word itself, what begins with it, ends with it, contains it."""
    log.events(*catalogue("Buttermilchdrink", "Vollmilch", "Milchreis", "Milch"))

    assert await found(log, "milch") == ["Milch", "Milchreis", "Vollmilch", "Buttermilchdrink"]


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("t", ["T Bone"]),
        ("te", ["Teekanne", "Tee Rot"]),
        ("tee", ["Tee Rot", "Teekanne", "Chaitee"]),
        ("teek", ["Teekanne", "Steeker"]),
    ],
)
async def test_the_shorter_a_word_the_less_of_others_it_finds(log: Given, q: str, expected: list[str]) -> None:
    """One sign only itself, two what begins with them, three also what ends with them, four all that has them."""
    log.events(*catalogue("Steeker", "Teekanne", "Tee Rot", "Chaitee", "T Bone"))

    assert await found(log, q) == expected


async def test_what_contains_a_word_is_better_than_what_it_may_have_meant(log: Given) -> None:
    """A mistake is what is thought of last."""
    log.events(*catalogue("Milch", "Mulchen", "Heumlich", "Traumlichter"))

    assert await found(log, "mlich") == ["Heumlich", "Traumlichter", "Milch"]


async def test_a_name_is_better_than_a_brand(log: Given) -> None:
    """And a brand's own word better than a name's other word."""
    log.events(
        named("Milkana", FIRST),
        named("Tender", SECOND, brand="Milka"),
        named("Milka", THIRD),
        named(None, FOURTH, brand="Milka"),
    )

    assert await found(log, "milka") == ["Milka", None, "Tender", "Milkana"]


async def test_among_equals_the_shorter_name_is_first(log: Given) -> None:
    """By words, then by name, then by id, so that pages do not mix."""
    log.events(*catalogue("Rye Bread 1 kg", "White Bread", "Rye Bread", "Rye Bread"))

    assert await found(log, "bread") == ["Rye Bread", "Rye Bread", "White Bread", "Rye Bread 1 kg"]
    words = {"words": ["bread"], "signs": [], "code": "bread", "category": None}
    pages = [await log.page("search", Page(limit=1, offset=offset), **words) for offset in range(4)]
    assert [(str(rows[0]["id"])[-1], total) for rows, total in pages] == [("2", 4), ("3", 4), ("1", 4), ("0", 4)]


async def test_every_word_must_be_there(log: Given) -> None:
    """One that is nowhere leaves nothing, and all of them are ranked together."""
    log.events(*catalogue("Bio Vollmilch", "Milch", "Biomilch Flasche", "Bio Milch"))

    assert await found(log, "milch bio") == ["Bio Milch", "Bio Vollmilch", "Biomilch Flasche"]
    assert await found(log, "bio milch kartoffel") == []


async def test_a_bar_code_is_found_as_a_whole(log: Given) -> None:
    """Any of a product's codes, in front of what has it for a word."""
    log.events(
        named("Bread 4001", SECOND),
        named("Milk", upc_variants=["0001", "4001"]),
        named("Tea", THIRD, upc_variants=["40012"]),
    )

    assert await found(log, "4001") == ["Milk", "Bread 4001"]
    assert await found(log, "0001") == ["Milk"]
    assert await found(log, "000") == []


async def test_a_product_that_has_a_code_as_word_and_as_code_is_found_once(log: Given) -> None:
    """As what the code means."""
    log.events(named("Milk 4001", upc_variants=["4001"]))

    assert await found(log, "4001") == ["Milk 4001"]


async def test_a_search_stays_in_its_category(log: Given) -> None:
    """With a category only its products are searched, compared exactly, by bar code as well."""
    log.events(
        named("Milk", FIRST, category="Dairy", upc_variants=["4001"]),
        named("Milk Bread", SECOND, category="Bakery", upc_variants=["4001"]),
        named("Milk Apples", THIRD, category="dairy", upc_variants=["4001"]),
    )

    assert await found(log, "milk", "Dairy") == ["Milk"]
    assert await found(log, "4001", "Bakery") == ["Milk Bread"]
    assert await found(log, "milk", "Fish") == []


@pytest.mark.parametrize(("q", "expected"), [("100%", ["100% Juice"]), ("100_", []), ("%bread_", ["%_ Bread"])])
async def test_what_is_a_wild_card_elsewhere_means_itself(log: Given, q: str, expected: list[str]) -> None:
    """A name or brand must have it."""
    log.events(*catalogue("100 g Tea", "100% Juice", "Bread_", "%_ Bread"))

    assert await found(log, q) == expected


async def test_a_removed_product_is_not_found(log: Given) -> None:
    """By its words or its codes; and what it was called keeps nobody from finding what was meant."""
    log.events(named("Bannane", upc_variants=["4001"]), named("Banane", SECOND), removed())

    assert await found(log, "Bannane") == ["Banane"]
    assert await found(log, "4001") == []


async def test_a_renamed_product_is_found_by_its_new_name_only(log: Given) -> None:
    """In name and brand; a code that was taken away finds nothing either."""
    log.events(
        named("Raider", brand="Mars", upc_variants=["4001"]),
        named("Twix", brand=None, upc_variants=["4002"]),
        named("Snickers", SECOND, brand="Mars"),
    )

    assert await found(log, "twix") == ["Twix"]
    assert await found(log, "mars") == ["Snickers"]
    assert await found(log, "raider") == await found(log, "4001") == []


async def test_a_product_that_came_back_is_found_by_what_was_said_since(log: Given) -> None:
    """Its brand of before is forgotten."""
    log.events(named("Raider", brand="Mars", upc_variants=["4001"]), removed(), named("Twix"))

    assert await found(log, "twix") == ["Twix"]
    assert await found(log, "raider") == await found(log, "mars") == await found(log, "4001") == []


async def test_each_word_is_kept_once(log: Given) -> None:
    """Those of every name and brand there was, each with the first event that had it."""
    log.events(named("Rye Bread", brand="Bread & Co"), named("White Bread"), removed())

    assert [row["word"] for row in await log.rows("words")] == ["bread", "co", "rye", "white"]


def test_the_indexes_are_those_that_the_queries_ask_for(database: str) -> None:
    """An index on an expression is of use only to one that is written the same way.

    In a database of its own: what the planner has learnt of tables that other tests filled changes its mind.
    """
    postgres.migrate(database)
    for name in ("products", "product_words"):
        plan = PLANS[name, POSTGRES]
        with closing(PostgresStore(database)) as store:
            store.create(plan.as_version, plan.shapes(), plan.views)

    questions = {
        "products_by_word": "SELECT FROM products_v2.catalogue WHERE words @> ARRAY['milk' COLLATE \"C\"]",
        "products_by_name": "SELECT name FROM products_v2.catalogue ORDER BY name NULLS LAST, id",
        "products_by_category": "SELECT FROM products_v2.catalogue WHERE category = 'Dairy' ORDER BY name, id",
        "words_by_trigram": "SELECT FROM words WHERE trigrams(word) @> trigrams('milk')",
        "words_by_deletion": "SELECT FROM words WHERE deletions(word) && deletions('milk')",
    }
    with psycopg.connect(database) as connection:
        connection.execute("SET search_path TO product_words_v1")
        connection.execute("SET enable_seqscan = off")
        connection.execute("SET enable_sort = off")
        for index, question in questions.items():
            planned = "\n".join(row[0] for row in connection.execute(f"EXPLAIN {question}".encode()))
            assert f"on {index} " in planned or f"using {index} " in planned, planned
