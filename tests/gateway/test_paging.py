import pytest
from yarl import URL

from gateway.paging import Paged
from tests.gateway.conftest import Get, Log

URL_ASKED = URL("/api/v1/products?q=a%26b&page=7&category=Dairy&category=x")


def links(total: int, **asked: int) -> dict[str, str]:
    """The addresses of a `Link` header, by relation."""
    found = Paged(**asked).links(URL_ASKED, total).split(", ")
    return {link.partition('rel="')[2].rstrip('"'): link[1:].partition(">")[0] for link in found}


def page(number: int, size: int = 20) -> str:
    return f"/api/v1/products?q=a%26b&page={number}&category=Dairy&category=x&page_size={size}"


def items(offset: int, limit: int) -> str:
    return f"{URL_ASKED}&limit={limit}&offset={offset}"


@pytest.mark.parametrize(
    ("asked", "total", "expected"),
    [
        ({}, 0, {"first": page(1), "last": page(1)}),
        ({}, 20, {"first": page(1), "last": page(1)}),
        ({}, 21, {"first": page(1), "next": page(2), "last": page(2)}),
        ({"page": 2}, 41, {"first": page(1), "prev": page(1), "next": page(3), "last": page(3)}),
        ({"page": 9}, 41, {"first": page(1), "prev": page(3), "last": page(3)}),
        ({"page_size": 5}, 6, {"first": page(1, 5), "next": page(2, 5), "last": page(2, 5)}),
        ({"limit": 5}, 6, {"first": items(0, 5), "next": items(5, 5), "last": items(5, 5)}),
        ({"offset": 5, "limit": 2}, 6, {"first": items(0, 2), "prev": items(3, 2), "last": items(4, 2)}),
        ({"offset": 30}, 50, {"first": items(0, 20), "prev": items(10, 20), "last": items(40, 20)}),
    ],
)
def test_links_lead_to_the_other_parts(asked: dict[str, int], total: int, expected: dict[str, str]) -> None:
    """In the client's own way of counting, with its other parameters kept as they were."""
    assert links(total, **asked) == expected


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["100%_rye bread", "Butter 250 g", "Milk 1 l"]),
        ("page=2&page_size=2", ["Milk 1 l"]),
        ("limit=1&offset=1", ["Butter 250 g"]),
        ("limit=1&page=3", ["100%_rye bread"]),
        ("page=4&page_size=1", []),
        ("offset=1000000000", []),
        ("page=1000000000&page_size=100", []),
    ],
)
async def test_lists_come_in_parts(get: Get, query: str, names: list[str]) -> None:
    """With the number of all items, also past the end."""
    response = await get(f"/api/v1/products?{query}")
    assert [product["name"] for product in await response.json()] == names
    assert response.headers["X-Total-Count"] == "3"


async def test_twenty_are_sent_unless_asked_otherwise(get: Get, log: Log) -> None:
    """And the next link leads to the rest."""
    for number in range(20):
        log.publish("stores.updated", id=f"00000000-0000-4000-8000-{number:012}", name="Kiosk", slug=f"kiosk-{number}")
    first = await get("/api/v1/stores")
    assert (len(await first.json()), first.headers["X-Total-Count"]) == (20, "22")
    assert first.headers["Link"] == (
        '</api/v1/stores?page=1&page_size=20>; rel="first", </api/v1/stores?page=2&page_size=20>; rel="last", '
        '</api/v1/stores?page=2&page_size=20>; rel="next"'
    )
    rest = await get(URL(first.links["next"]["url"]).path_qs)
    assert len(await rest.json()) == 2
