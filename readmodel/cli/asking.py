"""Asking the running service, as an operator."""

import http.client
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson

from readmodel.errors import ReadModelError
from readmodel.settings import Settings

PATIENCE = 600.0
"""Seconds; some requests do a lot of work before they answer."""


class ServiceUnreachable(ReadModelError):
    """The service at {url} does not answer: {reason}"""


class ServiceRefused(ReadModelError):
    """{reason} (said the service at {url})"""


def ask(settings: Settings, url: str, method: str, path: str, **parameters: Any) -> Any:
    """The JSON that the service at `url` answers; parameters that are None are left out, lists repeated.

    Raises ServiceRefused with the reason that the service gives, or ServiceUnreachable.
    """
    with _answer(settings, url, method, path, parameters) as response:
        return orjson.loads(response.read())


def ask_lines(settings: Settings, url: str, path: str, **parameters: Any) -> Iterator[dict[str, Any]]:
    """The JSON objects that the service sends line by line; raises what `ask` raises, also in their midst."""
    with _answer(settings, url, "POST", path, parameters) as response:
        for line in response:
            found = orjson.loads(line)
            if "error" in found:
                raise ServiceRefused(url=url, reason=found["error"])
            yield found


@contextmanager
def _answer(
    settings: Settings, url: str, method: str, path: str, parameters: Mapping[str, Any]
) -> Iterator[http.client.HTTPResponse]:
    query = urllib.parse.urlencode({name: value for name, value in parameters.items() if value is not None}, True)
    key = settings.with_secrets().service_key or ""
    request = urllib.request.Request(  # noqa: S310 - the operator's own URL
        f"{url}{path}{'?' if query else ''}{query}", method=method, headers={"X-Service-Key": key}
    )
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:  # noqa: S310
            yield response
    except urllib.error.HTTPError as error:
        raise ServiceRefused(url=url, reason=_reason(error)) from error
    except (urllib.error.URLError, TimeoutError, ConnectionError, http.client.HTTPException) as error:
        raise ServiceUnreachable(url=url, reason=error) from error


def _reason(error: urllib.error.HTTPError) -> str:
    """What the problem document says; of another answer, its status."""
    try:
        problem = orjson.loads(error.read())
        faults = "; ".join(f"{fault['field']}: {fault['message']}" for fault in problem.get("errors", []))
        return f"{problem['detail']} {faults}".strip()
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return str(error)
