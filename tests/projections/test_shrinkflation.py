"""Packs that got smaller."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from readmodel.engine.paging import Page
from readmodel.events.ids import stable_id
from readmodel.testing.given import Document, Given, event

MILK, OATS = "22222222-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000002"
FIRST, SECOND, THIRD = (f"55555555-0000-4000-8000-00000000000{digit}" for digit in "123")
EVERYTHING = {"category": None, "from_day": date(2023, 3, 1), "to_day": date(2024, 3, 1)}
NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def names() -> Sequence[str]:
    return ("shrinkflation", "products")


def shrank(alert_id: str = FIRST, **fields: object) -> Document:
    payload = {
        "id": alert_id,
        "normalized_product_id": MILK,
        "detected_date": "2024-03-01",
        "old_size": "12",
        "new_size": "10.8",
        "old_unit": "oz",
        "new_unit": "oz",
        "price_at_old_size": "4.00",
        "price_at_new_size": "4.50",
        "confidence": 0.9,
        "notes": "seen on the shelf",
    }
    return event("alerts.shrinkflation", {**payload, **fields}, time=NOON.isoformat())


def known(product_id: str, name: str, category: str | None = None) -> Document:
    return event("products.normalized", {"product_id": product_id, "canonical_name": name, "category": category})


def pack(alert_id: str = FIRST, **fields: Any) -> dict[str, Any]:
    return {
        "id": UUID(alert_id),
        "product_id": UUID(MILK),
        "product_name": None,
        "old_size": "12 oz",
        "new_size": "10.8 oz",
        "size_change_pct": Decimal("-10.00"),
        "old_price": Decimal("4.00"),
        "new_price": Decimal("4.50"),
        "unit_price_change_pct": Decimal("25.00"),
        "detected_at": date(2024, 3, 1),
        "confidence": "0.9",
        **fields,
    }


async def test_a_finding_is_shown_with_its_changes(log: Given) -> None:
    """Sizes with their units; the size fell by a tenth, and an ounce went from 1/3 to 5/12."""
    log.events(shrank())

    assert await log.answer("shrunken_packs_found", **EVERYTHING) == [pack()]
    assert await log.rows("shrunken_packs") == [
        {
            "alert_id": UUID(FIRST),
            "product_id": UUID(MILK),
            "product_name": None,
            "detected_date": date(2024, 3, 1),
            "old_size": "12 oz",
            "new_size": "10.8 oz",
            "old_amount": Decimal(12),
            "new_amount": Decimal("10.8"),
            "old_price": Decimal("4.00"),
            "new_price": Decimal("4.50"),
            "confidence": "0.9",
            "occurred_at": NOON,
        }
    ]


@pytest.mark.parametrize(
    ("sizes", "size_change", "unit_price_change"),
    [
        (("3", "2"), "-33.33", "68.75"),  # 4.5 / 2 over 4 / 3
        (("800", "799"), "-0.13", "12.64"),  # exactly -0.125, and 12.6408
        (("16", "15.9992"), "-0.01", "12.51"),  # exactly -0.005, and 12.5056
        (("10", "12"), "20.00", "-6.25"),
        (("12", "0"), "-100.00", None),
        (("0", "12"), None, None),
        (("12", "a few"), None, None),
        (("about 12", "10"), None, None),
        (("12", "1e1"), None, None),
        (("12", "10,8"), None, None),
        (("-12", "10"), None, None),
        (("12", " "), None, None),
        (("NaN", "10"), None, None),
        (("10.666666666666666", "10"), "-6.25", "20.00"),  # as a float writes 32 / 3
        (("1" + "0" * 59, "1"), "-100.00", "1124" + "9" * 56 + "00.00"),
        (("1", "1" + "0" * 59), "9" * 59 + "00.00", "-100.00"),
    ],
)
async def test_changes_are_in_percent_of_what_was(
    log: Given, sizes: tuple[str, str], size_change: str | None, unit_price_change: str | None
) -> None:
    """Rounded half away from zero to two decimals; none where a size is no plain number, or there is nothing left."""
    old, new = sizes
    log.events(shrank(old_size=old, new_size=new))

    assert await log.answer("shrunken_packs_found", **EVERYTHING) == [
        pack(
            old_size=f"{old} oz",
            new_size=f"{new} oz".strip(),
            size_change_pct=size_change and Decimal(size_change),
            unit_price_change_pct=unit_price_change and Decimal(unit_price_change),
        )
    ]


@pytest.mark.parametrize(("old_unit", "new_unit"), [("oz", "ml"), ("oz", None), (None, "oz")])
async def test_sizes_in_different_units_are_not_compared(
    log: Given, old_unit: str | None, new_unit: str | None
) -> None:
    """Neither is what such units cost."""
    log.events(shrank(old_unit=old_unit, new_unit=new_unit))

    nothing: dict[str, Any] = {"size_change_pct": None, "unit_price_change_pct": None}
    sizes = {"old_size": f"12 {old_unit or ''}".strip(), "new_size": f"10.8 {new_unit or ''}".strip()}
    assert await log.answer("shrunken_packs_found", **EVERYTHING) == [pack(**sizes, **nothing)]


async def test_sizes_without_a_unit_are_in_the_same_one(log: Given) -> None:
    """Numbers alone, also where they come as numbers."""
    log.events(shrank(old_size=12, new_size=10.8, old_unit=None, new_unit=None))

    assert await log.answer("shrunken_packs_found", **EVERYTHING) == [pack(old_size="12", new_size="10.8")]


@pytest.mark.parametrize(
    ("old_price", "new_price", "change"),
    [
        (None, "4.50", None),
        ("4.00", None, None),
        ("0", "4.50", None),
        ("4.00", "0", None),
        ("4.00", "4.00", "11.11"),
        ("4.00", "3.60", "0.00"),
    ],
)
async def test_a_unit_price_takes_both_prices(
    log: Given, old_price: str | None, new_price: str | None, change: str | None
) -> None:
    """Where one is missing or zero there is no percentage."""
    log.events(shrank(price_at_old_size=old_price, price_at_new_size=new_price))

    assert await log.answer("shrunken_packs_found", **EVERYTHING) == [
        pack(
            old_price=old_price and Decimal(old_price),
            new_price=new_price and Decimal(new_price),
            unit_price_change_pct=change and Decimal(change),
        )
    ]


async def test_a_short_form_splits_its_sizes(log: Given) -> None:
    """Size and unit in one text, no prices, the envelope's day, and an id made from the event's."""
    short = {"product_id": MILK, "product_name": "Sent Milk", "old_size": "12 fl oz", "new_size": "9 fl oz"}
    log.events(event("alerts.shrinkflation", short, time=NOON.isoformat(), event_id="e-1"))

    sizes: dict[str, Any] = {"old_size": "12 fl oz", "new_size": "9 fl oz", "size_change_pct": Decimal("-25.00")}
    nothing = dict.fromkeys(["old_price", "new_price", "unit_price_change_pct", "confidence"])
    expected = pack(stable_id("alert", "e-1"), product_name="Sent Milk", **sizes, **nothing)
    assert await log.answer("shrunken_packs_found", **EVERYTHING) == [expected]


async def test_the_catalogue_s_name_goes_before_the_one_sent(log: Given) -> None:
    """As long as the catalogue has one."""
    log.events(shrank(product_name="Sent Milk"))

    names = []
    for document in (known(OATS, "Oats"), known(MILK, "Milk"), event("products.removed", {"product_id": MILK})):
        log.events(document)
        names += [row["product_name"] for row in await log.answer("shrunken_packs_found", **EVERYTHING)]

    assert names == ["Sent Milk", "Milk", "Sent Milk"]


async def test_the_newest_findings_come_first(log: Given) -> None:
    """Within a day by id; in a window whose first day is not in it and whose last day is; page by page."""
    log.events(
        shrank(THIRD, detected_date="2024-03-01"),
        shrank(SECOND, detected_date="2024-03-01"),
        shrank(FIRST, detected_date="2024-02-28"),
    )

    async def found(from_day: int, to_day: int) -> list[dict[str, Any]]:
        window = {"from_day": date(2024, 2, from_day), "to_day": date(2024, 2, 1).replace(day=to_day)}
        return await log.answer("shrunken_packs_found", **{**EVERYTHING, **window})

    first = pack(FIRST, detected_at=date(2024, 2, 28))
    assert await log.answer("shrunken_packs_found", **EVERYTHING) == [pack(SECOND), pack(THIRD), first]
    assert await log.page("shrunken_packs_found", Page(limit=1), **EVERYTHING) == ([pack(SECOND)], 3)
    assert await found(27, 28) == [first]
    assert (await found(28, 29), await found(1, 27)) == ([], [])


async def test_findings_of_one_category(log: Given) -> None:
    """Of what the catalogue has in it now."""
    log.events(shrank(), shrank(SECOND, normalized_product_id=OATS), shrank(THIRD, normalized_product_id=FIRST))
    log.events(known(MILK, "Milk", "Dairy"), known(OATS, "Oats"))

    dairy = await log.answer("shrunken_packs_found", **{**EVERYTHING, "category": "Dairy"})
    log.events(known(MILK, "Milk", "Drinks"))
    moved = await log.answer("shrunken_packs_found", **{**EVERYTHING, "category": "Dairy"})

    assert (dairy, moved) == ([pack(product_name="Milk")], [])


async def test_a_finding_sent_again_is_the_newer_one(log: Given) -> None:
    """It is known by its id; what is corrected replaces what it was."""
    log.events(shrank(), shrank(new_size="9", confidence=None))

    assert await log.answer("shrunken_packs_found", **EVERYTHING) == [
        pack(
            new_size="9 oz",
            size_change_pct=Decimal("-25.00"),
            unit_price_change_pct=Decimal("50.00"),
            confidence=None,
        )
    ]
