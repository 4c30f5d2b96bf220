import pytest

from gateway.parameters import Window
from tests.gateway.conftest import BUTTER, MILK, Ask, Client, Refused

IDS = [f"00000000-0000-4000-8000-{number:012}" for number in range(101)]


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("products/butter", ("id", "uuid_parsing")),
        ("products/0x34", ("id", "uuid_parsing")),
        ("products/%7B%7D/prices", ("id", "uuid_parsing")),
        ("purchases/1", ("id", "uuid_parsing")),
        ("public/trends/1", ("product_id", "uuid_parsing")),
        (f"products?q={'x' * 201}", ("q", "string_too_long")),
        ("products?q=a%00b", ("q", "string_pattern_mismatch")),
        (f"products?category={'x' * 101}", ("category", "string_too_long")),
        ("products?category=a;b", ("category", "value_error")),
        ("products?category=a%0A", ("category", "value_error")),
        ("products?category=%00", ("category", "value_error")),
        ("products?page=0", ("page", "greater_than_equal")),
        ("products?page=1.0", ("page", "value_error")),
        ("products?page=", ("page", "value_error")),
        (f"products?page={'9' * 30}", ("page", "value_error")),
        ("products?page=1000000001", ("page", "less_than_equal")),
        ("products?page_size=101", ("page_size", "less_than_equal")),
        ("products?limit=0", ("limit", "greater_than_equal")),
        ("products?limit=101", ("limit", "less_than_equal")),
        ("products?offset=-1", ("offset", "greater_than_equal")),
        (f"products/{BUTTER}/prices?days=0", ("days", "greater_than_equal")),
        (f"products/{BUTTER}/prices?days=36501", ("days", "less_than_equal")),
        (f"products/{BUTTER}/prices?days=a", ("days", "value_error")),
        (f"products/{BUTTER}/prices?store_id=greenbasket", ("store_id", "uuid_parsing")),
        (f"products/{BUTTER}/prices?until=2025-02-30", ("until", "value_error")),
        (f"products/{BUTTER}/prices?until=1763690000", ("until", "value_error")),
        (f"public/trends/{BUTTER}?days=366", ("days", "less_than_equal")),
        ("prices/increases?min_pct=-1", ("min_pct", "greater_than_equal")),
        ("prices/increases?min_pct=nan", ("min_pct", "value_error")),
        ("prices/increases?min_pct=1e3", ("min_pct", "value_error")),
        ("prices/increases?min_pct=1000001", ("min_pct", "less_than_equal")),
        ("prices/comparison", ("product_ids", "missing")),
        ("prices/comparison?product_ids=", ("product_ids", "uuid_parsing")),
        (f"prices/comparison?product_ids={BUTTER},", ("product_ids", "uuid_parsing")),
        (f"prices/comparison?product_ids={','.join(IDS)}", ("product_ids", "too_long")),
        (f"public/store-comparison?product_ids={','.join(IDS[:21])}", ("product_ids", "too_long")),
        ("public/store-comparison", ("product_ids", "missing")),
        ("public/store-comparison?category=", ("product_ids", "missing")),
        ("purchases?from=16.11.2025", ("from", "value_error")),
        ("purchases?to=2025-11-16T12:00:00", ("to", "value_error")),
        ("purchases?store_id=", ("store_id", "uuid_parsing")),
        ("alerts?unread=1", ("unread", "value_error")),
        ("alerts?unread=", ("unread", "value_error")),
        ("alerts?type=coupon", ("type", "literal_error")),
    ],
)
async def test_what_is_malformed_is_refused(refused: Refused, path: str, fault: tuple[str, str]) -> None:
    """422 that names the parameter as the client wrote it."""
    assert await refused(f"/api/v1/{path}") == [fault]


async def test_every_fault_is_named(refused: Refused) -> None:
    """Path and query together, so that nobody has to guess twice."""
    found = await refused("/api/v1/products/x/prices?days=0&until=y&colour=blue")
    assert sorted(found) == [("days", "greater_than_equal"), ("id", "uuid_parsing"), ("until", "value_error")]


async def test_a_fault_is_described_in_full(closed: Client) -> None:
    """A document of a fixed form, down to the last field."""
    response = await closed.get("/api/v1/public/trends/%3Cb%3E?days=0", headers={"X-Request-Id": "r-1"})
    assert (response.status, response.content_type) == (422, "application/problem+json")
    problem = await response.json()
    reason = problem["errors"][1].pop("message")
    assert reason.startswith("Input should be a valid UUID")
    assert problem == {
        "type": "about:blank",
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": "The request has 2 wrong parameter(s).",
        "instance": "/api/v1/public/trends/%3Cb%3E",
        "code": "VALIDATION_ERROR",
        "request_id": "r-1",
        "errors": [
            {"field": "days", "message": "Input should be greater than or equal to 1", "type": "greater_than_equal"},
            {"field": "product_id", "type": "uuid_parsing"},
        ],
    }


@pytest.mark.parametrize("category", ["乳製品", "दूध", "Bröd & bakery", "a_b-c, d./(e) 1", "x" * 100])
async def test_categories_are_of_any_script(ask: Ask, category: str) -> None:
    """With combining marks, digits, spaces and a few signs; one that is not known gives an empty answer."""
    assert isinstance(await ask(f"/api/v1/prices/trends?category={category}".replace("&", "%26")), list)


async def test_the_largest_lists_of_ids_are_taken(ask: Ask) -> None:
    """A hundred for users, twenty for the public; unknown ones are left out."""
    assert await ask(f"/api/v1/prices/comparison?product_ids={','.join(IDS[:100])}") == []
    public = await ask(f"/api/v1/public/store-comparison?product_ids={','.join([*IDS[:18], MILK, BUTTER])}")
    assert [product["product_id"] for product in public["products"]] == [MILK, BUTTER]


def test_a_window_has_no_bounds_unless_asked() -> None:
    """Then everything is looked at, whatever its day."""
    assert Window().bounds() == {"from_day": None, "to_day": None}
