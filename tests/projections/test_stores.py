"""The shops, and what a store's name in an event means."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from readmodel.engine.projection import DUCKDB, POSTGRES, StoreName
from readmodel.testing.given import Document, Given, event

KROGER, MEIJER = "11111111-0000-4000-8000-000000000001", "11111111-0000-4000-8000-000000000002"


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


@pytest.mark.parametrize("claimant", [KROGER, MEIJER])
async def test_a_slug_that_is_an_id_means_the_store_of_that_id(log: Given, claimant: str) -> None:
    """Such a slug, a store's own or another's, would else name two stores at once and double their prices."""
    log.events(saved(KROGER, "Kroger", "kroger"), saved(claimant, "Claimant", KROGER))

    meant = [row for row in await log.rows("store_refs") if row["ref"] == KROGER]

    assert meant == [means(KROGER, KROGER, "Claimant" if claimant == KROGER else "Kroger")]
