"""An AsyncAPI 3 document as a page: streams, their events, and the fields of each. Plain HTML, no script."""

import re
from collections.abc import Mapping
from html import escape
from typing import Any

Document = Mapping[str, Any]
Schema = Mapping[str, Any]

_CODE = re.compile(r"`([^`]+)`")
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="/assets/asyncapi.css">
</head>
<body>
<h1>{title} <small>{version}</small></h1>
<p>{description}</p>
<p><a href="/asyncapi.json">asyncapi.json</a></p>
<h2>Streams</h2>
{channels}
<h2>Schemas</h2>
{schemas}
</body>
</html>
"""


def page(document: Document) -> str:
    """The whole page; every text of the document is escaped."""
    info = document.get("info", {})
    schemas = document.get("components", {}).get("schemas", {})
    return _PAGE.format(
        title=escape(info.get("title", "AsyncAPI")),
        version=escape(info.get("version", "")),
        description=_text(info.get("description", "")),
        channels="\n".join(_channel(document, name, each) for name, each in document.get("channels", {}).items()),
        schemas="\n".join(_schema(name, each) for name, each in schemas.items() if "properties" in each),
    )


def _channel(document: Document, name: str, channel: Schema) -> str:
    messages = (_resolved(document, message) for message in channel.get("messages", {}).values())
    events = "".join(f"<li>{_events(document, message.get('payload', {}))}</li>" for message in messages)
    heading = f"<h3><code>{escape(channel.get('address') or name)}</code></h3>"
    return f"<section>{heading}<p>{_text(channel.get('description', ''))}</p><ul>{events}</ul></section>"


def _events(document: Document, payload: Schema) -> str:
    """What an entry of the stream can be. The framework reads many at once and so describes a list of them."""
    found = _resolved(document, payload)
    if "properties" in found:
        return _kind(payload)
    return _kind(found.get("items", found))


def _schema(name: str, schema: Schema) -> str:
    required = schema.get("required", [])
    rows = "".join(_field(field, each, field in required) for field, each in schema["properties"].items())
    heading = f'<h3 id="{escape(_anchor(name))}">{escape(name)}</h3>'
    table = f"<table><tr><th>field</th><th>type</th><th></th><th></th></tr>{rows}</table>"
    return f"<section>{heading}<p>{_text(schema.get('description', ''))}</p>{table}</section>"


def _field(name: str, schema: Schema, required: bool) -> str:
    about = _text(schema.get("description", ""))
    cells = (f"<code>{escape(name)}</code>", _kind(schema), "required" if required else "", about)
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _kind(schema: Schema) -> str:
    """A schema's type in a few words, with links to the schemas that it refers to."""
    if reference := schema.get("$ref"):
        name = reference.rpartition("/")[2]
        return f'<a href="#{escape(_anchor(name))}">{escape(name)}</a>'
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(_kind(option) for option in options))
    if schema.get("type") == "array":
        return f"list of ({_kind(schema.get('items', {}))})"
    kind = escape(str(schema.get("type", "anything")))
    return f"{kind} ({escape(schema['format'])})" if "format" in schema else kind


def _resolved(document: Document, schema: Schema) -> Schema:
    while reference := schema.get("$ref"):
        found: Any = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        schema = found
    return schema


def _anchor(name: str) -> str:
    return f"schema-{name}"


def _text(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", escape(text)).replace("\n\n", "<br>")
