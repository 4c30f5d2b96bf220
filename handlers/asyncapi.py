"""The event contracts as an AsyncAPI 3 document, from the code."""

from typing import Any

import orjson
from faststream.redis import RedisBroker
from faststream.specification import AsyncAPI
from pydantic import AliasChoices

from readmodel.events.event import Contract, Event, contracts

ABOUT = """\
Events of CartSnitch, as Redis stream entries with one field, `data`, that holds a JSON object: CloudEvents 1.0
(`specversion, id, type, source, time, data`) or `event_type, timestamp, service, payload`. The same object published
to a pub/sub channel of the stream's name is appended to the stream. The schemas here are those of `data` or
`payload`, in the newest version; an event that has older ones, which are still taken, names them."""


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
        _show_event(model, schemas[model.__name__])
    for item in Contract.__subclasses__():
        if item.__name__ in schemas:
            _show_as_sent(schemas[item.__name__], item, _several_names(item))
    return found


def _show_event(model: type[Event], schema: dict[str, Any]) -> None:
    older = [change.__doc__ or "" for change in model.upcasts]
    schema["description"] = "\n\n".join([f"`{model.type}`. {schema['description']}", *older])
    envelope = dict.fromkeys(Event.model_fields, ())
    _show_as_sent(schema, model, {**envelope, **_several_names(model), **model.sent_as})


def _show_as_sent(schema: dict[str, Any], model: type[Contract], sources: dict[str, tuple[str, ...]]) -> None:
    """Put in place of a field those that it is sent as. Where there are several, one of them is required if it is."""
    properties, required = schema["properties"], set(schema.get("required", []))
    either = []
    for field, names in sources.items():
        described, needed = properties.pop(_first_name(model, field)), _first_name(model, field) in required
        properties |= {name: _one_of(described, name, [other for other in names if other != name]) for name in names}
        required.discard(_first_name(model, field))
        if needed and len(names) > 1:
            either.append({"anyOf": [{"required": [name]} for name in names]})
    schema["required"] = [name for name in properties if name in required]
    if either:
        schema["allOf"] = either


def _one_of(described: dict[str, Any], name: str, others: list[str]) -> dict[str, Any]:
    """A field that may be missing, and so may be null: it is sent under another name, or worked out."""
    kinds = described.get("anyOf", [{key: value for key, value in described.items() if key != "title"}])
    null = {"type": "null"}
    about = {"description": f"Or {' or '.join(f'`{other}`' for other in others)}."} if others else {}
    return {"anyOf": [*kinds, *([] if null in kinds else [null])], "title": name, **about}


def _several_names(model: type[Contract]) -> dict[str, tuple[str, ...]]:
    aliases = {field: info.validation_alias for field, info in model.model_fields.items()}
    return {
        field: tuple(map(str, alias.choices)) for field, alias in aliases.items() if isinstance(alias, AliasChoices)
    }


def _first_name(model: type[Contract], field: str) -> str:
    alias = model.model_fields[field].validation_alias
    return str(alias.choices[0]) if isinstance(alias, AliasChoices) else str(alias or field)
