"""What tells that events are lost: the entry that should stand at a position does not, or not with its bytes."""

from dataclasses import dataclass

from readmodel.engine.log.streams import Look
from readmodel.errors import ReadModelError
from readmodel.events.envelope import digest_of
from readmodel.events.position import START, format_position


class HistoryGap(ReadModelError):
    """{reader} stands at {position} in {stream}, but {reason}. Events may be lost, so it does not go on by itself:
    restore the stream, or the archive, from a backup, or give up what is lost with `readmodel accept-gap {stream}`."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Where something is lost, and what shows it."""

    position: int
    reason: str


def fault_in_stream(look: Look, position: int, sha256: str | None) -> Fault | None:
    """What is wrong for a reader beyond the archive.

    The entry at the cursor must exist: were it gone, those after it might be too. Who has not begun needs all.
    """
    if position != START:
        reason = fault_of_entry(look, position, sha256)
        return Fault(position, reason) if reason else None
    gone = look.state.added - look.state.length
    return Fault(START, f"{gone} older entries were trimmed or deleted") if gone else None


def fault_of_entry(look: Look, position: int, sha256: str | None) -> str | None:
    """What is wrong with the entry at a position."""
    state, raw = look.state, look.raws[position]
    if raw is None and position > state.last:
        return f"the stream ends at {format_position(state.last)}: it was flushed, recreated or failed over"
    if raw is None:
        return f"that entry is gone; the oldest left is {format_position(state.first)}"
    if sha256 and digest_of(raw) != sha256:
        return "another entry has taken its place: the stream was restored or recreated"
    return None
