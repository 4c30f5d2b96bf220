"""Which pages of other origins may read answers: those of an explicit list, with credentials."""

from collections.abc import Awaitable, Callable, Collection

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from gateway.problems import Forbidden

_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
_REQUEST_HEADERS = (
    "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, X-Min-Position, X-Read-After,"
    " X-Request-Id"
)
_EXPOSED_HEADERS = (
    "ETag, Link, Location, Retry-After, X-Position, X-Projection-Lag, X-RateLimit-Limit, X-RateLimit-Remaining,"
    " X-RateLimit-Reset, X-Request-Id, X-Total-Count"
)
_PREFLIGHT_SECONDS = "600"


def preflight(origins: Collection[str]) -> Middleware:
    """Answer the question a browser asks before it sends a request of another origin."""

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers:
            return await handler(request)
        if request.headers.get("Origin") not in origins:
            raise Forbidden(reason="pages of this origin may not call this service")
        headers = {
            "Access-Control-Allow-Methods": _METHODS,
            "Access-Control-Allow-Headers": _REQUEST_HEADERS,
            "Access-Control-Max-Age": _PREFLIGHT_SECONDS,
        }
        return web.Response(status=204, headers=headers)

    return answer


def share_with(origins: Collection[str]) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Say on every answer, also on errors, whether the asking page may read it."""

    async def share(request: web.Request, response: web.StreamResponse) -> None:
        # Always, or a cache would hand one origin's permission to another.
        response.headers.add("Vary", "Origin")
        if (origin := request.headers.get("Origin")) in origins:
            assert origin
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Allow-Credentials"] = "true"
            response.headers["Access-Control-Expose-Headers"] = _EXPOSED_HEADERS

    return share
