"""The shops, and what a store's name in an event means."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from readmodel.engine.projection import DUCKDB, POSTGRES, StoreName
from readmodel.testing.given import Document, Given, event

KROGER, MEIJER = "11111111-0000-4000-8000-000000000001", "11111111-0000-4000-8000-000000000002"
DOWNTOWN, UPTOWN = "22222222-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000002"


@pytest.fixture
def names() -> Sequence[str]:
    return ("stores",)


@pytest.fixture(params=[POSTGRES, DUCKDB])
def store(request: pytest.FixtureRequest) -> StoreName:
    """The shops live in both."""
    found: StoreName = request.param
    return found


def saved(store_id: str, name: str, slug: str, **more: object) -> Document:
    return event("stores.updated", {"id": store_id, "name": name, "slug": slug, **more})


def opened(location_id: str = DOWNTOWN, store_id: str = KROGER, **fields: object) -> Document:
    payload = {"address": "1 Main St", "city": "Dearborn", "state": "MI", "zip": "48120"}
    return event("stores.location_updated", {"id": location_id, "store_id": store_id, **payload, **fields})


def location(location_id: str = DOWNTOWN, store_id: str = KROGER, **fields: object) -> dict[str, Any]:
    return {
        "store_id": UUID(store_id),
        "id": UUID(location_id),
        "address": "1 Main St",
        "city": "Dearborn",
        "state": "MI",
        "zip": "48120",
        "lat": None,
        "lng": None,
        **fields,
    }


def means(ref: str, store_id: str, name: str) -> dict[str, str]:
    return {"ref": ref, "store_id": store_id, "name": name}


async def test_stores_are_listed_by_name(log: Given) -> None:
    """Every shop stands in the list, in order of name."""
    log.events(saved(MEIJER, "Meijer", "meijer"), saved(KROGER, "Kroger", "kroger", logo_url="/kroger.svg"))

    assert await log.answer("all_stores") == [
        {"id": UUID(KROGER), "name": "Kroger", "slug": "kroger", "logo_url": "/kroger.svg"},
        {"id": UUID(MEIJER), "name": "Meijer", "slug": "meijer", "logo_url": None},
    ]


async def test_no_store_is_an_empty_list(log: Given) -> None:
    """Before the first event there is nothing, and that is an answer too."""
    assert await log.answer("all_stores") == []


async def test_a_missing_field_leaves_its_value(log: Given) -> None:
    """An update that does not mention the logo keeps it; one that says null takes it away."""
    log.events(
        saved(KROGER, "Kroger", "kroger", logo_url="/old.svg", website_url="https://kroger.example"),
        saved(KROGER, "Kroger Co.", "kroger", website_url=None),
    )

    assert await log.rows("stores") == [
        {
            "store_id": UUID(KROGER),
            "name": "Kroger Co.",
            "slug": "kroger",
            "logo_url": "/old.svg",
            "website_url": None,
        }
    ]


async def test_a_store_is_meant_by_id_and_by_slug(log: Given) -> None:
    """Either way of naming a store leads to it."""
    log.events(saved(KROGER, "Kroger", "kroger"))

    assert await log.rows("store_refs") == [means(KROGER, KROGER, "Kroger"), means("kroger", KROGER, "Kroger")]


async def test_a_slug_belongs_to_the_store_saved_last(log: Given) -> None:
    """Two stores claim one slug: it means one of them only, the newer."""
    log.events(saved(KROGER, "Kroger", "market"), saved(MEIJER, "Meijer", "market"))

    assert await log.rows("store_refs") == [
        means(KROGER, KROGER, "Kroger"),
        means(MEIJER, MEIJER, "Meijer"),
        means("market", MEIJER, "Meijer"),
    ]


async def test_a_slug_given_up_belongs_to_its_other_claimant(log: Given) -> None:
    """When the newer claimant takes another slug, the older one has it again."""
    log.events(saved(KROGER, "Kroger", "market"), saved(MEIJER, "Meijer", "market"), saved(MEIJER, "Meijer", "meijer"))

    assert await log.rows("store_refs") == [
        means(KROGER, KROGER, "Kroger"),
        means(MEIJER, MEIJER, "Meijer"),
        means("market", KROGER, "Kroger"),
        means("meijer", MEIJER, "Meijer"),
    ]


async def test_a_slug_goes_on_meaning_the_store_that_had_it(log: Given) -> None:
    """A store that is renamed, twice here, keeps the prices and receipts that name it as it was called before."""
    log.events(saved(KROGER, "Kroger", "kroger"), saved(KROGER, "KR", "kr"), saved(KROGER, "Kay", "kay"))

    assert await log.rows("store_refs") == [
        means(KROGER, KROGER, "Kay"),
        means("kay", KROGER, "Kay"),
        means("kr", KROGER, "Kay"),
        means("kroger", KROGER, "Kay"),
    ]


async def test_a_former_slug_belongs_to_the_store_that_takes_it(log: Given) -> None:
    """Whoever has a slug goes before those who had it; so it is also when the taker has it no more."""
    log.events(saved(KROGER, "Kroger", "market"), saved(KROGER, "Kroger", "kroger"), saved(MEIJER, "Meijer", "market"))

    taken = [row for row in await log.rows("store_refs") if row["ref"] == "market"]
    log.events(saved(MEIJER, "Meijer", "meijer"))
    left = [row for row in await log.rows("store_refs") if row["ref"] == "market"]
    log.events(saved(KROGER, "Kroger", "market"))
    back = [row for row in await log.rows("store_refs") if row["ref"] == "market"]

    assert (taken, left, back) == (
        [means("market", MEIJER, "Meijer")],
        [means("market", MEIJER, "Meijer")],
        [means("market", KROGER, "Kroger")],
    )


@pytest.mark.parametrize("claimant", [KROGER, MEIJER])
async def test_a_slug_that_is_an_id_means_the_store_of_that_id(log: Given, claimant: str) -> None:
    """Such a slug, a store's own or another's, would else name two stores at once and double their prices."""
    log.events(saved(KROGER, "Kroger", "kroger"), saved(claimant, "Claimant", KROGER))

    meant = [row for row in await log.rows("store_refs") if row["ref"] == KROGER]

    assert meant == [means(KROGER, KROGER, "Claimant" if claimant == KROGER else "Kroger")]


async def test_a_former_slug_that_is_an_id_means_the_store_of_that_id(log: Given) -> None:
    """Also when the store of that id becomes known only after another had it as its slug."""
    log.events(saved(MEIJER, "Meijer", KROGER), saved(MEIJER, "Meijer", "meijer"))

    before = await log.rows("store_refs")
    log.events(saved(KROGER, "Kroger", "kroger"))
    after = await log.rows("store_refs")

    meijers = [means(MEIJER, MEIJER, "Meijer"), means("meijer", MEIJER, "Meijer")]
    krogers = [means(KROGER, KROGER, "Kroger"), means("kroger", KROGER, "Kroger")]
    assert before == [means(KROGER, MEIJER, "Meijer"), *meijers]
    assert after == [krogers[0], meijers[0], krogers[1], meijers[1]]


async def test_locations_are_listed_by_city(log: Given) -> None:
    """Those of the shops asked for, within a city by id, with what is known of where they lie."""
    airport = "22222222-0000-4000-8000-000000000003"
    log.events(
        opened(UPTOWN, lat=42.331429, lng="-83.045753"),
        opened(airport, city="Ann Arbor"),
        opened(DOWNTOWN),
        opened("22222222-0000-4000-8000-000000000004", MEIJER, city="Aaron"),
    )

    krogers = [
        location(airport, city="Ann Arbor"),
        location(DOWNTOWN),
        location(UPTOWN, lat=Decimal("42.331429"), lng=Decimal("-83.045753")),
    ]
    meijers = [location("22222222-0000-4000-8000-000000000004", MEIJER, city="Aaron")]
    assert await log.answer("locations_of_stores", store_ids=[KROGER]) == krogers
    assert await log.answer("locations_of_stores", store_ids=[KROGER, MEIJER]) == [*meijers, *krogers]
    assert await log.answer("locations_of_stores", store_ids=[]) == []


async def test_a_location_is_as_it_was_last_said_to_be(log: Given) -> None:
    """What is not mentioned stays, null takes it away, and a branch that was sold is its buyer's."""
    log.events(opened(lat=42, lng=-83), opened(address="2 Main St", lng=None))

    moved = await log.answer("locations_of_stores", store_ids=[KROGER])
    log.events(opened(store_id=MEIJER))
    sold = [await log.answer("locations_of_stores", store_ids=[each]) for each in (KROGER, MEIJER)]

    assert moved == [location(address="2 Main St", lat=Decimal(42))]
    assert sold == [[], [location(store_id=MEIJER, lat=Decimal(42))]]
