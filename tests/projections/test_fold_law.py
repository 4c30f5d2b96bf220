"""The fold law, for every projection there is, on the real stores."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import Phase, settings

import projections
from readmodel.engine.catalogue import discover
from readmodel.engine.plan import Plan, PlannedTable
from readmodel.engine.projection import DUCKDB, Projection, Table
from readmodel.events.prices import PriceUpdated
from readmodel.stores.store import StoredColumn
from readmodel.testing.delivery import Positioned
from readmodel.testing.fold_law import FoldLawBroken, check_fold_law, check_folding
from readmodel.testing.given import Tables

PLANS = discover(projections)

PRODUCT = "00000000-0000-4000-8000-000000000001"
COUNTED = """
    SELECT product_id, store, count(*) AS times, max(position) AS position
    FROM prices_updated
    GROUP BY product_id, store
"""


@pytest.fixture
def counting() -> Plan:
    """A definition that looks at several events at once, which no declaration can tell."""
    table = Table("counted", key=("product_id", "store"))
    kinds = {"product_id": "UUID", "store": "VARCHAR", "times": "BIGINT", "position": "BIGINT"}
    columns = tuple(StoredColumn(name, kind, name in table.key) for name, kind in kinds.items())
    declared = Projection(version=1, stores=(DUCKDB,), events=(PriceUpdated,), tables=(table,))
    planned = PlannedTable(table, COUNTED, columns)
    return replace(PLANS[0], name="counting", store=DUCKDB, declared=declared, tables=(planned,), views=())


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.key)
def test_folding_in_any_way_gives_what_the_definition_says(plan: Plan, shared_tables: Tables) -> None:
    """Any split, any order, any repetition: the tables equal the definition over the same events."""
    check_fold_law(plan, shared_tables.emptied(plan))


def price(position: int) -> Positioned:
    sent = {
        "event_id": f"e-{position}",
        "occurred_at": "2024-03-01T00:00:00Z",
        "event_source": "test",
        "product_id": PRODUCT,
        "store_slug": "corner",
        "regular_price": 1,
    }
    return position, PriceUpdated.model_validate(sent)


def test_a_definition_that_breaks_the_law_is_found(counting: Plan, shared_tables: Tables) -> None:
    """Where it happens to hold, nothing is said; else what differs, and in which batches."""
    first, second = events = [price(1), price(2)]

    check_folding(counting, shared_tables.emptied(counting), events, [events])
    with pytest.raises(FoldLawBroken) as caught:
        check_folding(counting, shared_tables.emptied(counting), events, [[first], [second]])

    assert caught.value.values == {
        "plan": "counting@duckdb",
        "table": "counted",
        "folded": [(UUID(PRODUCT), "corner", 1, 2)],
        "defined": [(UUID(PRODUCT), "corner", 2, 2)],
        "batches": [[first], [second]],
    }


@pytest.fixture
def first_found() -> Iterator[None]:
    """Hypothesis neither looks for smaller events nor remembers those that it found."""
    used = settings.get_current_profile_name()
    settings.register_profile("first_found", database=None, phases=[Phase.generate])
    settings.load_profile("first_found")
    yield
    settings.load_profile(used)


@pytest.mark.usefixtures("first_found")
def test_the_law_is_checked_with_events_that_break_it(counting: Plan, shared_tables: Tables) -> None:
    """Made up from the contract alone, and there are enough of them."""
    with pytest.raises(FoldLawBroken):
        check_fold_law(counting, shared_tables.emptied(counting))
