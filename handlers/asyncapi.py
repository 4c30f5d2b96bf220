"""The event contracts as an AsyncAPI 3 document, from the code."""

from typing import Any

import orjson
from faststream.redis import RedisBroker
from faststream.specification import AsyncAPI

from readmodel.events.event import Event, contracts

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
    schemas = found["components"]["schemas"]
    for model in contracts().values():
        _show_as_sent(model, schemas[model.__name__])
    return found


def _show_as_sent(model: type[Event], schema: dict[str, Any]) -> None:
    """Leave out what the envelope fills, and show fields that are worked out as those they come from."""
    schema["description"] = f"`{model.type}`. {schema['description']}"
    properties = schema["properties"]
    for name in Event.model_fields:
        properties.pop(_sent_name(model, name))
    for name, sources in model.sent_as.items():
        described = properties.pop(_sent_name(model, name))
        properties |= {source: {**described, "title": source} for source in sources}
    # What is worked out may come from several fields, of which none is required by itself.
    not_required = {_sent_name(model, name) for name in (*Event.model_fields, *model.sent_as)}
    schema["required"] = [name for name in schema.get("required", []) if name not in not_required]


def _sent_name(model: type[Event], field: str) -> str:
    alias = model.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else field
