"""Answers that take their time: one JSON object a line, as the work goes on."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from aiohttp import web

from gateway.problems import Missing, NotNow
from gateway.wire import dumps
from readmodel.engine.folding.letters import ProjectionUnknown
from readmodel.errors import ReadModelError

NDJSON = "application/x-ndjson"


async def send_lines(request: web.Request, lines: AsyncGenerator[Any, None]) -> web.StreamResponse:
    """Send what the iterator gives. What it raises before the first line is a problem, later the last line.

    A client that goes away ends the work.
    """
    async with aclosing(lines):
        first = await _first(lines)
        response = web.StreamResponse(headers={"Content-Type": NDJSON, "Cache-Control": "no-store"})
        await response.prepare(request)
        await response.write(dumps(first) + b"\n")
        try:
            async for line in lines:
                await response.write(dumps(line) + b"\n")
        except ReadModelError as error:
            await response.write(dumps({"error": str(error)}) + b"\n")
        await response.write_eof()
        return response


async def _first(lines: AsyncIterator[Any]) -> Any:
    try:
        return await anext(lines)
    except ProjectionUnknown as error:
        raise Missing(reason=error) from error
    except ReadModelError as error:
        raise NotNow(reason=error) from error
