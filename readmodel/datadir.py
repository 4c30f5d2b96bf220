"""The data directory: what belongs to one running service, one process at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from readmodel.errors import DataDirLocked, DataDirUnusable


@contextmanager
def locked(path: Path) -> Iterator[Path]:
    """Hold `path`, made if missing, for this process alone; yields it absolute.

    The lock belongs to an open file, so it goes with the process however that ends. Raises `DataDirLocked`
    with the holder's pid, or `DataDirUnusable`.
    """
    folder = prepare(path)
    try:
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise DataDirUnusable(path=folder, reason=error.strerror) from error
    try:
        _take(descriptor, folder)
        yield folder
    finally:
        os.close(descriptor)


def prepare(path: Path) -> Path:
    """Make the folder if it is missing and return it absolute."""
    folder = path.expanduser().resolve()
    try:
        folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    except OSError as error:
        raise DataDirUnusable(path=folder, reason=error.strerror) from error
    return folder


def write_private(path: Path, text: str) -> None:
    """Put `text` into a file that only its owner may read: whole or not at all, also across a power loss."""
    unfinished = _unfinished(path, text)
    unfinished.replace(path)


def keep(path: Path, text: str) -> str:
    """What the private file `path` holds: `text` if there was none; of two that ask at once, one decides."""
    if not path.exists():
        unfinished = _unfinished(path, text)
        try:
            path.hardlink_to(unfinished)
        except FileExistsError:
            pass  # another process was faster, and its text counts
        finally:
            unfinished.unlink()
    return path.read_text(encoding="utf-8")


def _unfinished(path: Path, text: str) -> Path:
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return unfinished


def _take(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(descriptor, 32, 0).decode().strip() or "unknown"
        raise DataDirLocked(path=folder, pid=holder) from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
