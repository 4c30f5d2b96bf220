"""The envelope this service writes: CloudEvents 1.0, structured mode, as one JSON object."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from readmodel.errors import ReadModelError
from readmodel.events.event import stream_of


class TimeNotUTC(ReadModelError):
    """an event's time must be aware and in UTC, not {time}"""


@dataclass(frozen=True, slots=True)
class CloudEvent:
    """One event about to be published. `data` is JSON-ready, money in it a decimal string.

    Raises TimeNotUTC for a time that is naive or in another zone.
    """

    type: str
    source: str
    time: datetime
    data: dict[str, Any]
    id: str

    def __post_init__(self) -> None:
        if self.time.utcoffset() != timedelta(0):
            raise TimeNotUTC(time=self.time)

    @property
    def stream(self) -> str:
        """The key of the stream it travels in: the type without its verb."""
        return stream_of(self.type)

    def to_json(self) -> bytes:
        """The structured form, UTF-8, the value of a stream entry's `data` field."""
        envelope = {
            "specversion": "1.0",
            "id": self.id,
            "type": self.type,
            "source": self.source,
            "time": self.time,
            "data": self.data,
        }
        return orjson.dumps(envelope, option=orjson.OPT_UTC_Z)
