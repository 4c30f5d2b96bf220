"""From rows back to events: which ones touch a row, and which decide what it is."""

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import orjson
import pytest
from hypothesis import given, settings

import projections
from readmodel.engine.auditing.lineage import events_read, facts_of, positions_in, touching
from readmodel.engine.catalogue import discover
from readmodel.engine.folding.staging import staged
from readmodel.engine.plan import Plan, PlannedTable
from readmodel.engine.projection import DUCKDB
from readmodel.events.decode import decode
from readmodel.events.envelope import Entry
from readmodel.events.event import stream_of
from readmodel.stores.duckdb import stage
from readmodel.testing.delivery import Positioned
from readmodel.testing.given import Document, event
from readmodel.testing.law import relations
from readmodel.testing.strategies import events_of

PLANS = discover(projections)
PRODUCT, USER, STORE = (f"00000000-0000-4000-8000-00000000000{digit}" for digit in "123")


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database for the relations."""
    with duckdb.connect() as opened:
        opened.execute("SET TimeZone = 'UTC'")
        yield opened


def attach(connection: duckdb.DuckDBPyConnection, plan: Plan, events: Sequence[Positioned]) -> None:
    """Make events the relations that a plan reads."""
    for part in staged(plan.relations, relations(plan, events), DUCKDB):
        stage(connection, part)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.key)
def test_every_fact_names_its_event(plan: Plan, connection: duckdb.DuckDBPyConnection) -> None:
    """Whatever an event states carries its position, with or without a minus sign: so a row leads back to it."""

    @settings(max_examples=8 * len(plan.events), deadline=None)
    @given(events=events_of(plan.events, max_size=1))
    def every_fact_names_its_event(events: Sequence[Positioned]) -> None:
        attach(connection, plan, events)
        for position, made in events:
            for table in plan.tables:
                for fact in stated(connection, plan, table, type(made)):
                    assert position in positions_in(table, fact), (table.table.name, fact)

    every_fact_names_its_event()


def stated(
    connection: duckdb.DuckDBPyConnection, plan: Plan, table: PlannedTable, made: type[Any]
) -> list[dict[str, Any]]:
    """The facts of the events there are; none where the table does not read them."""
    if made not in events_read(plan, table):
        return []
    rows = connection.execute(facts_of(plan, table, made)).fetchall()
    return [dict(zip(table.column_names, row, strict=True)) for row in rows]


def told(connection: duckdb.DuckDBPyConnection, name: str, key: Sequence[str], *events: Document) -> list[Any]:
    """Of events at the positions 1000, 1001, ... those that touch a row: position, what they set and decide."""
    plan_name, table_name = name.split(".")
    plan = next(plan for plan in PLANS if plan.name == plan_name)
    table = next(table for table in plan.tables if table.table.name == table_name)
    attach(connection, plan, [decoded(1000 + nth, document) for nth, document in enumerate(events)])
    (touches,) = touching(connection, plan, table, [tuple(key)])
    return [(touch.position, touch.sets, "erased" if touch.erases else touch.decides) for touch in touches]


def decoded(position: int, document: Document) -> Positioned:
    """An event at a position."""
    (part,) = decode(stream_of(document["type"]), [Entry(position, orjson.dumps(document))])
    ((found,),) = part.events.values()
    return found


def price(day: str, regular: str) -> Document:
    """A price in one store."""
    data = {"product_id": PRODUCT, "store_slug": "corner", "observed_date": day, "regular_price": regular}
    return event("prices.updated", data)


def test_the_newest_fact_decides(connection: duckdb.DuckDBPyConnection) -> None:
    """All that speak of the key are told, oldest first, and the last of them decides every column."""
    events = [price("2024-03-01", "1.00"), price("2024-03-02", "2.00"), price("2024-03-01", "3.00")]
    others = {"sale_price": None, "loyalty_price": None, "coupon_price": None}

    found = told(connection, "price_history.points", (PRODUCT, "corner", "2024-03-01"), *events)

    assert found == [
        (1000, {"regular_price": "1.0000", **others, "position": 1000}, []),
        (1002, {"regular_price": "3.0000", **others, "position": 1002}, ["regular_price", *others, "position"]),
    ]


def test_each_group_is_decided_by_itself(connection: duckdb.DuckDBPyConnection) -> None:
    """A patch that leaves a field out does not decide it; a removal decides only that the thing is gone."""
    found = told(
        connection,
        "products.products_state",
        (PRODUCT,),
        event("products.normalized", {"product_id": PRODUCT, "canonical_name": "Milk", "brand": "Dairy"}),
        event("products.removed", {"product_id": PRODUCT}),
        event("products.normalized", {"product_id": PRODUCT, "canonical_name": "Oat milk"}),
    )

    (first, sets, decides), (second, _, removal), (third, said, last) = found
    assert (first, second, third, removal) == (1000, 1001, 1002, ["removed_at"])
    assert (sets["brand"], "brand" in decides, "canonical_name" in decides) == ("Dairy", True, False)
    assert ("brand" in said, "canonical_name" in last) == (False, True)


def test_the_oldest_decides_where_it_counts(connection: duckdb.DuckDBPyConnection) -> None:
    """When a list was made is what the first event says, though the last one says what it is."""
    events = [
        event("shopping_lists.saved", {"user_id": USER, "id": STORE, "name": name, "items": []})
        for name in ("Party", "Picnic", "Feast")
    ]

    found = told(connection, "shopping_lists.lists", (USER, STORE), *events)

    decided = {position: decides for position, _, decides in found}
    assert decided[1000] == ["created_at", "minus_position"]
    assert decided[1001] == []
    assert "name" in decided[1002]


def test_an_erasure_decides_alone(connection: duckdb.DuckDBPyConnection) -> None:
    """The row of an erased user is gone, whatever else is said of it, before or after."""
    found = told(
        connection,
        "users.email_inboxes",
        (USER,),
        event("users.registered", {"user_id": USER, "email_inbound_token": "abc"}),
        event("users.erased", {"user_id": USER}),
        event("users.registered", {"user_id": USER, "email_inbound_token": "def"}),
    )

    assert [(position, decides) for position, _, decides in found] == [(1000, []), (1001, "erased"), (1002, [])]


def test_events_at_the_same_position_in_two_streams(connection: duckdb.DuckDBPyConnection) -> None:
    """Positions are those of a stream: another stream's event at the same one is not taken for it."""
    (plan,) = [plan for plan in PLANS if plan.key == "price_index@duckdb"]
    table = next(table for table in plan.tables if table.table.name == "category_names")
    product = event("products.normalized", {"product_id": PRODUCT, "canonical_name": "Milk", "category": "dairy"})
    index = event("indices.published", {"series": "dairy", "period": "2024-03", "value": "100"})
    attach(connection, plan, [decoded(1000, product), decoded(1000, index)])

    (touches,) = touching(connection, plan, table, [("dairy",)])

    assert [touch.event.type for touch in touches] == ["cartsnitch.products.normalized"]
