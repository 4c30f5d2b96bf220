"""Every projection there is, following the streams as it does live."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import duckdb
import orjson

from readmodel.engine.folding.batch import batch_of
from readmodel.engine.folding.committer import Committer
from readmodel.engine.plan import Plan
from readmodel.engine.projection import POSTGRES
from readmodel.events.envelope import Entry
from readmodel.events.event import stream_of
from readmodel.events.position import format_position, parse_position
from readmodel.stores.duckdb import DuckStore
from readmodel.stores.postgres import PostgresStore
from readmodel.stores.store import Store
from tests.oracle.reading import Told, read
from tests.oracle.spelling import Document

FIRST, STEP = parse_position("1763690000000-0"), parse_position("1-0")
BATCH = 400
"""Events that are folded together, at most."""


class Log:
    """The streams, as lists: where each document stands, and what was told by it."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self._entries: list[tuple[str, Entry]] = []
        self.told: list[Told] = []
        for number, document in enumerate(documents):
            position = FIRST + number * STEP
            stream = stream_of(document.get("type") or document["event_type"])
            self._entries.append((stream, Entry(position, orjson.dumps(document))))
            self.told.append(read(position, format_position(position), document))

    def __len__(self) -> int:
        return len(self.told)

    def part(self, start: int, end: int) -> list[tuple[str, list[Entry]]]:
        """The entries of each stream, from one event to another."""
        found: defaultdict[str, list[Entry]] = defaultdict(list)
        for stream, entry in self._entries[start:end]:
            found[stream].append(entry)
        return list(found.items())


class Followers:
    """All projections, each with a store of its own."""

    def __init__(self, plans: Sequence[Plan], database_url: str, file: duckdb.DuckDBPyConnection) -> None:
        self._stores: list[tuple[Plan, Store, Committer]] = []
        self._at: dict[tuple[str, str], int] = {}
        for plan in plans:
            store: Store = PostgresStore(database_url) if plan.store is POSTGRES else DuckStore(file)
            store.create(plan.as_version, plan.shapes(), plan.views)
            for stream, cursor in store.take_over(plan.as_version, 1, plan.streams).items():
                self._at[plan.key, stream] = cursor.position
            self._stores.append((plan, store, Committer(plan, store, plan.as_version)))

    def fold(self, stream: str, entries: Sequence[Entry]) -> None:
        """Fold what came in a stream, in batches, and put nothing aside."""
        for start in range(0, len(entries), BATCH):
            batch = batch_of(stream, entries[start : start + BATCH])
            assert not batch.rejected, batch.rejected[0]
            for plan, _, committer in self._stores:
                if stream in plan.streams:
                    committer.fold(batch, 1, self._at[plan.key, stream])
                    self._at[plan.key, stream] = batch.upto

    def close(self) -> None:
        """Disconnect."""
        for _, store, _ in self._stores:
            store.close()
