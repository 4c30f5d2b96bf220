"""The aiohttp application, put together from what it is given."""

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from gateway.access import Door
from gateway.auth import AuthenticatorLike
from gateway.cors import preflight, share_with
from gateway.metrics import add_metrics
from gateway.monitor import MonitorLike
from gateway.openapi import document
from gateway.operators import Operators
from gateway.pages import add_pages
from gateway.past import PastLike
from gateway.problems import problems
from gateway.request_id import identified, show_request_id
from gateway.routes import ROUTES
from gateway.serving import Desk
from readmodel.engine.views import Views


def build(
    views: Views,
    *,
    auth: AuthenticatorLike,
    monitor: MonitorLike,
    operators: Operators,
    past: PastLike,
    asyncapi: Mapping[str, Any] | None,
    cors_origins: Sequence[str],
    service_key: str | None,
) -> web.Application:
    """The application, ready to run.

    `asyncapi` is the AsyncAPI 3 document to show, `service_key` opens the operators' routes to other services.
    """
    app = web.Application(middlewares=[identified, problems, preflight(cors_origins)])
    app.on_response_prepare.extend([show_request_id, share_with(cors_origins), _no_sniffing])
    desk = Desk(Door(auth, service_key), views, monitor, operators, past)
    for route in ROUTES:
        add = app.router.add_post if route.method == "POST" else app.router.add_get
        add(route.pattern, desk.serve(route))
    add_metrics(app, monitor, operators.inspector)
    add_pages(app, document(ROUTES), asyncapi)
    return app


async def _no_sniffing(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers["X-Content-Type-Options"] = "nosniff"
