"""The OpenAPI 3.1 document, made from the routes' declarations and the pydantic models they name."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from gateway.access import SERVICE_KEY_HEADER, Access
from gateway.lines import NDJSON
from gateway.parameters import MIN_POSITION_HEADER
from gateway.problems import PROBLEM_JSON
from gateway.route import Route

Schema = dict[str, Any]

_REF = "#/components/schemas/{model}"
_SECURITY: Mapping[Access, list[Schema]] = {
    Access.ANYBODY: [],
    Access.USER: [{"bearer": []}],
    Access.OPERATOR: [{"bearer": []}, {"serviceKey": []}],
}
_HEADERS: Mapping[str, Schema] = {
    "ETag": {"schema": {"type": "string"}, "description": "Changes with the body; send it as If-None-Match."},
    "X-Position": {
        "schema": {"type": "string"},
        "description": "How far each stream had been folded when the answer was made: stream=id, comma-separated.",
    },
    "X-Projection-Lag": {"schema": {"type": "number"}, "description": "Seconds that the answer may be behind."},
    "X-Stale-Since": {
        "schema": {"type": "string", "format": "date-time"},
        "description": "There where an event about something in the answer could not be taken: since when.",
    },
    "X-Total-Count": {"schema": {"type": "integer"}, "description": "How many items there are in all."},
    "Link": {"schema": {"type": "string"}, "description": "RFC 8288: first, prev, next and last part of the list."},
    "X-Request-Id": {"schema": {"type": "string"}, "description": "Names this request in the log."},
    "Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait before the next try."},
}
_PROBLEMS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "401": ("Unauthorized", "No credentials, or they do not hold.", ()),
    "403": ("Forbidden", "The credentials are not enough.", ()),
    "404": ("NotFound", "There is no such thing, or it is somebody else's.", ()),
    "409": ("Conflict", "It cannot be done at the moment; the detail says what is in the way.", ()),
    "422": ("ParametersInvalid", "A parameter is wrong; `errors` says which.", ()),
    "503": ("Unavailable", "The data cannot be read at the moment, or has not come that far.", ("Retry-After",)),
}
_MIN_POSITION: Schema = {
    "name": MIN_POSITION_HEADER,
    "in": "header",
    "description": "Wait, for a few seconds at most, until the answer is at least as new as this X-Position.",
    "schema": {"type": "string"},
}
_FAULT: Schema = {
    "type": "object",
    "required": ["field", "message", "type"],
    "properties": {name: {"type": "string"} for name in ("field", "message", "type")},
}
_PROBLEM: Schema = {
    "type": "object",
    "description": "RFC 9457.",
    "required": ["type", "title", "status", "detail", "instance", "code", "request_id"],
    "properties": {
        **{name: {"type": "string"} for name in ("type", "title", "detail", "instance", "code", "request_id")},
        "status": {"type": "integer"},
        "errors": {"type": "array", "items": _FAULT},
    },
}


def document(routes: Iterable[Route[Any]]) -> Schema:
    """The whole document."""
    declared = list(routes)
    answers, parameters, schemas = _schemas(declared)
    paths: dict[str, Schema] = {}
    for route in declared:
        operation = _operation(route, answers[_name(route)], parameters[_name(route)])
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "CartSnitch read model", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Problem": _PROBLEM},
            "responses": {name: _problem(text, extra) for name, text, extra in _PROBLEMS.values()},
            "headers": dict(_HEADERS),
            "parameters": {"MinPosition": _MIN_POSITION},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "serviceKey": {"type": "apiKey", "in": "header", "name": SERVICE_KEY_HEADER},
            },
        },
    }


def _schemas(routes: Iterable[Route[Any]]) -> tuple[dict[str, Schema], dict[str, Schema], Schema]:
    """Each operation's answer and parameters, and the models that the answers refer to."""
    inputs: list[tuple[str, JsonSchemaMode, TypeAdapter[Any]]] = []
    parameters = {}
    for route in routes:
        inputs.append((_name(route), "serialization", TypeAdapter(route.answers)))
        parameters[_name(route)] = route.asks.model_json_schema(mode="validation")
    made, shared = TypeAdapter.json_schemas(inputs, ref_template=_REF)
    answers = {name: dict(schema) for (name, _), schema in made.items()}
    return answers, parameters, shared.get("$defs", {})


def _name(route: Route[Any]) -> str:
    return f"{route.method} {route.path}"


def _operation(route: Route[Any], answer: Schema, parameters: Schema) -> Schema:
    summary, _, rest = route.description.partition("\n")
    asked = [_parameter(route, name, schema) for name, schema in parameters.get("properties", {}).items()]
    return {
        "operationId": f"{route.method.lower()}{route.path}".replace("/", "_").replace("{", "").replace("}", ""),
        "summary": summary.strip().rstrip("."),
        "description": " ".join(rest.split()) or summary,
        "tags": [route.tag],
        "security": _SECURITY[route.access],
        "parameters": asked + ([{"$ref": "#/components/parameters/MinPosition"}] if route.reads else []),
        "responses": {"200": _success(route, answer), **_failures(route, bool(asked))},
    }


def _parameter(route: Route[Any], name: str, schema: Schema) -> Schema:
    in_path = name in route.path_parameters
    described = {"name": name, "in": "path" if in_path else "query", "required": in_path, "schema": _plain(schema)}
    listed = {"style": "form", "explode": False} if schema.get("type") == "array" else {}
    # pydantic says "required" of the model, where it also counts what only one of two parameters must be there.
    return described | listed | ({"required": True} if _is_required(route, name) else {})


def _is_required(route: Route[Any], name: str) -> bool:
    fields = route.asks.model_fields.items()
    return any((info.alias or field) == name and info.is_required() for field, info in fields)


def _plain(schema: Schema) -> Schema:
    """A parameter's schema: leaving it out takes the place of null, and its name that of a title."""
    kept = {key: value for key, value in schema.items() if key not in ("title", "anyOf") and value is not None}
    for option in schema.get("anyOf", []):
        kept |= option if option != {"type": "null"} else {}
    return kept


def _success(route: Route[Any], answer: Schema) -> Schema:
    names = ["X-Request-Id"]
    names += ["ETag", "X-Position", "X-Projection-Lag"] if route.reads else []
    names += ["X-Stale-Since"] if route.reads else []
    names += ["X-Total-Count", "Link"] if route.paged else []
    return {
        "description": " ".join(route.description.split()),
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
        "content": {NDJSON if route.in_lines else "application/json": {"schema": answer}},
    }


def _failures(route: Route[Any], has_parameters: bool) -> Schema:
    statuses = [] if route.access is Access.ANYBODY else ["401"]
    statuses += ["403"] if route.access is Access.OPERATOR else []
    statuses += ["404"] if route.path_parameters or route.may_be_missing else []
    statuses += ["404", "409"] if route.method == "POST" else []
    statuses += ["422"] if has_parameters or route.reads else []
    statuses += ["503"] if route.reads or route.path in ("/readyz", "/ready") else []
    return {status: {"$ref": f"#/components/responses/{_PROBLEMS[status][0]}"} for status in statuses}


def _problem(text: str, extra: tuple[str, ...]) -> Schema:
    return {
        "description": text,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-Id", *extra)},
        "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
