"""The documentation's pages. Everything they load comes from here: no CDN, no inline script."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from gateway.asyncapi import page
from gateway.problems import NotFound
from gateway.wire import etag_of

ASSETS = Path(__file__).parent / "assets"
_FILES = {file.relative_to(ASSETS).as_posix(): file for file in ASSETS.rglob("*") if file.is_file()}

_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",  # both viewers make style elements as they go
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src blob:",  # Redoc's search
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
)
_HTML = {
    "Content-Security-Policy": "; ".join(_POLICY),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}

Page = Callable[[web.Request], Awaitable[web.StreamResponse]]


def add_pages(app: web.Application, openapi: Mapping[str, Any], asyncapi: Mapping[str, Any] | None) -> None:
    """Add the documents, the pages that show them, and what the pages load."""
    app.router.add_get("/openapi.json", _sent(orjson.dumps(openapi), "application/json"))
    app.router.add_get("/docs", _sent((ASSETS / "swagger-ui.html").read_bytes(), "text/html"))
    app.router.add_get("/redoc", _sent((ASSETS / "redoc.html").read_bytes(), "text/html"))
    if asyncapi is not None:
        app.router.add_get("/asyncapi.json", _sent(orjson.dumps(asyncapi), "application/json"))
        app.router.add_get("/asyncapi", _sent(page(asyncapi).encode(), "text/html"))
    app.router.add_get("/assets/{name:.+}", _asset)


async def _asset(request: web.Request) -> web.StreamResponse:
    # Of the files that there are, so that no name leads anywhere else.
    name = request.match_info["name"]
    if name not in _FILES:
        raise NotFound(what="asset", key=name)
    return web.FileResponse(_FILES[name], headers={"Cache-Control": "no-cache"})


def _sent(body: bytes, content_type: str) -> Page:
    etag = etag_of(body)
    headers = _HTML if content_type == "text/html" else {"Cache-Control": "no-cache"}

    async def send(request: web.Request) -> web.StreamResponse:
        if any(tag.value == etag.value for tag in request.if_none_match or ()):
            response = web.Response(status=304, headers=headers)
        else:
            charset = "utf-8" if content_type == "text/html" else None
            response = web.Response(body=body, content_type=content_type, charset=charset, headers=headers)
        response.etag = etag
        return response

    return send
