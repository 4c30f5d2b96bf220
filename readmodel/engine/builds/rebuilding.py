"""Rebuilds as operators ask for them: by name, and told how they go."""

from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import aclosing

from readmodel.engine.builds.rebuild import Rebuilds, Wanted
from readmodel.engine.builds.work import Shown, Work, followed
from readmodel.engine.folding.letters import ProjectionUnknown
from readmodel.engine.plan import Plan
from readmodel.engine.vector import vector_until

Doing = Callable[[Plan, Work], Coroutine[None, None, Shown]]


class Rebuilding:
    """Does to the plans of a name, one after the other, what is asked; each step and outcome names the plan.

    ProjectionUnknown where there is no such projection, UntilInvalid, and what `Rebuilds` raises.
    """

    def __init__(self, plans: Sequence[Plan], rebuilds: Rebuilds) -> None:
        self._plans = plans
        self._rebuilds = rebuilds

    async def rebuild(
        self, name: str, *, swap: bool = True, diff: bool = False, until: str | None = None
    ) -> AsyncGenerator[Shown, None]:
        """Build anew."""

        async def doing(plan: Plan, work: Work) -> Shown:
            upto = vector_until(until, plan.streams) if until else None
            return await self._rebuilds.rebuild(plan, Wanted(swap=swap, diff=diff, until=upto), work)

        async with aclosing(self._each(name, doing)) as steps:
            async for step in steps:
                yield step

    def swap(self, name: str) -> AsyncGenerator[Shown, None]:
        """Show the build that was made without being shown."""
        return self._each(name, self._rebuilds.swap)

    def rollback(self, name: str) -> AsyncGenerator[Shown, None]:
        """Show the build that was shown before."""
        return self._each(name, self._rebuilds.rollback)

    def abandon(self, name: str) -> AsyncGenerator[Shown, None]:
        """Drop the build that was made without being shown."""
        return self._each(name, self._rebuilds.abandon)

    async def build_first(self) -> AsyncGenerator[tuple[Plan, Shown | None], None]:
        """Build every version that has not begun, where there is history; each plan with what was made, if anything."""
        for plan in self._plans:
            yield plan, await self._rebuilds.build_first(plan, Work())

    async def tidy(self) -> None:
        """Drop what rebuilds of dead processes left."""
        for plan in self._plans:
            await self._rebuilds.tidy(plan)

    async def _each(self, name: str, doing: Doing) -> AsyncGenerator[Shown, None]:
        plans = [plan for plan in self._plans if name in (plan.name, plan.key)]
        if not plans:
            raise ProjectionUnknown(name=name, names=", ".join(plan.key for plan in self._plans))
        for plan in plans:
            work = Work()
            async with aclosing(followed(work, doing(plan, work))) as steps:
                async for step in steps:
                    yield {"projection": plan.key, **step}
