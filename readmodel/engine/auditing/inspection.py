"""What operators ask about the truth of tables: is it so, and why?"""

from collections.abc import Iterator, Sequence
from typing import Any

from readmodel.engine.auditing.audit import Audit
from readmodel.engine.auditing.bench import Bench
from readmodel.engine.auditing.explaining import Explainer
from readmodel.engine.folding.letters import ProjectionUnknown
from readmodel.engine.plan import Plan

Shown = dict[str, Any]
"""Something as JSON."""


class Inspector:
    """Audits and explains some projections."""

    def __init__(self, plans: Sequence[Plan], bench: Bench) -> None:
        self._plans = plans
        self._explainer = Explainer(plans, bench)
        self.audits = Audit(plans, bench)

    def last_audits(self) -> list[Shown]:
        """What the last audit of every projection found, in order of name; those that had none are left out."""
        return [audited.as_json() for audited in self.audits.last()]

    async def audit(self, names: Sequence[str] = ()) -> list[Shown]:
        """Audit projections, each `name` or `name@store`, all of them without names: what was found.

        An audit that fails says so in its result; ProjectionUnknown where a name is none.
        """
        return [(await self.audits.run(plan)).as_json() for plan in list(self._named(names))]

    async def explain(self, name: str, key: Sequence[str]) -> Shown:
        """The row that is meant, and the events that touch it; see Explainer for the errors."""
        return (await self._explainer.explain(name, key)).as_json()

    def _named(self, names: Sequence[str]) -> Iterator[Plan]:
        for name in names:
            if not any(name in (plan.name, plan.key) for plan in self._plans):
                raise ProjectionUnknown(name=name, names=", ".join(plan.key for plan in self._plans))
        return (plan for plan in self._plans if not names or plan.name in names or plan.key in names)
