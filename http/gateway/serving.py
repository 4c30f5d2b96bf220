"""The way every request takes: caller, parameters, projections, answer, headers."""

from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from aiohttp import ETag, web

from gateway.access import Access, Door
from gateway.lines import send_lines
from gateway.monitor import MonitorLike
from gateway.operators import Operators
from gateway.paging import Paged
from gateway.parameters import AsOf, asked_of, min_position
from gateway.past import PastLike
from gateway.problems import Problem
from gateway.route import Answer, Question, Route
from gateway.wire import dumps, etag_of, instant
from readmodel.engine.vector import format_vector
from readmodel.engine.views import View, Views

Headers = dict[str, str]

_ANY_TAG = "*"


@dataclass(frozen=True, slots=True)
class Desk:
    """Where requests are served: behind a door, from the projections."""

    door: Door
    views: Views
    monitor: MonitorLike
    operators: Operators
    past: PastLike

    def serve(self, route: Route[Any]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """The aiohttp handler of a route."""

        async def handle(request: web.Request) -> web.StreamResponse:
            caller = await self.door.admit(request, route.access)
            asked = asked_of(request, route.asks)
            question = Question(asked, caller, self.monitor, self.operators)
            if not route.reads:
                answer = (await route.call(question)).body
                if route.in_lines:
                    return await send_lines(request, answer)
                body = dumps(answer)
                return web.Response(body=body, content_type="application/json", headers={"Cache-Control": "no-store"})
            return await self._from_projections(request, route, question)

        return handle

    async def _from_projections(
        self, request: web.Request, route: Route[Any], question: Question[Any]
    ) -> web.StreamResponse:
        at = question.asked.as_of if isinstance(question.asked, AsOf) else None
        async with self._reading(request, route, at) as view:
            lag = 0.0 if at else self.monitor.lag_seconds(route.reads)
            headers = {"X-Position": format_vector(view.position), "X-Projection-Lag": f"{lag:.3f}"}
            try:
                answer = await route.call(replace(question, looking_at=view))
            except Problem as problem:
                problem.headers |= headers | _stale(self._stale_since(request, route))
                raise
        body = dumps(answer.body)
        if since := self._stale_since(request, route, body):
            headers |= _stale(since)
            body = dumps({**answer.body, "stale": True}) if route.has_room else body
        private = "public" if route.access is Access.ANYBODY else "private"
        headers["Cache-Control"] = f"{private}, no-cache"
        return _cacheable(request, body, headers | _paging(request, question.asked, answer))

    def _reading(
        self, request: web.Request, route: Route[Any], at: datetime | None
    ) -> AbstractAsyncContextManager[View]:
        """What the answer is made from: the live versions, or history as of a moment."""
        at_least = min_position(request)
        return self.past.reading(*route.reads, at=at) if at else self.views.reading(*route.reads, at_least=at_least)

    def _stale_since(self, request: web.Request, route: Route[Any], body: bytes = b"") -> datetime | None:
        """Since when an event is put aside that concerns what the request or the answer names."""
        return self.monitor.stale_since(route.reads, request.path_qs.encode(), body)


def _stale(since: datetime | None) -> Headers:
    return {"X-Stale-Since": instant(since)} if since else {}


def _paging(request: web.Request, asked: Any, answer: Answer) -> Headers:
    if answer.extent is None or not isinstance(asked, Paged):
        return {}
    return {"X-Total-Count": str(answer.extent.total), "Link": asked.links(request.rel_url, answer.extent)}


def _cacheable(request: web.Request, body: bytes, headers: Headers) -> web.Response:
    etag = etag_of(body)
    if _has(request, etag):
        response = web.Response(status=304, headers=headers)
    else:
        response = web.Response(body=body, content_type="application/json", headers=headers)
    response.etag = etag
    return response


def _has(request: web.Request, etag: ETag) -> bool:
    """Whether the client has the same bytes already; weak comparison, as RFC 9110 wants for If-None-Match."""
    known: Iterable[ETag] = request.if_none_match or ()
    return any(tag.value in (_ANY_TAG, etag.value) for tag in known)
