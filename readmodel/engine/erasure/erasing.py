"""Erasing all that was ever published of one user, wherever it is: what an erasing event alone cannot do.

The event makes every projection delete its rows and never take others. Then what is left goes: builds that are not
shown, the entries in archive and streams, dead letters. Each step can be repeated, so one that was interrupted is
finished by doing all of it again. The archive goes first, because it says which positions are erased on purpose.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from readmodel.archive.archive import Archive
from readmodel.archive.erasing import purge, rewrite
from readmodel.engine.auditing.audit import Audit
from readmodel.engine.blocking import to_its_end
from readmodel.engine.builds.showing import Showing
from readmodel.engine.builds.work import Shown, Work, followed
from readmodel.engine.erasure.erasing_event import ErasingEvent
from readmodel.engine.erasure.leftovers import Leftovers
from readmodel.engine.erasure.subject import Subject
from readmodel.engine.log.archiver import Archiver
from readmodel.engine.log.history import History
from readmodel.engine.plan import Plan
from readmodel.engine.projection import Erasure
from readmodel.errors import ReadModelError
from readmodel.events.cloudevent import CloudEvent
from readmodel.events.envelope import Entry
from readmodel.events.event import streams
from readmodel.events.ids import stable_id
from readmodel.events.position import START, format_position
from readmodel.stores.erasures import ErasureTable, Record

MARKER = "entries_erased"
"""The verb of an event that says nothing: it stands where a stream would otherwise end with an entry that has gone."""
RECORDS = "erasures"
"""Where records are kept beside the archive."""

ForgetNotes = Callable[[str, str, Sequence[int]], Awaitable[int]]
"""Delete what is noted beside a stream of someone, and of entries that are erased: how much."""


class NothingErases(ReadModelError):
    """No projection declares what erases a user, so nothing can be erased."""


@dataclass(frozen=True)
class Erasing:
    """Whom the steps are handed to, and where the record is kept."""

    plans: Sequence[Plan]
    history: History
    archiver: Archiver
    showing: Showing
    audits: Audit
    event: ErasingEvent
    leftovers: Leftovers
    records: ErasureTable
    forget_notes: ForgetNotes

    async def erase(self, value: str, by: str) -> AsyncGenerator[Shown, None]:
        """Erase one user: what is being done, again and again, and at last the record as the outcome.

        SubjectInvalid where the id cannot be one; RebuildRefused while a projection is rebuilt; NotFolded, NotOwner,
        NotArchiver where another process must be asked; what reading history raises. What was done then is done.
        """
        subject = Subject(self._erasure(), value)
        assert subject.event_data
        work = Work()
        async with aclosing(followed(work, self._erase(subject, by, work))) as steps:
            async for step in steps:
                yield step

    async def _erase(self, subject: Subject, by: str, work: Work) -> Shown:
        record = Record(hashlib.sha256(subject.value.encode()).hexdigest(), by)
        async with AsyncExitStack() as stack:
            # Neither may read, or copy, what is about to go.
            opened = {plan.key: await stack.enter_async_context(self.showing.alone(plan)) for plan in self.plans}
            await stack.enter_async_context(self.audits.quiet())
            work.begin("waiting until the erasing event is folded")
            at = await self.event.published(subject)
            await self.event.folded(subject.erasure, at)
            record.removed["builds"] = await self.leftovers.drop_builds(subject.erasure, at, opened)
            await self._save(record)
            async with self.archiver.alone():
                for stream in streams():
                    work.begin(f"looking through {stream}")
                    record.removed[stream] = await self._from_stream(stream, subject, work)
                    await self._save(record)
            work.begin("looking through the dead letters")
            record.removed["dead_letters"] = await self.leftovers.forget_letters(subject)
        record.finished_at = datetime.now(UTC)
        await self._save(record)
        return record.as_json()

    def _erasure(self) -> Erasure:
        declared = {plan.declared.erased_by for plan in self.plans if plan.declared.erased_by}
        if not declared:
            raise NothingErases
        (erasure,) = declared
        return erasure

    async def _from_stream(self, stream: str, subject: Subject, work: Work) -> Shown:
        """Archive what is not, write the archive again without the subject's entries, then delete these in Redis."""
        archive = self.history.archive
        assert archive
        await self._cut_behind(stream, subject)
        by_segment, named = await to_its_end(_rewritten, archive, stream, subject, work)
        await to_its_end(purge, archive, stream)
        erased = archive.erased(stream, START, 2**63 - 1)
        deleted = await self.history.streams.delete(stream, await self._still_there(stream, erased))
        notes = await self.forget_notes(stream, subject.value, erased)
        return {"archive": by_segment, "stream": deleted, "notes": notes, "named_in_others": named}

    async def _cut_behind(self, stream: str, subject: Subject) -> None:
        """Archive a stream to an entry that is not the subject's: there archive and stream are seen to fit together."""
        while True:
            upto = await self.archiver.cut_all(stream)
            raw = (await self.history.streams.look(stream, {upto})).raws.get(upto)
            if raw is None or not subject.owns(stream, [Entry(upto, raw)]):
                return
            await self.history.streams.append(stream, _marker(stream))

    async def _still_there(self, stream: str, erased: Iterable[int]) -> list[int]:
        first = (await self.history.state(stream)).first
        return [position for position in erased if position >= first]

    async def _save(self, record: Record) -> None:
        await self.records.save(record)
        assert self.history.archive
        name = f"{RECORDS}/{record.began_at:%Y%m%dT%H%M%S%fZ}_{record.subject_sha256[:12]}.json"
        content = orjson.dumps(record.as_json(), option=orjson.OPT_INDENT_2)
        await asyncio.to_thread(self.history.archive.folder.put, name, content)


def _rewritten(archive: Archive, stream: str, subject: Subject, work: Work) -> tuple[dict[str, int], int]:
    """How many entries left each segment, and how many entries of others name the subject."""
    removed, named = dict[str, int](), 0
    for link in archive.chain(stream, fresh=True):
        found, others = subject.in_segment(archive, link.segment)
        named += others
        if found:
            removed[rewrite(archive, link.segment, found).name] = len(found)
        work.add(link.segment.entries)
    return removed, named


def _marker(stream: str) -> bytes:
    now, kind = datetime.now(UTC), f"{stream}.{MARKER}"
    event_id = stable_id(kind, format_position(int(now.timestamp() * 1000) << 21))
    return CloudEvent(kind, "readmodel", now, {}, event_id).to_json()
