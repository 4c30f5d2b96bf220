"""What erasing relies on in every projection."""

import pytest

import projections
from readmodel.engine.auditing.lineage import events_read
from readmodel.engine.catalogue import discover
from readmodel.engine.plan import Plan

PLANS = discover(projections)
(ERASURE,) = {plan.declared.erased_by for plan in PLANS if plan.declared.erased_by}


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.key)
def test_facts_of_a_user_name_the_user(plan: Plan) -> None:
    """A table that is filled from events of users has their column and is erased by it, so nothing is left in it."""
    filled = [
        table
        for table in plan.tables
        for event in events_read(plan, table)
        if ERASURE.column in event.model_fields and event is not ERASURE.event
    ]
    assert [table.table.name for table in filled if plan.erasure_in(table) != ERASURE] == []
