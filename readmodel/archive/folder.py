"""Where the archive lies: a local folder, or a prefix in an S3-compatible bucket. One way to use both."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pyarrow import fs

from readmodel.errors import ReadModelError

S3 = "s3://"
_BLOCK = 1 << 20


class ArchiveUnavailable(ReadModelError):
    """The archive {url} cannot be used at the moment: {reason}"""


@dataclass(frozen=True, slots=True)
class Found:
    """A file, or a folder (then without a size), and when it was last written, where the store knows that."""

    name: str
    size: int | None
    modified: datetime | None


class Folder:
    """Files by path below one root. Every method blocks, and raises ArchiveUnavailable or FileNotFoundError."""

    def __init__(self, url: str) -> None:
        # What follows the question mark, or stands before the @, may be a key.
        self.url = url.partition("?")[0] if "@" not in url else S3 + url.partition("?")[0].rpartition("@")[2]
        self.is_local = not url.startswith(S3)
        if self.is_local:
            self._files: fs.FileSystem = fs.LocalFileSystem()
            self._root = str(Path(url.removeprefix("file://")).expanduser().absolute())
        else:
            self._files, root = fs.FileSystem.from_uri(url)
            self._root = root.rstrip("/")

    def path(self, name: str) -> str:
        """Where a file is, for whoever opens it by itself."""
        return f"{self._root}/{name}"

    def entries(self, name: str) -> list[Found]:
        """What lies in a folder; nothing where there is no such folder."""
        with self._trouble():
            return [
                Found(info.base_name, None if info.type is fs.FileType.Directory else info.size, _instant(info))
                for info in self._files.get_file_info(fs.FileSelector(self.path(name), allow_not_found=True))
            ]

    def find(self, name: str) -> Found | None:
        """One file; None where there is none."""
        with self._trouble():
            info = self._files.get_file_info(self.path(name))
        return Found(info.base_name, info.size, _instant(info)) if info.type is fs.FileType.File else None

    def read(self, name: str) -> bytes:
        """A whole small file."""
        with self._trouble(), self._files.open_input_stream(self.path(name)) as file:
            return bytes(file.read())

    def open(self, name: str) -> Any:
        """A file to read from anywhere in it."""
        with self._trouble():
            return self._files.open_input_file(self.path(name))

    def sha256(self, name: str, copy_to: Path | None = None) -> str:
        """The checksum of a file, which is copied on the way where that is wanted."""
        digest = hashlib.sha256()
        target = Path(copy_to or os.devnull)
        with self._trouble(), target.open("wb") as copy, self._files.open_input_stream(self.path(name)) as file:
            while block := file.read(_BLOCK):
                digest.update(block)
                copy.write(block)
        return digest.hexdigest()

    def create(self, name: str) -> "Written":
        """A new file, which is there, and on disk, when it is closed."""
        with self._trouble():
            if not self.is_local:
                return Written(self._files.open_output_stream(self.path(name)))
            path = Path(self.path(name))
            path.parent.mkdir(parents=True, exist_ok=True)
            return Written(path.open("wb"), synced=path)

    def put(self, name: str, content: bytes) -> None:
        """A whole small file, there at once or not at all. What it speaks of is on disk before it."""
        if not self.is_local:
            with self._trouble(), self._files.open_output_stream(self.path(name)) as file:
                file.write(content)
            return
        path, draft = Path(self.path(name)), f"{name}.tmp"
        file = self.create(draft)
        file.write(content)
        file.close()
        with self._trouble():
            Path(self.path(draft)).replace(path)
            _sync_folder(path.parent)

    def sync(self, name: str) -> None:
        """Have a folder's list of files on disk; S3 needs no asking."""
        if self.is_local:
            with self._trouble():
                _sync_folder(Path(self.path(name)))

    def delete(self, name: str) -> None:
        """Delete a file, or a folder with all that is in it; one that is not there is deleted already."""
        with self._trouble():
            info = self._files.get_file_info(self.path(name))
            if info.type is fs.FileType.Directory:
                self._files.delete_dir(self.path(name))
            elif info.type is fs.FileType.File:
                self._files.delete_file(self.path(name))

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            raise ArchiveUnavailable(url=self.url, reason=error) from error


class Written:
    """A file being written: counts and digests what passes. pyarrow takes it for a file."""

    def __init__(self, sink: Any, synced: Path | None = None) -> None:
        self.bytes = 0
        self.closed = False
        self._digest = hashlib.sha256()
        self._sink = sink
        self._synced = synced

    @property
    def sha256(self) -> str:
        """Of what has been written so far."""
        return self._digest.hexdigest()

    def write(self, block: Any) -> int:
        """Append bytes, or a pyarrow buffer."""
        view = memoryview(block)
        self._digest.update(view)
        self._sink.write(view)
        self.bytes += view.nbytes
        return view.nbytes

    def tell(self) -> int:
        """How much has been written."""
        return self.bytes

    def flush(self) -> None:
        """All of it is flushed when the file is closed."""

    def close(self) -> None:
        """Make it last."""
        if not self.closed:
            self.closed = True
            if self._synced:
                self._sink.flush()
                os.fsync(self._sink.fileno())
            self._sink.close()


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _instant(info: fs.FileInfo) -> datetime | None:
    found: datetime | None = info.mtime
    return found.astimezone(UTC) if found else None
