"""Whether a rebuild has room, before it begins."""

import shutil
from pathlib import Path

import psutil

BYTES_PER_EVENT = 200
"""Of disk that a rebuild may take for each event: what is spilled, and the build itself."""
MEMORY_NEEDED = 1.5 * 2**30
"""Bytes: those of the scratch database, and of what is read into it and out of it."""


def lacking(data_dir: Path, events: int) -> str | None:
    """What there is not enough of, and what to do; None where there is room. A distant Postgres is not looked at."""
    needed, free = events * BYTES_PER_EVENT, shutil.disk_usage(data_dir).free
    if free < needed:
        return f"it may take {_mib(needed)} of disk, and {data_dir} has {_mib(free)} left; make room there"
    if (available := psutil.virtual_memory().available) < MEMORY_NEEDED:
        return f"it may take {_mib(MEMORY_NEEDED)} of memory, and {_mib(available)} are available; end something else"
    return None


def _mib(size: float) -> str:
    return f"{size / 2**20:,.0f} MiB"
