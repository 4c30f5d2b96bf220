"""What users bought."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from readmodel.engine.paging import Page
from readmodel.events.ids import stable_id
from readmodel.testing.given import Document, Given, event

KROGER, MEIJER = "11111111-0000-4000-8000-000000000001", "11111111-0000-4000-8000-000000000002"
MILK, OATS = "22222222-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000002"
PURCHASE, OTHER = "33333333-0000-4000-8000-000000000001", "33333333-0000-4000-8000-000000000002"
LINE = "44444444-0000-4000-8000-000000000001"
ADAS = {"user_id": "ada", "store_id": None, "from_day": None, "to_day": None}
STORE = event("stores.updated", {"id": KROGER, "name": "Kroger", "slug": "kroger"})


@pytest.fixture
def names() -> Sequence[str]:
    return ("purchases", "stores", "products")


def item(name: str, **fields: object) -> dict[str, Any]:
    return {"product_name_raw": name, "quantity": 2, "unit_price": "1.50", "extended_price": "3.00", **fields}


def full(*items: dict[str, Any], **fields: object) -> Document:
    payload = {
        "user_id": "ada",
        "store_id": KROGER,
        "purchase_id": PURCHASE,
        "receipt_id": "R-1",
        "purchase_date": "2024-03-01",
        "total": "3.00",
        "items": items,
    }
    return event("receipts.ingested", {**payload, **fields})


def short(purchase_id: str = "R-1", event_id: str | None = None, **fields: object) -> Document:
    """What today's service sends."""
    payload = {
        "user_id": "ada",
        "store_slug": "kroger",
        "purchase_id": purchase_id,
        "purchase_date": "2024-03-01",
        "item_count": 7,
        "total": 30.5,
    }
    return event("receipts.ingested", {**payload, **fields}, event_id=event_id)


def made_id(number: str, user_id: str = "ada", store: str = "kroger") -> str:
    """The public id of a purchase that came with a receipt number only."""
    return stable_id("purchase", user_id, store, number)


def purchase(purchase_id: str = PURCHASE, total: str = "3.00", item_count: int = 1, **fields: Any) -> dict[str, Any]:
    return {
        "id": UUID(purchase_id),
        "store_id": KROGER,
        "store_name": "Kroger",
        "purchased_at": date(2024, 3, 1),
        "total": Decimal(total),
        "item_count": item_count,
        **fields,
    }


def line(number: int, name: str, product_id: str | None = None, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"{PURCHASE}-{number}",
        "product_id": product_id and UUID(product_id),
        "name": name,
        "quantity": Decimal(2),
        "unit_price": Decimal("1.50"),
        "total_price": Decimal("3.00"),
        **fields,
    }


async def spent(log: Given, **wanted: object) -> dict[str, Decimal]:
    """What was spent by category."""
    days = {"user_id": "ada", "from_day": None, "to_day": None}
    rows = await log.answer("spending_by_category", **{**days, **wanted})
    return {row["category"]: row["spent"] for row in rows}


def one(purchase_id: str = PURCHASE, user_id: str = "ada") -> dict[str, str]:
    return {"purchase_id": purchase_id, "user_id": user_id}


async def lines(log: Given, *, user_id: str, purchase_id: str) -> list[dict[str, Any]]:
    """The lines of one purchase, which all name it."""
    found = await log.answer("lines_of_purchases", user_id=user_id, purchase_ids=[purchase_id])
    assert all(str(row.pop("purchase_id")) == purchase_id for row in found)
    return found


async def test_a_full_receipt_has_its_lines_in_the_order_printed(log: Given) -> None:
    """Purchase and lines as sent; a line without an id has one made of purchase and number."""
    log.events(
        STORE,
        full(
            item("MILK", normalized_product_id=MILK, id=LINE),
            item("APPLES LB", quantity="0.354", unit_price="2.99", extended_price="1.06"),
        ),
    )

    weighed: dict[str, Any] = {
        "quantity": Decimal("0.354"),
        "unit_price": Decimal("2.99"),
        "total_price": Decimal("1.06"),
    }
    assert await log.answer("purchases_of_user", **ADAS) == [purchase(item_count=2)]
    assert await log.answer("purchase_by_id", **one()) == [purchase(item_count=2)]
    assert await lines(log, **one()) == [
        line(1, "MILK", MILK, id=LINE),
        line(2, "APPLES LB", **weighed),
    ]


async def test_a_short_receipt_has_a_total_and_no_lines(log: Given) -> None:
    """Today's form names the store by slug and the receipt by the retailer's number."""
    log.events(STORE, short())

    made = made_id("R-1")
    expected = [purchase(made, "30.50", 7)]
    assert await log.answer("purchases_of_user", **ADAS) == expected
    assert await log.answer("purchase_by_id", **one(made)) == expected
    assert await lines(log, **one(made)) == []


async def test_a_store_may_be_named_after_its_receipts(log: Given) -> None:
    """Until the store is known the purchase is shown with what was sent."""
    log.events(short())

    before = await log.answer("purchases_of_user", **ADAS)
    log.events(STORE)
    after = await log.answer("purchases_of_user", **ADAS)

    made = made_id("R-1")
    assert before == [purchase(made, "30.50", 7, store_id="kroger", store_name="kroger")]
    assert after == [purchase(made, "30.50", 7)]


@pytest.mark.parametrize("short_comes_last", [True, False])
async def test_a_full_form_beats_a_short_one(log: Given, short_comes_last: bool) -> None:
    """Of one purchase the full form is shown with its lines, whichever of the two is newer."""
    forms = [full(item("MILK")), short(PURCHASE)]
    log.events(STORE, *(forms if short_comes_last else reversed(forms)))

    assert await log.answer("purchases_of_user", **ADAS) == [purchase()]
    assert await lines(log, **one()) == [line(1, "MILK")]


async def test_between_equal_forms_the_newer_holds(log: Given) -> None:
    """A short form corrects a short one, and a full form a full one."""
    log.events(STORE, short(total="1.00"), short(total="2.00"), full(item("OLD")), full(item("NEW"), total="4.00"))

    assert await lines(log, **one()) == [line(1, "NEW")]
    assert await log.answer("purchase_by_id", **one()) == [purchase(total="4.00")]
    assert await log.answer("purchase_by_id", **one(made_id("R-1"))) == [purchase(made_id("R-1"), "2.00", 7)]


@pytest.mark.parametrize("short_comes_last", [True, False])
async def test_a_short_form_is_not_shown_beside_the_full_form_of_its_receipt(
    log: Given, short_comes_last: bool
) -> None:
    """Same store and receipt number, though under another id and with the store named in the other way."""
    forms = [full(item("MILK")), short("R-1")]
    log.events(STORE, *(forms if short_comes_last else reversed(forms)))

    assert await log.page("purchases_of_user", Page(limit=10), **ADAS) == ([purchase()], 1)


async def test_another_receipt_is_no_other_form(log: Given) -> None:
    """Another number, another store, another user, or no number at all: each is a purchase of its own."""
    log.events(
        STORE,
        full(item("MILK")),
        full(item("MILK"), purchase_id=OTHER, receipt_id=""),
        short("R-2"),
        short("R-1", store_slug="corner"),
        short("", event_id="unnumbered"),
        short("R-1", user_id="bob"),
    )

    shown = {row["id"] for row in await log.answer("purchases_of_user", **ADAS)}
    bobs = {row["id"] for row in await log.answer("purchases_of_user", **{**ADAS, "user_id": "bob"})}

    corner, unnumbered = made_id("R-1", store="corner"), stable_id("purchase", "unnumbered")
    assert shown == {UUID(each) for each in (PURCHASE, OTHER, made_id("R-2"), corner, unnumbered)}
    assert bobs == {UUID(made_id("R-1", "bob"))}


async def test_receipts_without_a_number_are_told_apart_by_their_events(log: Given) -> None:
    """`purchase_id` may be empty; then each event is a purchase, and an event that is repeated is the same one."""
    log.events(STORE, short("", event_id="one"), short("", event_id="two"), short("", event_id="one"))

    found = await log.answer("purchases_of_user", **ADAS)

    expected = [purchase(stable_id("purchase", each), "30.50", 7) for each in ("one", "two")]
    assert found == sorted(expected, key=lambda row: str(row["id"]))


async def test_lines_of_an_older_longer_form_are_not_shown(log: Given) -> None:
    """A corrected receipt with fewer lines has those only."""
    log.events(STORE, full(item("MILK"), item("BREAD"), item("MISREAD")), full(item("MILK"), item("RYE BREAD")))

    assert await lines(log, **one()) == [line(1, "MILK"), line(2, "RYE BREAD")]


async def test_a_full_form_may_have_no_lines(log: Given) -> None:
    """An empty list is a full form, too: it takes the lines of the form before it away."""
    log.events(STORE, full(item("MILK")), full())

    assert await lines(log, **one()) == []
    assert await log.answer("purchase_by_id", **one()) == [purchase(item_count=0)]


async def test_a_line_finds_its_product_by_bar_code(log: Given) -> None:
    """Any of a product's bar codes leads to it; a product that the line names itself is believed."""
    log.events(
        event("products.normalized", {"product_id": MILK, "upc_variants": ["0001", "0002"]}),
        full(item("MILK", upc="0002"), item("OATS", upc="0001", product_id=OATS), item("NOBODY", upc="0009")),
    )

    assert await lines(log, **one()) == [
        line(1, "MILK", MILK),
        line(2, "OATS", OATS),
        line(3, "NOBODY"),
    ]


async def test_a_bar_code_may_become_known_later_and_forgotten_again(log: Given) -> None:
    """The line follows the catalogue of the moment: nothing about it is rewritten."""
    log.events(full(item("MILK", upc="0001")))

    unknown = await lines(log, **one())
    log.events(event("products.normalized", {"product_id": MILK, "upc_variants": ["0001"]}))
    known = await lines(log, **one())
    log.events(event("products.removed", {"product_id": MILK}))
    removed = await lines(log, **one())
    log.events(event("products.normalized", {"product_id": MILK, "canonical_name": "Milk"}))
    revived = await lines(log, **one())

    assert [unknown, known, removed, revived] == [
        [line(1, "MILK")],
        [line(1, "MILK", MILK)],
        [line(1, "MILK")],
        [line(1, "MILK")],
    ]


async def test_a_bar_code_of_two_products_means_one(log: Given) -> None:
    """A line stays one line, and always finds the same product."""
    log.events(
        event("products.normalized", {"product_id": OATS, "upc_variants": ["0001"]}),
        event("products.normalized", {"product_id": MILK, "upc_variants": ["0001"]}),
        full(item("MILK", upc="0001")),
    )

    assert await lines(log, **one()) == [line(1, "MILK", MILK)]


async def test_an_empty_bar_code_is_none(log: Given) -> None:
    """Scanners send an empty text for what they could not read."""
    log.events(full(item("SMUDGE", upc="")))

    assert await lines(log, **one()) == [line(1, "SMUDGE")]


async def test_another_user_s_purchase_is_not_found(log: Given) -> None:
    """Not in the list, not by its id, and not its lines; user ids are compared exactly."""
    log.events(STORE, full(item("MILK")))

    for stranger in ("bob", "Ada", "ada "):
        assert await log.answer("purchases_of_user", **{**ADAS, "user_id": stranger}) == []
        assert await log.answer("purchase_by_id", **one(user_id=stranger)) == []
        assert await lines(log, **one(user_id=stranger)) == []


async def test_one_id_sent_for_two_users_is_two_purchases(log: Given) -> None:
    """Nobody can overwrite another user's purchase by using its id."""
    log.events(STORE, full(item("MILK")), full(item("STOLEN"), user_id="mallory", total="0"))

    assert await log.answer("purchases_of_user", **ADAS) == [purchase()]
    assert await lines(log, **one()) == [line(1, "MILK")]
    assert await lines(log, **one(user_id="mallory")) == [line(1, "STOLEN")]


async def test_the_newest_purchases_come_first(log: Given) -> None:
    """By day, and within a day by id; filtered by store and days, both days included."""
    log.events(
        STORE,
        full(purchase_id=PURCHASE, receipt_id="1", purchase_date="2024-03-01"),
        full(purchase_id=OTHER, receipt_id="2", purchase_date="2024-03-02"),
        full(purchase_id=LINE, receipt_id="3", purchase_date="2024-03-02", store_id=MEIJER),
    )

    async def shown(**wanted: object) -> list[str]:
        return [str(row["id"]) for row in await log.answer("purchases_of_user", **{**ADAS, **wanted})]

    assert await shown() == [OTHER, LINE, PURCHASE]
    assert await shown(store_id=KROGER) == [OTHER, PURCHASE]
    assert await shown(from_day=date(2024, 3, 2)) == [OTHER, LINE]
    assert await shown(to_day=date(2024, 3, 1), from_day=date(2024, 3, 1)) == [PURCHASE]


async def test_lines_are_summed_by_the_category_of_their_product(log: Given) -> None:
    """Its own, or the one that its bar code leads to, where that has a category, else what the receipt says."""
    log.events(
        event("products.normalized", {"product_id": MILK, "category": "Dairy", "upc_variants": ["0001", "0002"]}),
        event("products.normalized", {"product_id": OATS, "category": None, "upc_variants": ["0003"]}),
        full(
            item("MILK", normalized_product_id=MILK, category_raw="FRIDGE", extended_price="0.01"),
            item("MILK", upc="0002", extended_price="0.1"),
            item("MILK", normalized_product_id=MILK, upc="0003", extended_price="0.2"),
            item("OATS", normalized_product_id=OATS, category_raw="CEREALS", extended_price="4"),
            item("OATS", upc="0003", category_raw="CEREALS", extended_price="5"),
            item("NOBODY", upc="0009", category_raw="Dairy", extended_price="6.3"),
            item("UNKNOWN", normalized_product_id=OTHER, category_raw="MISC", extended_price="0"),
            item("NEITHER", extended_price="1000"),
            item("NEITHER", normalized_product_id=OATS, extended_price="1000"),
            item("BLANK", category_raw="", extended_price="1000"),
        ),
    )

    assert await spent(log) == {"CEREALS": Decimal(9), "Dairy": Decimal("6.61"), "MISC": Decimal(0)}


async def test_a_category_is_that_which_the_product_has_now(log: Given) -> None:
    """Old lines move with their product, come back to the printed category without one, and follow its bar codes."""
    named, scanned = item("MILK", normalized_product_id=MILK), item("MILK", upc="0001", category_raw="FRIDGE")
    log.events(full(named, scanned))

    unknown = await spent(log)
    log.events(event("products.normalized", {"product_id": MILK, "category": "Dairy"}))
    known = await spent(log)
    log.events(event("products.normalized", {"product_id": MILK, "category": "Drinks", "upc_variants": ["0001"]}))
    moved = await spent(log)
    log.events(event("products.normalized", {"product_id": MILK, "category": ""}))
    blank = await spent(log)
    log.events(event("products.normalized", {"product_id": MILK, "category": "Drinks"}))
    log.events(event("products.removed", {"product_id": MILK}))
    removed = await spent(log)

    of_one = Decimal(3)
    assert [unknown, known, moved, blank, removed] == [
        {"FRIDGE": of_one},
        {"FRIDGE": of_one, "Dairy": of_one},
        {"Drinks": 2 * of_one},
        {"FRIDGE": of_one},
        {"FRIDGE": of_one},
    ]


async def test_a_bar_code_of_two_products_is_counted_once(log: Given) -> None:
    """With the category of the product that the line shows."""
    log.events(
        event("products.normalized", {"product_id": OATS, "category": "Cereals", "upc_variants": ["0001"]}),
        event("products.normalized", {"product_id": MILK, "category": "Dairy", "upc_variants": ["0001"]}),
        full(item("MILK", upc="0001")),
    )

    assert await spent(log) == {"Dairy": Decimal(3)}


async def test_only_lines_of_the_forms_that_hold_are_summed(log: Given) -> None:
    """Not those that a corrected receipt no longer has, and nothing is counted twice beside a short form."""
    lines = [item("MILK", category_raw="Dairy"), item("MISREAD", category_raw="Toys")]
    log.events(STORE, full(*lines), short("R-1"), full(*lines[:1]), short(PURCHASE))

    assert await log.answer("purchases_of_user", **ADAS) == [purchase()]
    assert await spent(log) == {"Dairy": Decimal(3)}


async def test_spending_has_days_and_is_one_user_s(log: Given) -> None:
    """Both days are included; an empty window has nothing."""
    first, second = date(2024, 3, 1), date(2024, 3, 2)
    log.events(
        full(item("MILK", category_raw="Dairy"), purchase_id=PURCHASE, receipt_id="1", purchase_date="2024-03-01"),
        full(item("OATS", category_raw="Cereals"), purchase_id=OTHER, receipt_id="2", purchase_date="2024-03-02"),
        full(item("MILK", category_raw="Dairy"), purchase_id=LINE, receipt_id="3", user_id="bob"),
    )

    dairy, cereals = {"Dairy": Decimal(3)}, {"Cereals": Decimal(3)}
    assert await spent(log) == {**dairy, **cereals}
    assert await spent(log, user_id="bob") == dairy
    assert await spent(log, user_id="Bob") == {}
    assert await spent(log, from_day=second) == cereals
    assert await spent(log, to_day=first) == dairy
    assert await spent(log, from_day=first, to_day=second) == {**dairy, **cereals}
    assert await spent(log, from_day=second, to_day=first) == {}


async def test_an_erased_user_has_no_purchases_ever(log: Given) -> None:
    """Neither those from before, nor one that arrives afterwards; other users keep theirs."""
    milk, oats = item("MILK", category_raw="Dairy"), item("OATS", category_raw="Cereals")
    log.events(STORE, full(milk), short("R-2"), full(oats, user_id="bob"))
    log.events(event("users.erased", {"user_id": "ada"}))
    log.events(full(milk, purchase_id=OTHER, receipt_id="R-3"), short("R-4"))

    assert await log.answer("purchases_of_user", **ADAS) == []
    assert await lines(log, **one()) == []
    assert await lines(log, **one(OTHER)) == []
    assert await spent(log) == {}
    assert await log.answer("purchases_of_user", **{**ADAS, "user_id": "bob"}) == [purchase()]
    assert await spent(log, user_id="bob") == {"Cereals": Decimal(3)}
    assert {row["user_id"] for row in [*await log.rows("receipts"), *await log.rows("lines")]} == {"bob"}


async def test_an_erasure_may_overtake_what_it_erases(log: Given) -> None:
    """When the erasure is folded first, older receipts that come after it stay out as well."""
    log.events(event("users.erased", {"user_id": "ada"}), full(item("MILK")))

    assert (await log.rows("receipts"), await log.rows("lines")) == ([], [])
