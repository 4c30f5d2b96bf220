"""What operators can have done, put together: in the running service, and where none runs."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import redis.asyncio

import projections
from readmodel.cli.archive import archiver_of, history_of
from readmodel.cli.background import in_background
from readmodel.cli.stores import Stores, open_stores
from readmodel.engine.auditing.bench import Bench
from readmodel.engine.auditing.inspection import Inspector
from readmodel.engine.auditing.past import Past
from readmodel.engine.auditing.verifying import Verifier
from readmodel.engine.builds.rebuild import Rebuilds
from readmodel.engine.builds.rebuilding import Rebuilding
from readmodel.engine.builds.scratch import FOLDER
from readmodel.engine.builds.showing import Showing
from readmodel.engine.catalogue import discover
from readmodel.engine.erasure.erasing import Erasing
from readmodel.engine.erasure.erasing_event import ErasingEvent
from readmodel.engine.erasure.leftovers import Leftovers
from readmodel.engine.folding.lease import TTL, Leases
from readmodel.engine.folding.letters import Letters
from readmodel.engine.folding.ownership import Borrower, Keeper
from readmodel.engine.log.archiver import Archiver
from readmodel.engine.log.history import History
from readmodel.engine.log.losses import Losses
from readmodel.engine.plan import Plan
from readmodel.engine.preparation import prepare
from readmodel.importers.notes import forget
from readmodel.settings import Settings
from readmodel.stores.erasures import ErasureTable
from readmodel.stores.leases import LeaseTable, process_name

PATIENCE = 10.0
"""Seconds that a running service may take to fold the next events, until it is done in its place."""


@dataclass(frozen=True)
class Operating:
    """What operators can have done."""

    plans: Sequence[Plan]
    letters: Letters
    rebuilding: Rebuilding
    losses: Losses
    inspector: Inspector
    past: Past
    erasing: Erasing
    archiver: Archiver
    verifier: Verifier


def operating(
    plans: Sequence[Plan],
    stores: Stores,
    history: History,
    archiver: Archiver,
    keepers: Mapping[str, Keeper],
    leases: Leases,
    data_dir: Path,
    patience: float = PATIENCE,
) -> Operating:
    """What can be done with these stores to the projections that `keepers` own; `patience` is ErasingEvent's."""
    letters = Letters(plans, stores.readers, keepers)
    showing = Showing(stores.beside, history, keepers, leases)
    bench = Bench(stores.copiers, history, data_dir)
    inspector = Inspector(plans, bench)
    event = ErasingEvent(tuple(plans), history, stores.readers, keepers, data_dir / FOLDER, patience)
    erasing = Erasing(
        plans,
        history,
        archiver,
        showing,
        inspector.audits,
        event,
        Leftovers(plans, stores.sweepers, leases, event),
        ErasureTable(stores.database_url),
        partial(forget, history.streams.client),
    )
    return Operating(
        plans,
        letters=letters,
        rebuilding=Rebuilding(plans, Rebuilds(showing, history, letters, stores.copiers, data_dir)),
        losses=Losses(history, plans, stores.readers),
        inspector=inspector,
        past=Past(plans, bench, letters),
        erasing=erasing,
        archiver=archiver,
        verifier=Verifier(plans, history, stores.readers, ErasureTable(stores.database_url), data_dir / FOLDER),
    )


@asynccontextmanager
async def without_service(settings: Settings) -> AsyncIterator[Operating]:
    """The same for a command, where no service keeps the projections; every one is owned for as long as it takes."""
    plans = discover(projections)
    leases = Leases(LeaseTable(str(settings.database_url), process_name(), TTL))
    async with (
        open_stores(settings) as stores,
        redis.asyncio.Redis.from_url(str(settings.redis_url)) as client,
        in_background(leases.keep()),
    ):
        await asyncio.to_thread(prepare, plans, stores.of)
        keepers = {plan.key: Borrower(plan, stores.of, leases) for plan in plans}
        try:
            history = history_of(settings, client)
            archiver = archiver_of(settings, history, leases)
            yield operating(plans, stores, history, archiver, keepers, leases, settings.data_dir, patience=0.0)
        finally:
            await leases.close()
