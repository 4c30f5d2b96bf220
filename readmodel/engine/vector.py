"""A position in several streams at once, as `X-Position` shows it: `cartsnitch.prices=1763690000000-0,...`."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from readmodel.errors import ReadModelError
from readmodel.events.position import PositionInvalid, format_position, last_at, parse_position

Vector = Mapping[str, int]
"""Stream name to position."""


class UntilInvalid(ReadModelError):
    """{text!r} is neither a time, such as 2026-11-21T10:00:00Z, nor a vector, such as X-Position shows it."""


def parse_vector(text: str) -> dict[str, int]:
    """The vector that `format_vector` wrote; PositionInvalid when it is none."""
    vector: dict[str, int] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        stream, equals, position = part.partition("=")
        if not equals or not stream:
            raise PositionInvalid(text=part)
        vector[stream] = parse_position(position)
    return vector


def vector_until(text: str, streams: Iterable[str]) -> dict[str, int]:
    """A vector, or the one that the streams had at a time such as `2026-11-21T10:00:00Z`; UntilInvalid for neither."""
    if "=" in text:
        return parse_vector(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UntilInvalid(text=text[:80]) from None
    # A time without a zone is in UTC, as everywhere here.
    return dict.fromkeys(streams, last_at(moment if moment.tzinfo else moment.replace(tzinfo=UTC)))


def format_vector(vector: Vector) -> str:
    """A vector as text, streams in order of name."""
    return ",".join(f"{stream}={format_position(vector[stream])}" for stream in sorted(vector))


def lowest(vectors: Iterable[Vector]) -> dict[str, int]:
    """The least advanced position of each stream: an answer made from several projections is only as new as that."""
    found: dict[str, int] = {}
    for vector in vectors:
        for stream, position in vector.items():
            found[stream] = min(position, found.get(stream, position))
    return found


def reaches(vector: Vector, wanted: Vector) -> bool:
    """Whether a vector is at or past `wanted` in every stream that both know."""
    return all(position >= wanted[stream] for stream, position in vector.items() if stream in wanted)
