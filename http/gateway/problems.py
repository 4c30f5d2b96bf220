"""Errors as clients read them: RFC 9457 problem documents, with no stack trace and no SQL in them, ever."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar, TypedDict

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.request_id import REQUEST_ID
from readmodel.archive.manifest import ArchiveDamaged
from readmodel.engine.auditing.past import PastBusy
from readmodel.engine.log.history import HistoryGap, HistoryUnavailable
from readmodel.engine.paging import MarkInvalid
from readmodel.engine.views import NotThereYet, ProjectionNotReady
from readmodel.errors import ReadModelError
from readmodel.stores.store import StoreUnavailable

log = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"
CODES = {
    HTTPStatus.UNAUTHORIZED: "UNAUTHORIZED",
    HTTPStatus.FORBIDDEN: "FORBIDDEN",
    HTTPStatus.NOT_FOUND: "NOT_FOUND",
    HTTPStatus.METHOD_NOT_ALLOWED: "METHOD_NOT_ALLOWED",
    HTTPStatus.CONFLICT: "CONFLICT",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "PAYLOAD_TOO_LARGE",
    HTTPStatus.TOO_MANY_REQUESTS: "RATE_LIMITED",
    HTTPStatus.INTERNAL_SERVER_ERROR: "INTERNAL_ERROR",
    HTTPStatus.SERVICE_UNAVAILABLE: "SERVICE_UNAVAILABLE",
}
"""Every other 4xx means that the request itself is wrong: VALIDATION_ERROR."""

_UNREADABLE = (
    NotThereYet,
    ProjectionNotReady,
    StoreUnavailable,
    HistoryUnavailable,
    HistoryGap,
    ArchiveDamaged,
    PastBusy,
)
_SOON, _LATER = "1", "5"
_UNAVAILABLE = "The data cannot be read at the moment. Try again."
_UNEXPECTED = "Something went wrong here. The log says more under this request_id."


class Fault(TypedDict):
    """What is wrong with one parameter."""

    field: str
    message: str
    type: str


class Problem(ReadModelError):
    """The request failed: {reason}"""

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR

    def __init__(self, *, headers: Mapping[str, str] | None = None, **values: Any) -> None:
        """Headers go along with the answer; the values fill the docstring."""
        super().__init__(**values)
        self.headers = dict(headers or {})
        self.faults: list[Fault] | None = None


class ParametersInvalid(Problem):
    """The request has {count} wrong parameter(s)."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, *faults: Fault) -> None:
        """One fault or several; every one of them is shown."""
        super().__init__(count=len(faults))
        self.faults = list(faults)


class NotFound(Problem):
    """There is no {what} {key}."""

    status = HTTPStatus.NOT_FOUND


class Missing(Problem):
    """{reason}"""

    status = HTTPStatus.NOT_FOUND


class NotNow(Problem):
    """{reason}"""

    status = HTTPStatus.CONFLICT


class Forbidden(Problem):
    """This is not allowed: {reason}"""

    status = HTTPStatus.FORBIDDEN


class NotReady(Problem):
    """The service cannot be asked at the moment; its log says why."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever is raised further in into a problem document."""
    try:
        return await handler(request)
    except Problem as problem:
        return problem_response(request, problem.status, str(problem), problem.headers, problem.faults)
    except _UNREADABLE as error:
        return _unavailable(request, error)
    except MarkInvalid as error:
        fault: Fault = {"field": "after", "message": str(error), "type": "mark_invalid"}
        return problem_response(request, ParametersInvalid.status, str(ParametersInvalid(fault)), faults=[fault])
    except web.HTTPException as error:
        return _from_router(request, error)
    except Exception:
        log.exception("%s %s failed [request %s]", request.method, request.path, request[REQUEST_ID])
        return problem_response(request, HTTPStatus.INTERNAL_SERVER_ERROR, _UNEXPECTED)


def problem_response(
    request: web.Request,
    status: HTTPStatus,
    detail: str,
    headers: Mapping[str, str] | None = None,
    faults: list[Fault] | None = None,
) -> web.Response:
    """One problem document; it is never to be stored by a cache."""
    document = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "instance": request.rel_url.raw_path,
        "code": CODES.get(status, "VALIDATION_ERROR"),
        "request_id": request[REQUEST_ID],
        **({} if faults is None else {"errors": faults}),
    }
    sent = {"Cache-Control": "no-store", **(headers or {})}
    return web.Response(body=orjson.dumps(document), status=status, headers=sent, content_type=PROBLEM_JSON)


def _unavailable(request: web.Request, error: ReadModelError) -> web.Response:
    # What a store says of its trouble can name hosts: that is for the log only.
    log.warning("%s [request %s]", error, request[REQUEST_ID])
    detail = str(error) if isinstance(error, NotThereYet | PastBusy) else _UNAVAILABLE
    retry = {"Retry-After": _SOON if isinstance(error, NotThereYet) else _LATER}
    return problem_response(request, HTTPStatus.SERVICE_UNAVAILABLE, detail, retry)


def _from_router(request: web.Request, error: web.HTTPException) -> web.StreamResponse:
    if error.status < HTTPStatus.BAD_REQUEST:
        raise error
    status = HTTPStatus(error.status)
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = error.headers.get("Allow", "")
        return problem_response(request, status, f"{request.method} is not possible here.", {"Allow": allowed})
    detail = "There is nothing here." if status is HTTPStatus.NOT_FOUND else status.description
    return problem_response(request, status, detail or status.phrase)
