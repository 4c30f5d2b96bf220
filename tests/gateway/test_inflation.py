import pytest

from tests.gateway.conftest import BREAD, BUTTER, GREENBASKET, Ask, Client, Get, Log, Refused

PATH = "/api/v1/public/inflation"
TO_JANUARY = f"{PATH}?until=2026-01-10"


@pytest.fixture(autouse=True)
def dearer_butter(log: Log) -> None:
    """In December butter is 10 % dearer in one of the stores that had a price for something in November."""
    price = {"observed_date": "2025-12-15", "regular_price": "3.08"}
    log.publish("prices.updated", product_id=BUTTER, store_slug="greenbasket", **price)
    for period, value in (("2025-10", "298"), ("2025-11", "300"), ("2025-12", "303")):
        log.publish("indices.published", series="CUUR0000SAF11", period=period, value=value)


async def test_both_indices_from_the_first_month_with_a_price(ask: Ask) -> None:
    """Five prices in November, one of them up by a tenth: the fifth root of 1.1, of dairy the fourth."""
    assert await ask(TO_JANUARY) == {
        "period": "1y",
        "cartsnitch_index": 101.92,
        "cpi_baseline": 101.0,
        "categories": {"Dairy": 102.41},
        "series": [
            {"month": "2025-11", "cartsnitch_index": 100.0, "cpi": 100.0},
            {"month": "2025-12", "cartsnitch_index": 101.92, "cpi": 101.0},
            {"month": "2026-01", "cartsnitch_index": 101.92, "cpi": None},
        ],
    }


async def test_the_index_of_a_category(ask: Ask) -> None:
    """Its own index and series; the period asked for is in the answer."""
    assert await ask(f"{TO_JANUARY}&category=Dairy&period=1m") == {
        "period": "1m",
        "cartsnitch_index": 100.0,
        "cpi_baseline": 100.0,
        "categories": {"Dairy": 100.0},
        "series": [
            {"month": "2025-12", "cartsnitch_index": 100.0, "cpi": 100.0},
            {"month": "2026-01", "cartsnitch_index": 100.0, "cpi": None},
        ],
    }


async def test_an_unknown_category_has_an_empty_answer(ask: Ask) -> None:
    """Not even the official index is shown; an empty text is no category but all of them."""
    assert await ask(f"{TO_JANUARY}&category=Toys") == {
        "period": "1y",
        "cartsnitch_index": None,
        "cpi_baseline": None,
        "categories": {},
        "series": [],
    }
    assert await ask(f"{TO_JANUARY}&category=") == await ask(TO_JANUARY)


async def test_another_official_series(ask: Ask, log: Log) -> None:
    """It may begin later, and nothing is known of one that was never published."""
    log.publish("indices.published", series="CUUR0000SA0", period="2025-12", value="325.5")

    all_items = await ask(f"{TO_JANUARY}&series=CUUR0000SA0")
    unknown = await ask(f"{TO_JANUARY}&series=HICP")

    assert [month["cpi"] for month in all_items["series"]] == [None, 100.0, None]
    assert (unknown["cpi_baseline"], unknown["cartsnitch_index"]) == (None, 101.92)


async def test_without_a_day_the_window_ends_today(ask: Ask, log: Log) -> None:
    """What is dated later is not known yet."""
    for day, price in (("2100-11-01", "1.00"), ("2100-12-01", "2.00")):
        log.publish("prices.updated", product_id=BREAD, store_id=GREENBASKET, observed_date=day, regular_price=price)

    today = await ask(f"{PATH}?period=all-time")
    then = await ask(f"{PATH}?period=all-time&until=2100-12-31")

    assert (today["cartsnitch_index"], then["cartsnitch_index"]) == (101.92, 203.85)
    assert (today["series"][0], then["series"][-1]["month"]) == (then["series"][0], "2100-12")


@pytest.mark.parametrize("period", ["all-time", "1y", "6m", "3m", "1m"])
async def test_every_period_is_answered(period: str, ask: Ask) -> None:
    """Under the name it was asked by."""
    answer = await ask(f"{TO_JANUARY}&period={period}")
    assert (answer["period"], answer["series"][-1]["month"]) == (period, "2026-01")


async def test_anybody_may_ask(client: Client, get: Get) -> None:
    """No account is needed, and the answer may be kept by anybody who asks whether it still holds."""
    response = await client.get(TO_JANUARY)
    assert (response.status, response.headers["Cache-Control"]) == (200, "public, no-cache")
    assert await response.json() == await (await get(TO_JANUARY)).json()


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("period=2y", ("period", "literal_error")),
        ("period=", ("period", "literal_error")),
        ("period=1Y", ("period", "literal_error")),
        ("until=2025-13-01", ("until", "value_error")),
        ("until=1763690000", ("until", "value_error")),
        ("until=", ("until", "value_error")),
        (f"category={'x' * 101}", ("category", "string_too_long")),
        ("category=a;b", ("category", "value_error")),
        (f"series={'x' * 65}", ("series", "string_too_long")),
        ("series=", ("series", "string_too_short")),
        ("series=a%00", ("series", "string_pattern_mismatch")),
    ],
)
async def test_what_is_malformed_is_refused(refused: Refused, query: str, fault: tuple[str, str]) -> None:
    """422 that names the parameter."""
    assert await refused(f"{PATH}?{query}") == [fault]
