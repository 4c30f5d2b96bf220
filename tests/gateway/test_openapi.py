from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter

from gateway.app import build
from gateway.auth import Authenticator
from gateway.openapi import document
from gateway.route import Route
from gateway.routes import ROUTES
from readmodel.engine.views import Views
from tests.gateway.conftest import (
    BUTTER,
    KEYS,
    MILK,
    RECEIPT,
    Client,
    Unasked,
    Watched,
    bearer,
    operators,
)

PAGES = {"/openapi.json", "/docs", "/redoc", "/asyncapi.json", "/asyncapi", "/assets/{name}", "/metrics"}
"""What documents itself, or is read by Prometheus."""
CATEGORY = "Letters of any script, digits, spaces and _-&,./()"
AFTER = "Where the part before ended, as the `next` link says; goes before `page` and `offset`."

SAMPLES = {
    "/api/v1/stores": [""],
    "/api/v1/products": ["", "?page=2"],
    "/api/v1/products/{id}": [BUTTER, MILK],
    "/api/v1/products/{id}/prices": [BUTTER],
    "/api/v1/prices/trends": [""],
    "/api/v1/prices/increases": [""],
    "/api/v1/prices/comparison": [f"?product_ids={BUTTER},{MILK}"],
    "/api/v1/purchases": [""],
    "/api/v1/purchases/{id}": [RECEIPT],
    "/api/v1/purchases/stats": [""],
    "/api/v1/alerts": [""],
    "/api/v1/alerts/settings": [""],
    "/api/v1/coupons": [""],
    "/api/v1/coupons/relevant": [""],
    "/api/v1/shopping/lists": [""],
    "/api/v1/me/stores": [""],
    "/api/v1/me/email-in-address": [""],
    "/api/v1/scraping/status": [""],
    "/api/v1/public/trends/{product_id}": [f"{BUTTER}?until=2025-11-20"],
    "/api/v1/public/store-comparison": ["?category=Dairy", f"?product_ids={MILK}"],
    "/api/v1/public/shrinkflation": ["?until=2025-11-20"],
    "/api/v1/public/inflation": ["", "?period=all-time"],
    "/api/app/purchases": [""],
    "/api/app/purchases/{id}": [RECEIPT],
    "/api/app/products": ["", "?q=milk"],
    "/api/app/products/{id}": [BUTTER],
    "/api/app/products/{id}/prices": [BUTTER],
    "/api/app/coupons": [""],
    "/api/app/alerts": [""],
    "/api/v1/ops/projections": [""],
    "/api/v1/ops/dead-letters": ["", "?state=all&limit=1"],
    "/api/v1/ops/dead-letters/{projection}/{store}/{stream}/{position}": ["products/postgres/cartsnitch.products/7-0"],
    "/api/v1/ops/dead-letters/retry": ["?all=true", "?position=7-0"],
    "/api/v1/ops/dead-letters/discard": ["?all=true"],
    "/api/v1/ops/archive": [""],
    "/api/v1/ops/gaps/{stream}": ["cartsnitch.prices?lost_after=7-0"],
    "/api/v1/ops/audit": ["?projection=stores"],
    "/api/v1/ops/explain": [f"?projection=products&key={MILK}"],
    "/api/v1/ops/rebuild": ["?projection=products", "?projection=products&swap=false&diff=true"],
    "/api/v1/ops/swap": ["?projection=products"],
    "/api/v1/ops/rollback": ["?projection=products"],
    "/api/v1/ops/abandon": ["?projection=products"],
    "/api/v1/ops/erase-user": ["?user=ada"],
    "/api/v1/ops/verify": [""],
    "/livez": [""],
    "/readyz": [""],
    "/health": [""],
    "/ready": [""],
}
"""For every path at least one address that gets an answer: what stands in the path, and the query."""

STATUS = {
    "name": "stores",
    "version": 1,
    "store": "postgres",
    "state": "live",
    "cursors": {"cartsnitch.stores": "1763690000000-0"},
    "lag_events": 0,
    "lag_seconds": 0.0,
    "rate": 0.0,
    "quarantined": 0,
    "discarded": 0,
    "reading": {"cartsnitch.prices": True},
    "unknown_events": {},
    "last_error": None,
}


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from ([node["$ref"]] if "$ref" in node else [])
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from references(each)


def test_no_route_is_undocumented() -> None:
    """Whatever the application answers is in the document, or is a page."""
    app = build(
        Views([], {}),
        auth=Authenticator(KEYS),
        monitor=Watched(),
        operators=operators(),
        past=Unasked(),
        asyncapi={},
        cors_origins=[],
        service_key=None,
    )
    served = {
        (resource.canonical, route.method.lower())
        for resource in app.router.resources()
        for route in resource
        if resource.canonical not in PAGES and route.method != "HEAD"
    }
    documented = {(path, method) for path, method, _ in operations(document(ROUTES))}
    assert served == documented


def test_every_reference_leads_somewhere() -> None:
    """No schema, response, header or parameter is missing."""
    described = document(ROUTES)
    for reference in references(described):
        node = described
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


def test_every_operation_is_complete() -> None:
    """Names are unique, path parameters described and required, and who may call is said."""
    described = document(ROUTES)
    assert described["openapi"] == "3.1.0"
    names = [operation["operationId"] for *_, operation in operations(described)]
    assert len(names) == len(set(names))
    for path, _, operation in operations(described):
        in_path = [p["name"] for p in operation["parameters"] if p.get("in") == "path" and p["required"]]
        assert [f"{{{name}}}" for name in in_path] == [part for part in path.split("/") if part.startswith("{")]
        assert operation["summary"]
        (content,) = operation["responses"]["200"]["content"].values()
        assert content["schema"]
        assert ("401" in operation["responses"]) == bool(operation["security"])


def test_one_operation_in_full() -> None:
    """What a client generator sees of a search."""
    operation = document(ROUTES)["paths"]["/api/v1/products"]["get"]
    number = {"type": "integer", "minimum": 1}
    assert operation["parameters"] == [
        _query("page", {**number, "maximum": 1_000_000_000, "default": 1}),
        _query("page_size", {**number, "maximum": 100, "default": 20}),
        _query("limit", {**number, "maximum": 100}),
        _query("offset", {"type": "integer", "minimum": 0, "maximum": 1_000_000_000}),
        _query("after", {"type": "string", "description": AFTER}),
        _query("q", {"type": "string", "maxLength": 200, "pattern": r"^[^\x00]*$"}),
        _query("category", {"type": "string", "maxLength": 100, "description": CATEGORY}),
        {"$ref": "#/components/parameters/MinPosition"},
    ]
    assert operation["responses"]["200"]["content"] == {
        "application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Product"}}}
    }
    assert sorted(operation["responses"]) == ["200", "401", "422", "503"]
    assert operation["security"] == [{"bearer": []}]


def _query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
async def test_answers_are_as_documented(client: Client, monitor: Watched, route: Route[Any]) -> None:
    """Every field of an answer is in its model, of that type, and none is missing; a new path needs a sample here."""
    monitor.rows = [STATUS]
    for sample in SAMPLES[route.path]:
        address = f"{route.path}{sample}" if "{" not in route.path else _filled(route.path, sample)
        response = await client.request(route.method, address, headers=bearer(role="admin"))
        assert response.status == 200, await response.text()
        body = await response.read()
        for part in body.splitlines() if route.in_lines else [body]:
            TypeAdapter(route.answers).validate_json(part, extra="forbid", strict=True)
        assert set(route_headers(route)) <= {name.lower() for name in response.headers}


def route_headers(route: Route[Any]) -> list[str]:
    described = document([route])["paths"][route.path][route.method.lower()]["responses"]["200"]["headers"]
    # A basket of asked products is not a list, though the same path lists a category.
    absent = {"x-total-count", "link"} if route.path.endswith("store-comparison") else set()
    # And nothing is stale where nothing was put aside.
    absent |= {"x-stale-since"}
    return [name.lower() for name in described if name.lower() not in absent]


def _filled(path: str, sample: str) -> str:
    before, _, rest = path.partition("{")
    value, _, query = sample.partition("?")
    return f"{before}{value}{rest.rpartition('}')[2]}?{query}"
