"""The event contracts as an AsyncAPI 3 document, from the code."""

from typing import Any

import orjson
from faststream.redis import RedisBroker
from faststream.specification import AsyncAPI

ENVELOPE = ("event_id", "occurred_at", "event_source")

ABOUT = """\
Events of CartSnitch, as Redis stream entries with one field, `data`, that holds a JSON object: CloudEvents 1.0
(`specversion, id, type, source, time, data`) or `event_type, timestamp, service, payload`. The same object published
to a pub/sub channel of the stream's name is appended to the stream. The schemas here are those of `data` or
`payload`."""


def document(broker: RedisBroker, version: str) -> dict[str, Any]:
    """The document; schemas describe payloads only, without the columns that the envelope fills."""
    specification = AsyncAPI(
        broker, title="CartSnitch events", version=version, description=ABOUT, schema_version="3.0.0"
    )
    found: dict[str, Any] = orjson.loads(specification.to_specification().to_json())
    # The address of a deployment's Redis is nobody's business.
    found.pop("servers", None)
    for channel in found["channels"].values():
        channel.pop("servers", None)
    for schema in found["components"]["schemas"].values():
        for name in ENVELOPE:
            schema.get("properties", {}).pop(name, None)
        if "required" in schema:
            schema["required"] = [name for name in schema["required"] if name not in ENVELOPE]
    return found
