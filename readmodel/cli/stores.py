"""Both stores opened and made ready."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import duckdb
import psycopg

from readmodel.engine.builds.scratch import clear
from readmodel.engine.plan import Plan
from readmodel.engine.projection import DUCKDB, POSTGRES, StoreName
from readmodel.settings import Settings
from readmodel.stores import duckdb as duck
from readmodel.stores import postgres
from readmodel.stores.copying import Copier, DuckCopier, PostgresCopier
from readmodel.stores.duckdb import DuckStore
from readmodel.stores.erasing import DuckSweeper, PostgresSweeper, Sweeper
from readmodel.stores.postgres import PostgresStore
from readmodel.stores.reading import DuckReader, PostgresReader, Reader
from readmodel.stores.sql import read_sql
from readmodel.stores.store import Store, StoreUnavailable

ANALYTICS_FILE = "analytics.duckdb"
DUCKDB_THREADS = 1
"""Cores less one, on the two cores this is made for: a fold must not starve the event loop."""


@dataclass(frozen=True)
class Stores:
    """The two stores of this process."""

    database_url: str
    file: duckdb.DuckDBPyConnection
    readers: Mapping[StoreName, Reader]
    copiers: Mapping[StoreName, Copier]
    sweepers: Mapping[StoreName, Sweeper]

    def of(self, plan: Plan) -> Store:
        """The writing side for one plan."""
        return DuckStore(self.file) if plan.store is DUCKDB else PostgresStore(self.database_url)

    def beside(self, plan: Plan) -> Store:
        """The same for whoever works beside the owner: it does not end the owner's session."""
        return DuckStore(self.file) if plan.store is DUCKDB else PostgresStore(self.database_url, "rebuild")

    async def cursors(self) -> dict[str, dict[str, int]]:
        """How far each projection has come: by `name@store`, position per stream, whichever version is furthest."""
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for store, reader in self.readers.items():
            async with reader.snapshot() as snapshot:
                for row in await snapshot.fetch(read_sql("readmodel.stores", "reading.sql").sections["versions"], {}):
                    streams = found[f"{row['projection']}@{store}"]
                    streams[row["stream"]] = max(row["position"], streams.get(row["stream"], 0))
        return found


@asynccontextmanager
async def open_stores(settings: Settings) -> AsyncIterator[Stores]:
    """Connect to Postgres, open the DuckDB file, and create the engine's tables; StoreUnavailable when one fails."""
    database_url = str(settings.database_url)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    file = await asyncio.to_thread(duck.open_file, settings.data_dir / ANALYTICS_FILE, DUCKDB_THREADS)
    # The file is open in one process only, so whoever computed anything here before is dead.
    await asyncio.to_thread(clear, settings.data_dir)
    try:
        await asyncio.to_thread(postgres.migrate, database_url)
    except psycopg.OperationalError as error:
        file.close()
        raise StoreUnavailable(store="Postgres", reason=str(error).strip()) from error
    of_postgres, of_duckdb = PostgresReader(database_url), DuckReader(file)
    await of_postgres.open()
    try:
        readers: dict[StoreName, Reader] = {POSTGRES: of_postgres, DUCKDB: of_duckdb}
        copiers: dict[StoreName, Copier] = {POSTGRES: PostgresCopier(database_url), DUCKDB: DuckCopier(file)}
        sweepers: dict[StoreName, Sweeper] = {POSTGRES: PostgresSweeper(database_url), DUCKDB: DuckSweeper(file)}
        yield Stores(database_url, file, readers, copiers, sweepers)
    finally:
        await of_postgres.close()
        of_duckdb.close()
        file.close()
