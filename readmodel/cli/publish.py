"""`readmodel publish FILE.ndjson`: events from a file, one JSON object a line, appended to their streams."""

from collections.abc import Iterator
from pathlib import Path

import click
import orjson
import redis
import redis.exceptions

from handlers.bridge import with_id
from readmodel.cli.addresses import reachable
from readmodel.errors import ReadModelError
from readmodel.events.event import stream_of, streams
from readmodel.events.publish import AT_ONCE
from readmodel.settings import Settings


class LineInvalid(ReadModelError):
    """{path}, line {line}: {reason}. Nothing of the file was published."""


class RedisRefused(ReadModelError):
    """Redis took {done} of {total} events and then failed: {reason}. Repeat the command: the ids are the same."""


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def publish(file: Path) -> None:
    """Append the events of FILE to their streams. Any of the envelopes will do; what has no id gets a stable one."""
    total = sum(1 for _ in _events(file))
    with reachable(Settings.load()) as found, redis.Redis.from_url(found.redis_url) as client:
        done = 0
        try:
            for part in _parts(file):
                pipeline = client.pipeline(transaction=False)
                for stream, event in part:
                    pipeline.xadd(stream, {"data": event})
                pipeline.execute()
                done += len(part)
        except redis.exceptions.RedisError as error:
            raise RedisRefused(done=done, total=total, reason=error) from error
    click.echo(f"published {done} events")


def _parts(file: Path) -> Iterator[list[tuple[str, bytes]]]:
    part: list[tuple[str, bytes]] = []
    for event in _events(file):
        part.append(event)
        if len(part) == AT_ONCE:
            yield part
            part = []
    if part:
        yield part


def _events(file: Path) -> Iterator[tuple[str, bytes]]:
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                stream = _stream(file, number, line)
                yield stream, with_id(stream, line.strip())


def _stream(file: Path, number: int, line: bytes) -> str:
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise LineInvalid(path=file, line=number, reason=f"not JSON ({error}): {line[:80]!r}") from None
    found = document.get("event_type") or document.get("type") if isinstance(document, dict) else None
    if not isinstance(found, str):
        raise LineInvalid(path=file, line=number, reason=f"no `type` and no `event_type`: {line[:80]!r}")
    if stream_of(found) not in streams():
        reason = f"{found!r} belongs to no known stream; there are {', '.join(streams())}"
        raise LineInvalid(path=file, line=number, reason=reason)
    return stream_of(found)
