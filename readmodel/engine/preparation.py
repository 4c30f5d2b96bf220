"""Before anything runs: every table exists, and every query can be planned."""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing

from readmodel.engine.plan import Plan
from readmodel.stores.store import Store

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def prepare(plans: Sequence[Plan], open_store: Callable[[Plan], Store]) -> None:
    """Create what is missing, and refuse queries that do not match the tables; QueryBroken names the first."""
    for plan in plans:
        with closing(open_store(plan)) as store:
            store.create(plan.as_version, plan.shapes(), plan.views)
    schemas = {plan.name: plan.schema for plan in plans}
    for plan in plans:
        # A projection that lives in both stores is asked in the one it names first.
        if plan.store is plan.declared.stores[0] and _has_all(plan, schemas):
            with closing(open_store(plan)) as store:
                for name, query in plan.queries.sections.items():
                    store.plan(f"{plan.name}.{name}", in_schemas(query, schemas))


def in_schemas(query: str, schemas: Mapping[str, str]) -> str:
    """A query with the schema of a version for every `{projection}`."""
    return _PLACEHOLDER.sub(lambda match: schemas[match[1]], query)


def _has_all(plan: Plan, schemas: Mapping[str, str]) -> bool:
    """Whether all that a plan's queries join is there, as it is not where a test runs one projection alone."""
    named = {name for query in plan.queries.sections.values() for name in _PLACEHOLDER.findall(query)}
    return named <= schemas.keys()
