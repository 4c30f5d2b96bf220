"""A DuckDB database to compute in: beside the stores, with bounds of its own, gone afterwards."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

MEMORY = "1GiB"
"""What a computation may take; what needs more is spilled to disk."""
FOLDER = "scratch"


@contextmanager
def scratch(data_dir: Path, memory: str = MEMORY, threads: int = 1) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty database in a folder of its own under `data_dir`, which is removed with all that was spilled there."""
    (data_dir / FOLDER).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=data_dir / FOLDER, ignore_cleanup_errors=True) as folder:
        bounds: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory,
            "threads": threads,
            "temp_directory": f"{folder}/spilled",
            # Results are sorted where it matters, and keeping the order would take all the memory there is.
            "preserve_insertion_order": False,
        }
        with duckdb.connect(f"{folder}/scratch.duckdb", config=bounds) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            yield connection


def clear(data_dir: Path) -> None:
    """Remove what computations of a dead process left."""
    shutil.rmtree(data_dir / FOLDER, ignore_errors=True)
