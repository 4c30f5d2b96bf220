"""A build made from scratch: its definition computed over history, and put into its store at once."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from readmodel.engine.builds.scratch import scratch
from readmodel.engine.builds.work import Work
from readmodel.engine.folding.committer import rejected_of
from readmodel.engine.log.relations import Positions, Relations
from readmodel.engine.plan import Plan, PlannedTable
from readmodel.stores.store import Cursor, Load, Quarantined, Store, TableShape, Version

ROWS_AT_ONCE = 100_000


@dataclass(frozen=True, slots=True)
class Building:
    """What is to be built: which build, by which owner, from what history, up to which cursors.

    `sizes` are the rows of the live build's tables, where they are known: about so many are to come.
    """

    plan: Plan
    version: Version
    epoch: int
    beside: Version
    relations: Relations
    left_out: Positions
    cursors: Mapping[str, Cursor]
    sizes: Mapping[str, int | None]


class Builder:
    """Makes one build. `build` blocks, so it is called in a thread; `interrupt` ends it from another."""

    def __init__(self, building: Building, store: Store, data_dir: Path, work: Work) -> None:
        self._building = building
        self._store = store
        self._data_dir = data_dir
        self._work = work
        self._scratch: duckdb.DuckDBPyConnection | None = None
        self._is_interrupted = False

    def build(self) -> None:
        """Compute and load; what the store's `load` raises. Nothing is left behind unless all of it is done."""
        made = self._building
        shapes = made.plan.shapes()
        tables = {shape.name: table for shape, table in zip(shapes, made.plan.tables, strict=True)}
        with scratch(self._data_dir) as connection:
            self._scratch = connection
            made.relations.attach(connection, made.left_out)
            self._store.load(
                Load(
                    version=made.version,
                    epoch=made.epoch,
                    tables=shapes,
                    views=made.plan.views,
                    rows=lambda shape: self._rows(shape, tables[shape.name]),
                    cursors=made.cursors,
                    put_aside=made.beside.build,
                    quarantined={stream: self._refused(stream) for stream in made.plan.streams},
                )
            )

    def interrupt(self) -> None:
        """Give up as soon as possible."""
        self._is_interrupted = True
        if self._scratch:
            with suppress(duckdb.Error):  # it may be closed by now
                self._scratch.interrupt()

    def _rows(self, shape: TableShape, table: PlannedTable) -> Iterator[pa.Table]:
        assert self._scratch
        self._work.begin(f"computing {shape.name}")
        query = self._building.plan.definition(table)
        if shape.log:
            # In the order it is asked by, as a compaction would leave it.
            query = f"SELECT * FROM ({query}) AS defined ORDER BY {', '.join(table.table.key)}"
        batches = self._scratch.execute(query).to_arrow_reader(ROWS_AT_ONCE)
        self._work.begin(f"writing {shape.name}", self._building.sizes.get(shape.name))
        for batch in batches:
            if self._is_interrupted:
                raise duckdb.InterruptException("the rebuild was called off")
            yield pa.Table.from_batches([batch])
            self._work.add(batch.num_rows)
        self._work.begin("indexing")

    def _refused(self, stream: str) -> list[Quarantined]:
        """What does not decode and concerns this projection, unless it is among the dead letters already."""
        known = self._building.left_out.get(stream, ())
        found = self._building.relations.rejected.get(stream, ())
        return [letter for letter in rejected_of(self._building.plan, found) if letter.position not in known]
