"""The fold law, for every projection there is, on the real stores."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import projections
from readmodel.engine.catalogue import discover
from readmodel.engine.plan import Plan
from readmodel.stores import duckdb as duck
from readmodel.stores import postgres
from readmodel.testing.law import Folded, defined
from readmodel.testing.strategies import events_of, splits

PLANS = discover(projections)


@pytest.fixture(params=PLANS, ids=lambda plan: plan.key)
def plan(request: pytest.FixtureRequest) -> Plan:
    """Each projection in each of its stores."""
    found: Plan = request.param
    return found


@pytest.fixture
def folded(plan: Plan, database: str, tmp_path: Path) -> Iterator[Folded]:
    """The projection's tables, created as in production."""
    postgres.migrate(database)
    file = duck.open_file(tmp_path / "analytics.duckdb", threads=1)
    made = Folded(plan, database, file)
    yield made
    made.close()
    file.close()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_folding_in_any_way_gives_what_the_definition_says(plan: Plan, folded: Folded, data: st.DataObject) -> None:
    """Any split, any order, any repetition: the tables equal the definition over the same events."""
    events = data.draw(events_of(plan.events))
    folded.empty()
    for batch in data.draw(splits(events)):
        folded.fold(batch)
        if data.draw(st.booleans()):
            folded.compact()
    assert folded.rows() == defined(plan, events)
