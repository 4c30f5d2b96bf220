"""One id per request, the client's where it sends a sane one, on every answer and in every log line about it."""

import re
import uuid

from aiohttp import web
from aiohttp.typedefs import Handler

HEADER = "X-Request-Id"
REQUEST_ID = web.RequestKey("request_id", str)

_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/+=-]{0,127}")


@web.middleware
async def identified(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request its id."""
    sent = request.headers.get(HEADER, "")
    request[REQUEST_ID] = sent if _SANE.fullmatch(sent) else str(uuid.uuid4())
    return await handler(request)


async def show_request_id(request: web.Request, response: web.StreamResponse) -> None:
    """Put the id on an answer that is about to be sent."""
    response.headers[HEADER] = request[REQUEST_ID]
