"""The fold law, checked: whatever the split, order and repetition, folding gives what the definition says.

    check_fold_law(plan, Tables(database_url, file).emptied(plan))

It needs Hypothesis (`readmodel.testing.strategies`), which makes the events from the contracts alone and, where the
law does not hold, looks for the smallest events that show it.
"""

from collections.abc import Container, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from readmodel.engine.plan import Plan
from readmodel.errors import ReadModelError
from readmodel.testing.delivery import Positioned
from readmodel.testing.law import Folded, defined
from readmodel.testing.strategies import events_of, splits


class FoldLawBroken(ReadModelError):
    """The table {table} of {plan} does not hold what its definition says: folding these batches gives the rows
    {folded}, the definition gives {defined} instead; does it look at two events at once? The batches are {batches}"""


def check_fold_law(plan: Plan, folded: Folded, examples: int = 25) -> None:
    """Fold so many made-up logs, each in a way of its own; FoldLawBroken for one that ends otherwise than defined."""

    @settings(max_examples=examples, deadline=None)
    @given(data=st.data())
    def folding_in_any_way_gives_what_the_definition_says(data: st.DataObject) -> None:
        events = data.draw(events_of(plan.events))
        batches = data.draw(splits(events))
        folded.empty()
        check_folding(plan, folded, events, batches, data.draw(st.sets(st.integers(0, len(batches)))))

    folding_in_any_way_gives_what_the_definition_says()


def check_folding(
    plan: Plan,
    folded: Folded,
    events: Sequence[Positioned],
    batches: Sequence[Sequence[Positioned]],
    compacted_after: Container[int] = (),
) -> None:
    """Fold one log in one way into empty tables; FoldLawBroken where they end otherwise than defined.

    After the batches with these numbers, from 0, tables that are appended to are compacted.
    """
    for number, batch in enumerate(batches):
        folded.fold(batch)
        if number in compacted_after:
            folded.compact()
    found = folded.rows()
    for table, rows in defined(plan, events).items():
        if found[table] != rows:
            raise FoldLawBroken(
                plan=plan.key,
                table=table,
                folded=[row for row in found[table] if row not in rows],
                defined=[row for row in rows if row not in found[table]],
                batches=batches,
            )
