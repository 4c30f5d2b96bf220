"""The archive: for each stream a chain of segments without a hole, found from the manifests alone."""

import threading
from bisect import bisect_right
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from readmodel.archive.folder import ArchiveUnavailable, Folder, Found
from readmodel.archive.manifest import SUFFIX, ArchiveDamaged, Manifest, Part, range_of, read_manifest
from readmodel.archive.segment import POSITION, RAW, Rows, SegmentWriter, merged, row_groups
from readmodel.events.position import START, format_position


class Superseded(Exception):
    """A segment was merged into another and deleted, so look again."""


@dataclass(frozen=True, slots=True)
class Link:
    """A segment in the chain: its rows after this position count, those before are in another segment."""

    after: int
    segment: Manifest


class Archive:
    """Segments by stream. It remembers the manifests, which never change; every method blocks.

    ArchiveDamaged where something is missing or wrong, ArchiveUnavailable where it cannot be told.
    """

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self._manifests: dict[str, dict[str, Manifest]] = {}
        self._chains: dict[str, tuple[Link, ...]] = {}
        self._seen: set[str] = set()
        self._verified: dict[str, datetime | None] = {}
        self._turn = threading.RLock()

    def chain(self, stream: str, *, fresh: bool = False) -> tuple[Link, ...]:
        """The segments that hold a stream from its first entry on, each beginning where the one before ends."""
        with self._turn:
            if fresh or stream not in self._chains:
                self._look(stream)
            return self._chains[stream]

    def end(self, stream: str, *, fresh: bool = False) -> Manifest | None:
        """The last segment, up to which the stream is archived."""
        chain = self.chain(stream, fresh=fresh)
        return chain[-1].segment if chain else None

    def others(self, stream: str) -> list[Manifest]:
        """The segments that count no more, as others hold all that they hold."""
        chained = {link.segment.name for link in self.chain(stream)}
        return [manifest for name, manifest in self._manifests[stream].items() if name not in chained]

    def tainted(self, stream: str) -> list[Manifest]:
        """The segments that still have an entry which another one says is erased. They never count."""
        self.chain(stream)
        return _tainted(self._manifests[stream].values())

    def erased(self, stream: str, after: int, upto: int) -> list[int]:
        """The positions after one and up to another whose entries were archived and then erased."""
        links = [link for link in self.chain(stream) if link.segment.upto > after and link.after < upto]
        found = (at for link in links for at in link.segment.erased_after(link.after))
        return [position for position in found if after < position <= upto]

    def entries(self, stream: str, after: int, upto: int) -> Generator[tuple[int, Rows]]:
        """What is archived after one position and up to another, in order, some at a time, and how far that goes."""
        while link := self._next(stream, after, upto):
            try:
                for rows in self.entries_of(link.segment, after):
                    if wanted := [row for row in rows if row[0] <= upto]:
                        after = wanted[-1][0]
                        yield after, wanted
            except Superseded:
                continue
            after = min(upto, link.segment.upto)
            yield after, []

    def entries_of(self, segment: Manifest, after: int) -> Iterator[Rows]:
        """The entries of one segment after a position, some at a time."""
        parts = [part for part in segment.parts if part.has_raw]
        yield from merged([self.row_groups(segment, part, after, [POSITION, RAW]) for part in parts])

    def row_groups(
        self, segment: Manifest, part: Part, after: int, columns: Sequence[str] | None = None
    ) -> Iterator[tuple[pa.Table, bool]]:
        """The rows of one file past a position, and of each group whether it is the last."""
        with self._blaming(segment, part):
            self._check_size(segment, part)
            with self.folder.open(segment.path_of(part)) as file:
                yield from row_groups(file, after, columns)

    def find(self, stream: str, position: int) -> bytes | None:
        """The bytes of the entry at a position, where that is archived."""
        link = self._next(stream, position - 1, position)
        for rows in self.entries_of(link.segment, position - 1) if link else ():
            return next((raw for found, raw in rows if found == position), None)
        return None

    def whole(self, segment: Manifest, part: Part) -> None:
        """Read a file whole; ArchiveDamaged unless every byte is as it was written."""
        with self._blaming(segment, part):
            found = self._check_size(segment, part)
            path = segment.path_of(part)
            if self._verified.get(path, ...) != found.modified:
                self._check_digest(segment, part, self.folder.sha256(path))
                self._verified[path] = found.modified

    def fetch(self, segment: Manifest, part: Part, scratch: Path) -> Path:
        """A file, every byte of it as it was written, on this machine: where it is, or as a copy in `scratch`."""
        if self.folder.is_local:
            self.whole(segment, part)
            return Path(self.folder.path(segment.path_of(part)))
        copy = scratch / f"{segment.name}_{part.filename}"
        with self._blaming(segment, part):
            self._check_size(segment, part)
            self._check_digest(segment, part, self.folder.sha256(segment.path_of(part), copy))
        return copy

    def check(self, stream: str) -> None:
        """ArchiveDamaged unless every file of the chain is there, as long as it was; each is looked at once."""
        for segment, part in [(link.segment, part) for link in self.chain(stream) for part in link.segment.parts]:
            if (path := segment.path_of(part)) not in self._seen:
                with self._blaming(segment, part):
                    self._check_size(segment, part)
                self._seen.add(path)

    def verify(self, stream: str, checked: Callable[[int], None] = lambda _: None) -> Iterator[ArchiveDamaged]:
        """Everything that is wrong with what is archived of a stream; every file is read, and told with its bytes."""
        self._verified.clear()
        try:
            chain = self.chain(stream, fresh=True)
        except ArchiveDamaged as error:
            yield error
            return
        for segment, part in [(link.segment, part) for link in chain for part in link.segment.parts]:
            try:
                self.whole(segment, part)
            except ArchiveDamaged as error:
                yield error
            checked(part.bytes)

    def writer(self, draft: Manifest, contracts: Mapping[str, str]) -> SegmentWriter:
        """Begin a segment; `contracts` has the digest of what typed each relation."""
        return SegmentWriter(self.folder, draft, contracts)

    def _look(self, stream: str) -> None:
        try:
            self._manifests[stream] = self._list(stream)
            self._chains[stream] = _chain(stream, self._manifests[stream].values())
        except ArchiveDamaged:
            # A list is not made in one moment: what was written and deleted meanwhile may be missing from it.
            self._manifests[stream] = self._list(stream)
            self._chains[stream] = _chain(stream, self._manifests[stream].values())

    def _list(self, stream: str) -> dict[str, Manifest]:
        known, found = self._manifests.get(stream, {}), dict[str, Manifest]()
        for entry in self.folder.entries(stream):
            name = entry.name.removesuffix(SUFFIX)
            if entry.name != name and range_of(name):
                with suppress(FileNotFoundError):  # deleted since
                    found[name] = known.get(name) or self._read(stream, name)
        return found

    def _read(self, stream: str, name: str) -> Manifest:
        return read_manifest(stream, name, self.folder.read(f"{stream}/{name}{SUFFIX}"))

    def _next(self, stream: str, after: int, upto: int) -> Link | None:
        """The segment that holds what comes after a position."""
        links = self.chain(stream) if after < upto else ()
        return next((link for link in links if link.segment.upto > after), None)

    def _check_size(self, segment: Manifest, part: Part) -> Found:
        found = self.folder.find(segment.path_of(part))
        if found is None:
            raise FileNotFoundError
        if found.size != part.bytes:
            raise segment.damaged(part, f"has {found.size} bytes, and {part.bytes} were written")
        return found

    def _check_digest(self, segment: Manifest, part: Part, sha256: str) -> None:
        if sha256 != part.sha256:
            raise segment.damaged(part, f"has the checksum {sha256}, and {part.sha256} was written")

    @contextmanager
    def _blaming(self, segment: Manifest, part: Part) -> Iterator[None]:
        """Tell a segment that was merged from one that is damaged, and both from a store that is away."""
        try:
            yield
        except FileNotFoundError:
            self.chain(segment.stream, fresh=True)
            if segment.name not in self._manifests[segment.stream]:
                raise Superseded from None
            raise segment.damaged(part, "is missing") from None
        except (pa.ArrowException, OSError) as error:
            self._check_digest(segment, part, self.folder.sha256(segment.path_of(part)))
            raise ArchiveUnavailable(url=self.folder.url, reason=error) from error


def _chain(stream: str, segments: Iterable[Manifest]) -> tuple[Link, ...]:
    """From the beginning always on with the segment that reaches furthest; ArchiveDamaged where there is a hole."""
    segments = list(segments)
    tainted = {segment.name for segment in _tainted(segments)}
    sound = [segment for segment in segments if segment.name not in tainted]
    waiting = sorted(sound, key=lambda segment: (segment.after, segment.token))
    chain: list[Link] = []
    position, best = START, None
    while True:
        while waiting and waiting[0].after <= position:
            segment = waiting.pop(0)
            best = segment if best is None or segment.upto > best.upto else best
        if best is None or best.upto <= position:
            break
        chain.append(Link(position, best))
        position = best.upto
    if waiting:
        reason = f"is missing: nothing is archived after {format_position(position)} and up to there"
        following = f"{stream}/{waiting[0].name}"
        raise ArchiveDamaged(segment=following, file="the segment before", reason=reason)
    return tuple(chain)


def _tainted(segments: Iterable[Manifest]) -> list[Manifest]:
    """Whoever knew of all that is erased within its bounds has it in its own list; so counting is enough."""
    segments = list(segments)
    erased = sorted({position for segment in segments for position in segment.erased})

    def known(segment: Manifest) -> int:
        return bisect_right(erased, segment.upto) - bisect_right(erased, segment.after)

    return [segment for segment in segments if known(segment) > len(segment.erased_after(segment.after))]
