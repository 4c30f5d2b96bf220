"""What is lost of a stream, told before an operator accepts it, and then given up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from readmodel.engine.log.gap import Fault
from readmodel.engine.log.history import History
from readmodel.engine.plan import Plan
from readmodel.engine.projection import StoreName
from readmodel.errors import ReadModelError
from readmodel.events.event import streams
from readmodel.events.position import START, format_position, parse_position, position_milliseconds
from readmodel.stores.gaps import Gap
from readmodel.stores.reading import Reader
from readmodel.stores.sql import read_sql

_VERSIONS = read_sql("readmodel.stores", "reading.sql").sections["versions"]
_END = 2**63 - 1

Shown = dict[str, Any]


class StreamUnknown(ReadModelError):
    """There is no stream {name!r}; there are {names}."""


class NothingLost(ReadModelError):
    """Nothing of {stream} is missing that anybody waits for."""


class LossChanged(ReadModelError):
    """What is lost of {stream} is no longer what was shown: it begins after {after}. Look again."""


@dataclass(frozen=True, slots=True)
class _At:
    """Who stands where in a stream, having read which entry last."""

    reader: str
    position: int
    sha256: str | None


class Losses:
    """Finds what the projections and the archive wait for in vain, and lets them go on without."""

    def __init__(self, history: History, plans: Sequence[Plan], readers: Mapping[StoreName, Reader]) -> None:
        self._history = history
        self._plans = plans
        self._readers = readers

    async def shown(self, stream: str) -> Shown:
        """What is lost of a stream and who stopped for it; StreamUnknown, NothingLost."""
        return await self._shown(*await self._found(stream))

    async def _shown(self, gap: Gap, faults: Sequence[tuple[_At, Fault]]) -> Shown:
        return {
            "stream": gap.stream,
            "lost_after": format_position(gap.after),
            "lost_upto": format_position(gap.upto),
            "from": _instant(gap.after) if gap.after else None,
            "to": _instant(gap.upto),
            "passed_over": await self._count(gap),
            "stopped": [
                {"reader": at.reader, "position": format_position(at.position), "reason": fault.reason}
                for at, fault in faults
            ],
        }

    async def accept(self, stream: str, lost_after: str, by: str, reason: str | None) -> Shown:
        """Give up what `shown` has said is lost; LossChanged when that is something else by now."""
        gap, faults = await self._found(stream)
        shown = await self._shown(gap, faults)
        if shown["lost_after"] != lost_after:
            raise LossChanged(stream=stream, after=shown["lost_after"])
        assert self._history.gaps, "there is nowhere to keep it"
        why = reason or "; ".join(sorted({stopped["reason"] for stopped in shown["stopped"]}))
        await self._history.gaps.accept(gap, by, why)
        return shown

    async def _found(self, stream: str) -> tuple[Gap, list[tuple[_At, Fault]]]:
        if stream not in streams():
            raise StreamUnknown(name=stream, names=", ".join(streams()))
        end = await self._history.end(stream, fresh=True)
        archive = _At("the archive", end.upto if end else START, end.last_sha256 if end else None)
        faults: list[tuple[_At, Fault]] = []
        for at in (archive, *await self._cursors(stream)):
            fault = await self._history.fault(stream, at.position, at.sha256)
            if still := await self._history.unaccepted(stream, fault):
                faults.append((at, still))
        if not faults:
            raise NothingLost(stream=stream)
        lost = [fault.position for _, fault in faults]
        return await self._between(stream, archive.position, min(lost), max(lost)), faults

    async def _between(self, stream: str, archived: int, first: int, last: int) -> Gap:
        """From the last entry that everybody can rely on to the first one behind all that is wrong."""
        after = first if first <= archived else max(archived, await self._history.streams.before(stream, first))
        _, following = await self._history.streams.after(stream, last, _END, 1)
        if following:
            return Gap(stream, after, following[0].position - 1, followed=True)
        # Whatever is added from now on comes later than now.
        now = parse_position(str(await self._history.streams.milliseconds()))
        return Gap(stream, after, max(last, now - 1))

    async def _count(self, gap: Gap) -> int:
        """Entries that are in the stream and yet given up: among what is lost nobody can tell what they follow."""
        count, after = 0, gap.after
        while after < gap.upto:
            _, entries = await self._history.streams.after(gap.stream, after, gap.upto, 4_000)
            if not entries:
                break
            count, after = count + len(entries), entries[-1].position
        return count

    async def _cursors(self, stream: str) -> list[_At]:
        found: list[_At] = []
        known = {(plan.store, plan.name, plan.version) for plan in self._plans}
        for store, reader in self._readers.items():
            async with reader.snapshot() as snapshot:
                rows = await snapshot.fetch(_VERSIONS, {})
            found += [
                _At(f"{row['projection']}@{store}", row["position"], row["last_sha256"])
                for row in rows
                if row["stream"] == stream and (store, row["projection"], row["version"]) in known
            ]
        return sorted(found, key=lambda at: at.reader)


def _instant(position: int) -> str:
    at = datetime.fromtimestamp(position_milliseconds(position) / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
