"""Cursors, fence, quarantine and live pointer: the same statements in both stores, inside their transactions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from readmodel.stores.sql import read_sql
from readmodel.stores.store import Commit, Cursor, CursorMoved, Discard, Load, Pointer, Quarantined, Version

STATEMENTS = read_sql("readmodel.stores", "bookkeeping.sql").sections

Run = Callable[[str, Mapping[str, Any]], list[Any]]
"""Runs one of STATEMENTS, by name, in the transaction at hand: its rows."""


def pointer(run: Run, version: Version) -> Pointer | None:
    """Which build of a version is live."""
    rows = run("live", _any_build(version))
    return Pointer(*rows[0]) if rows else None


def cursors(run: Run, version: Version) -> list[Any]:
    """How far a build has come: stream, position, entries and epoch."""
    return run("cursors", _names(version))


def left_out(run: Run, version: Version) -> list[Any]:
    """What a build has put aside: stream and position."""
    return run("left_out", _names(version))


def letters(run: Run, version: Version, after: tuple[str, int], limit: int) -> list[Any]:
    """What a build has put aside after a stream and position: those, type, error, bytes, and whether given up."""
    stream, position = after
    return run("letters", {**_names(version), "stream": stream, "position": position, "limit": limit})


def take_over(run: Run, version: Version, epoch: int, streams: Sequence[str]) -> dict[str, Cursor]:
    """Fence out every owner with a lower epoch; CursorMoved when one has a higher."""
    names = _names(version)
    run("take_over", {**names, "epoch": epoch})
    for stream in streams:
        run("add_stream", {**names, "epoch": epoch, "stream": stream})
    rows = run("cursors", names)
    if any(found > epoch for *_, found in rows):
        raise CursorMoved(projection=version, reason=f"its epoch is beyond ours, {epoch}")
    return {stream: Cursor(*cursor) for stream, *cursor, _ in rows}


def advance(run: Run, commit: Commit) -> None:
    """Move the cursor past a batch; CursorMoved when it is not where its owner left it."""
    if commit.upto == commit.expected:
        _stand(run, commit)
        return
    moved: dict[str, Any] = {"epoch": commit.epoch, "expected": commit.expected, "upto": commit.upto}
    moved |= {"count": commit.entries, "last_sha256": commit.last_sha256}
    if not run("advance", {**_names(commit.version), "stream": commit.stream, **moved}):
        reason = f"its cursor in {commit.stream} is not at {commit.expected} with epoch {commit.epoch}"
        raise CursorMoved(projection=commit.version, reason=reason)


def _stand(run: Run, commit: Commit) -> None:
    """Leave the cursor where its owner left it; CursorMoved when it is not there."""
    found = {"stream": commit.stream, "epoch": commit.epoch, "expected": commit.expected}
    if not run("stand", {**_names(commit.version), **found}):
        reason = f"its cursor in {commit.stream} is not at {commit.expected} with epoch {commit.epoch}"
        raise CursorMoved(projection=commit.version, reason=reason)


def put_aside(run: Run, commit: Commit) -> None:
    """Keep the events that could not be taken, and let go of those that were after all."""
    _quarantine(run, commit.version, commit.stream, commit.quarantined)
    for position in commit.settled:
        run("settle", {**_names(commit.version), "stream": commit.stream, "position": position})


def _quarantine(run: Run, version: Version, stream: str, events: Sequence[Quarantined]) -> None:
    for event in events:
        kept = {"position": event.position, "event_type": event.event_type, "error": event.error, "raw": event.raw}
        run("quarantine", {**_names(version), "stream": stream, **kept})


def discard(run: Run, discard: Discard) -> None:
    """Give up quarantined events; CursorMoved when their owner is another."""
    _check_epoch(run, discard.version, discard.epoch)
    decided = {"by": discard.by, "reason": discard.reason}
    for position in discard.positions:
        run("discard", {**_names(discard.version), "stream": discard.stream, "position": position, **decided})


def first_live(run: Run, version: Version) -> None:
    """Show the first version of a projection from the start."""
    run("first_live", _names(version))


def go_live(run: Run, version: Version, epoch: int) -> None:
    """Flip the pointer to this build; CursorMoved when its owner is another."""
    _check_epoch(run, version, epoch)
    run("flip", _names(version))


def keep(run: Run, version: Version, epoch: int, build: int | None) -> None:
    """Note which build is there only to be looked at; CursorMoved when the owner is another."""
    _check_epoch(run, version, epoch)
    run("keep", {**_any_build(version), "kept": build})


def begin(run: Run, load: Load) -> None:
    """Cursors and quarantine of a build that was made at once; CursorMoved when the owner is another."""
    _check_epoch(run, load.version, load.epoch)
    names = _names(load.version)
    for stream, cursor in load.cursors.items():
        at = {"stream": stream, "position": cursor.position}
        has = {"entries": cursor.entries, "last_sha256": cursor.last_sha256}
        run("begin_at", {**names, **at, **has, "epoch": load.epoch})
        run("take_letters", {**names, **at, "put_aside": load.put_aside})
        _quarantine(run, load.version, stream, load.quarantined.get(stream, ()))


def put_aside_alone(run: Run, version: Version, other: Version) -> dict[str, list[Quarantined]]:
    """What a build has put aside and another has not, by stream."""
    found: dict[str, list[Quarantined]] = {}
    for stream, *letter in run("put_aside_alone", {**_names(version), "other": other.build}):
        found.setdefault(stream, []).append(Quarantined(*letter))
    return found


def forget(run: Run, version: Version) -> None:
    """Leave no trace of a build."""
    for statement in ("forget_cursors", "forget_letters", "forget_build"):
        run(statement, _names(version))


def build_of(version: Version, schema: str) -> int | None:
    """The build whose tables live in a schema; None when it is none of this version's."""
    first = replace(version, build=1).schema
    if schema == first:
        return 1
    number = schema.removeprefix(f"{first}_")
    return int(number) if number != schema and number.isdecimal() else None


def _check_epoch(run: Run, version: Version, epoch: int) -> None:
    if run("check_epoch", {**_any_build(version), "epoch": epoch}):
        raise CursorMoved(projection=version, reason=f"its epoch is beyond ours, {epoch}")


def _names(version: Version) -> dict[str, Any]:
    return {**_any_build(version), "build": version.build}


def _any_build(version: Version) -> dict[str, Any]:
    return {"projection": version.projection, "version": version.version}
