from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from yarl import URL

from gateway.marks import mark_text, parse_mark
from gateway.paging import Paged
from readmodel.engine.paging import Extent, Mark
from tests.gateway.conftest import Get, Log, Refused

URL_ASKED = URL("/api/v1/products?q=a%26b&page=7&category=Dairy&category=x")


MARK: Mark = ("Milk", None, Decimal("1.50"), UUID("22222222-0000-4000-8000-00000000000a"), date(2025, 11, 1), 2.5)


def links(total: int, next_after: Mark | None = None, **asked: Any) -> dict[str, str]:
    """The addresses of a `Link` header, by relation."""
    found = Paged(**asked).links(URL_ASKED, Extent(total, next_after)).split(", ")
    return {link.partition('rel="')[2].rstrip('"'): link[1:].partition(">")[0] for link in found}


def page(number: int, size: int = 20) -> str:
    return f"/api/v1/products?q=a%26b&page={number}&category=Dairy&category=x&page_size={size}"


def items(offset: int, limit: int) -> str:
    return f"{URL_ASKED}&limit={limit}&offset={offset}"


def behind(address: str) -> str:
    return f"{address}&after={mark_text(MARK)}"


@pytest.mark.parametrize(
    ("asked", "total", "next_after", "expected"),
    [
        ({}, 0, None, {"first": page(1), "last": page(1)}),
        ({}, 20, None, {"first": page(1), "last": page(1)}),
        ({}, 21, MARK, {"first": page(1), "next": behind(page(2)), "last": page(2)}),
        ({"page": 2}, 41, MARK, {"first": page(1), "prev": page(1), "next": behind(page(3)), "last": page(3)}),
        ({"page": 9}, 41, None, {"first": page(1), "prev": page(3), "last": page(3)}),
        ({"page_size": 5}, 6, MARK, {"first": page(1, 5), "next": behind(page(2, 5)), "last": page(2, 5)}),
        ({"limit": 5}, 6, MARK, {"first": items(0, 5), "next": behind(items(5, 5)), "last": items(5, 5)}),
        ({"offset": 5, "limit": 2}, 6, None, {"first": items(0, 2), "prev": items(3, 2), "last": items(4, 2)}),
        ({"offset": 30}, 50, None, {"first": items(0, 20), "prev": items(10, 20), "last": items(40, 20)}),
    ],
)
def test_links_lead_to_the_other_parts(
    asked: dict[str, int], total: int, next_after: Mark | None, expected: dict[str, str]
) -> None:
    """In the client's own way of counting, with its other parameters kept as they were."""
    assert links(total, next_after, **asked) == expected


def test_a_mark_comes_back_as_it_was() -> None:
    """Every kind of value that a query may be ordered by."""
    moment = datetime(2025, 11, 1, 8, 0, 0, 500_000, UTC)
    for mark in (MARK, (), (None,), (True, False, 3, moment, "", "ß,/?&", -0.1)):
        assert parse_mark(mark_text(mark)) == mark


@pytest.mark.parametrize("text", ["", "x", "%", "bnVsbA", "WzFd", "WyJ4MSJd", "WyJkMjAyNSJd", "WyIiXQ", "é"])
def test_what_is_no_mark_is_refused(text: str) -> None:
    """Not base64, not JSON, no list, an unknown kind, a value that is none of its kind."""
    with pytest.raises(ValueError, match="begin with its first part"):
        parse_mark(text)


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
    assert first.headers["Link"].startswith(
        '</api/v1/stores?page=1&page_size=20>; rel="first", </api/v1/stores?page=2&page_size=20>; rel="last", '
        "</api/v1/stores?page=2&page_size=20&after="
    )
    rest = await get(URL(first.links["next"]["url"]).path_qs)
    assert len(await rest.json()) == 2


@pytest.mark.parametrize(
    "after", ["nonsense", mark_text(("Milk",)), mark_text((1, 2, 3)), mark_text((date(2025, 1, 1), 1))]
)
async def test_a_mark_of_another_list_is_refused(refused: Refused, after: str) -> None:
    """With what to do about it, and never as an error of the service."""
    faults = await refused(f"/api/v1/stores?after={after}")
    assert [field for field, _ in faults] == ["after"]
