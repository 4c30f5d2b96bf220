"""What there is to save money with."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from readmodel.engine.paging import Page
from readmodel.testing.given import Document, Given, event

KROGER, MEIJER = "11111111-0000-4000-8000-000000000001", "11111111-0000-4000-8000-000000000002"
MILK, OATS = "22222222-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000002"
PURCHASE = "33333333-0000-4000-8000-000000000001"
A, B, C, D, E, F = (f"66666666-0000-4000-8000-00000000000{digit}" for digit in "123456")
TODAY = date(2024, 3, 1)
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
MILK_LINE: dict[str, object] = {"normalized_product_id": MILK}
STORE = event("stores.updated", {"id": KROGER, "name": "Kroger", "slug": "kroger"})


@pytest.fixture
def names() -> Sequence[str]:
    return ("coupons", "user_alerts", "purchases", "products", "stores")


def offered(coupon_id: str = A, **fields: Any) -> Document:
    payload = {
        "id": coupon_id,
        "store_id": KROGER,
        "title": "Save",
        "discount_type": "percent",
        "requires_clip": False,
        **{name: value.isoformat() if isinstance(value, date) else value for name, value in fields.items()},
    }
    return event("coupons.updated", payload)


def withdrawn(coupon_id: str = A) -> Document:
    return event("coupons.removed", {"id": coupon_id})


def bought(*lines: dict[str, object], **fields: object) -> Document:
    """A receipt of Ada's from a store that has no coupons, with these lines."""
    line = {"product_name_raw": "?", "quantity": 1, "unit_price": 1, "extended_price": 1}
    payload = {
        "user_id": "ada",
        "store_slug": "corner",
        "purchase_id": PURCHASE,
        "purchase_date": "2024-02-01",
        "total": 1,
        "items": [{**line, **own} for own in lines],
    }
    return event("receipts.ingested", {**payload, **fields})


def shopped(store_slug: str, user_id: str = "ada") -> Document:
    """A short receipt: it is known where, not what."""
    payload = {"user_id": user_id, "store_slug": store_slug, "purchase_id": "R-1", "item_count": 3}
    return event("receipts.ingested", {**payload, "purchase_date": "2024-02-01", "total": 9})


def coupon(coupon_id: str = A, **fields: Any) -> dict[str, Any]:
    return {
        "id": UUID(coupon_id),
        "store_id": KROGER,
        "store_name": "Kroger",
        "title": "Save",
        "description": None,
        "discount_type": "percent",
        "discount_value": None,
        "product_id": None,
        "requires_clip": False,
        "code": None,
        "expires_at": None,
        **fields,
    }


async def active(log: Given, store_id: str | None = None, today: date = TODAY) -> list[dict[str, Any]]:
    return await log.answer("active_coupons", store_id=store_id, today=today)


async def relevant(log: Given, user_id: str = "ada", today: date = TODAY) -> list[dict[str, Any]]:
    """As they are paged, which takes the columns out that are there for the order only."""
    rows, total = await log.page("relevant_coupons", Page(limit=100), user_id=user_id, today=today)
    assert total == len(rows)
    return rows


def ids(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [str(row["id"]) for row in rows]


async def test_a_coupon_is_shown_as_sent(log: Given) -> None:
    """Every field; a percentage keeps its decimals."""
    said: dict[str, Any] = {
        "normalized_product_id": MILK,
        "description": "Any size",
        "discount_value": "12.3456",
        "requires_clip": True,
        "coupon_code": "MILK12",
        "valid_from": YESTERDAY,
        "valid_to": TOMORROW,
    }
    log.events(STORE, offered(**said), offered(B))

    shown: dict[str, Any] = {"product_id": UUID(MILK), "description": "Any size", "discount_value": Decimal("12.3456")}
    assert await active(log) == [
        coupon(**shown, requires_clip=True, code="MILK12", expires_at=TOMORROW),
        coupon(B),
    ]


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "is_active"),
    [
        (None, None, True),
        (TODAY, TODAY, True),
        (YESTERDAY, TOMORROW, True),
        (None, TODAY, True),
        (None, YESTERDAY, False),
        (TODAY, None, True),
        (TOMORROW, None, False),
        (TOMORROW, YESTERDAY, False),
    ],
)
async def test_a_coupon_is_good_on_its_first_day_and_on_its_last(
    log: Given, valid_from: date | None, valid_to: date | None, is_active: bool
) -> None:
    """Both included; a bound that is missing is none. It is the same for those that concern a user."""
    log.events(STORE, offered(valid_from=valid_from, valid_to=valid_to), shopped("kroger"))

    expected = [coupon(expires_at=valid_to)] if is_active else []
    assert await active(log) == expected
    assert await relevant(log) == expected


async def test_the_day_alone_makes_a_coupon_appear_and_go(log: Given) -> None:
    """Nothing need happen at midnight."""
    log.events(STORE, offered(valid_from=TODAY, valid_to=TODAY))

    assert await active(log, today=YESTERDAY) == []
    assert await active(log, today=TODAY) == [coupon(expires_at=TODAY)]
    assert await active(log, today=TOMORROW) == []


async def test_the_soonest_to_end_come_first(log: Given) -> None:
    """Those without an end last; by id where they end on one day."""
    log.events(
        STORE,
        offered(D),
        offered(A),
        offered(C, valid_to=TODAY),
        offered(F, valid_to=TOMORROW),
        offered(B, valid_to=TOMORROW),
    )

    assert ids(await active(log)) == [C, B, F, A, D]


async def test_a_removed_coupon_is_gone_until_it_is_offered_again(log: Given) -> None:
    """What was said of it before the removal is forgotten with it."""
    log.events(STORE, offered(coupon_code="OLD", valid_to=TOMORROW), shopped("kroger"))
    log.events(withdrawn())
    removed = [await active(log), await relevant(log)]
    log.events(offered(title="Again"))
    again = [await active(log), await relevant(log)]

    assert removed == [[], []]
    assert again == [[coupon(title="Again")]] * 2


async def test_a_removal_may_come_first(log: Given) -> None:
    """A coupon that is offered after it is a new one; another coupon is none of its business."""
    log.events(STORE, withdrawn(A), withdrawn(B), offered(A), offered(C), withdrawn(C))

    assert await active(log) == [coupon(A)]


async def test_a_field_that_is_missing_stays_and_one_that_is_null_goes(log: Given) -> None:
    """A later event says what changed."""
    log.events(STORE, offered(description="Any size", coupon_code="CODE", valid_to=YESTERDAY))
    log.events(offered(title="Longer", valid_to=TOMORROW, coupon_code=None))

    assert await active(log) == [coupon(title="Longer", description="Any size", expires_at=TOMORROW)]


async def test_a_store_may_be_named_after_its_coupons(log: Given) -> None:
    """Until the store is known its slug stands for it; then the coupon is found by the store's id as well."""
    log.events(offered(store_id=None, store_slug="kroger"))

    before = [await active(log), await active(log, KROGER)]
    log.events(STORE)
    after = [await active(log), await active(log, KROGER)]

    assert before == [[coupon(store_id="kroger", store_name="kroger")], []]
    assert after == [[coupon()], [coupon()]]


async def test_coupons_of_one_store(log: Given) -> None:
    """Named by id or by slug, and also while nobody knows the store behind an id."""
    log.events(STORE, offered(A), offered(B, store_id=None, store_slug="kroger"), offered(C, store_id=MEIJER))

    assert await active(log, KROGER) == [coupon(A), coupon(B)]
    assert await active(log, MEIJER) == [coupon(C, store_id=MEIJER, store_name=MEIJER)]
    assert await active(log, PURCHASE) == []


async def test_what_was_bought_is_relevant_wherever_it_was_bought(log: Given) -> None:
    """A coupon on another product, or on none, in a store where the user never was, is not."""
    log.events(
        STORE,
        bought(MILK_LINE),
        offered(A, normalized_product_id=MILK),
        offered(B, normalized_product_id=OATS),
        offered(C),
    )

    assert ids(await active(log)) == [A, B, C]
    assert await relevant(log) == [coupon(A, product_id=UUID(MILK))]


@pytest.mark.parametrize("coupon_comes_first", [True, False])
async def test_purchase_and_coupon_come_in_any_order(log: Given, coupon_comes_first: bool) -> None:
    """They meet when the user asks."""
    documents = [offered(normalized_product_id=MILK), bought(MILK_LINE)]
    for document in documents if coupon_comes_first else reversed(documents):
        log.events(document)

    assert await relevant(log) == [coupon(store_name=KROGER, product_id=UUID(MILK))]


async def test_a_coupon_is_found_by_bar_code_while_the_catalogue_knows_it(log: Given) -> None:
    """A line may know only a bar code: it follows the catalogue of the moment."""
    log.events(STORE, offered(normalized_product_id=MILK), bought({"upc": "0001"}))

    unknown = await relevant(log)
    log.events(event("products.normalized", {"product_id": MILK, "upc_variants": ["0009", "0001"]}))
    known = await relevant(log)
    log.events(event("products.removed", {"product_id": MILK}))
    removed = await relevant(log)

    assert [unknown, known, removed] == [[], [coupon(product_id=UUID(MILK))], []]


async def test_a_line_that_names_its_product_is_believed(log: Given) -> None:
    """Its bar code is then not looked at; and a bar code of two products means the one that receipts show."""
    log.events(
        STORE,
        event("products.normalized", {"product_id": OATS, "upc_variants": ["0001", "0002"]}),
        event("products.normalized", {"product_id": MILK, "upc_variants": ["0002"]}),
        offered(A, normalized_product_id=MILK),
        offered(B, normalized_product_id=OATS),
        bought({"normalized_product_id": MILK, "upc": "0001"}),
        bought({"upc": "0002"}, user_id="bob"),
    )

    expected = [coupon(A, product_id=UUID(MILK))]
    assert await relevant(log) == expected
    assert await relevant(log, "bob") == expected


async def test_what_a_corrected_receipt_no_longer_has_was_bought_all_the_same(log: Given) -> None:
    """Any line of any form counts."""
    log.events(
        STORE,
        bought(MILK_LINE),
        bought({"normalized_product_id": OATS}),
        offered(A, normalized_product_id=MILK),
        offered(B, normalized_product_id=OATS),
    )

    assert ids(await relevant(log)) == [A, B]


async def test_where_a_user_shops_is_relevant_however_the_store_is_named(log: Given) -> None:
    """Slug and id of one store are one store; of an unknown store the same text is the same store."""
    log.events(
        STORE,
        shopped("kroger"),
        shopped("corner"),
        offered(A),
        offered(B, store_id=None, store_slug="corner"),
        offered(C, store_id=MEIJER),
    )

    expected = [coupon(A), coupon(B, store_id="corner", store_name="corner")]
    assert await relevant(log) == expected


async def test_bought_products_come_before_stores_and_then_the_soonest_to_end(log: Given) -> None:
    """Of the bought ones those where the user shops come first; a coupon that is both is there once."""
    elsewhere = {"store_id": MEIJER, "normalized_product_id": MILK}
    log.events(
        STORE,
        shopped("kroger"),
        bought(MILK_LINE, MILK_LINE),
        offered(A, valid_to=TODAY),
        offered(B, **elsewhere, valid_to=TODAY),
        offered(C, **elsewhere),
        offered(D, normalized_product_id=MILK, valid_to=TOMORROW),
        offered(E, normalized_product_id=OATS, valid_to=TODAY),
        offered(F),
    )

    best_first = [D, B, C, A, E, F]
    assert ids(await relevant(log)) == best_first
    rows, total = await log.page("relevant_coupons", Page(limit=2, offset=1), user_id="ada", today=TODAY)
    assert (ids(rows), total) == (best_first[1:3], 6)
    assert rows[0] == coupon(B, store_id=MEIJER, store_name=MEIJER, product_id=UUID(MILK), expires_at=TODAY)


async def test_what_others_bought_is_not_relevant(log: Given) -> None:
    """User ids are compared exactly."""
    log.events(STORE, offered(A, normalized_product_id=MILK), bought(MILK_LINE), shopped("kroger"))

    for stranger in ("bob", "Ada", "ada "):
        assert await relevant(log, stranger) == []
    assert await relevant(log) == [coupon(product_id=UUID(MILK))]


async def test_to_an_erased_user_nothing_is_relevant(log: Given) -> None:
    """What was bought is forgotten, also what arrives later; others keep theirs, and coupons are nobody's."""
    log.events(STORE, offered(normalized_product_id=MILK), bought(MILK_LINE), shopped("kroger"))
    log.events(shopped("kroger", "bob"))
    log.events(event("users.erased", {"user_id": "ada"}))
    log.events(bought(MILK_LINE, purchase_id=A), shopped("kroger"))

    expected = [coupon(product_id=UUID(MILK))]
    assert await relevant(log) == []
    assert await relevant(log, "bob") == expected
    assert await active(log) == expected
