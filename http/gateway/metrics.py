"""What Prometheus reads: how every projection is doing, and whether its last audit found anything."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from gateway.inspection import InspectorLike
from gateway.monitor import MonitorLike

Sample = tuple[Mapping[str, str], float]

_CONTENT_TYPE = "text/plain; version=0.0.4"
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def add_metrics(app: web.Application, monitor: MonitorLike, inspector: InspectorLike) -> None:
    """Add the page. Anybody may read it, as with `/health`: it names projections and numbers only."""

    async def metrics(_request: web.Request) -> web.StreamResponse:
        text = "".join([*_of_statuses(monitor.statuses()), *_of_audits(inspector.last_audits())])
        response = web.Response(text=text, headers={"Cache-Control": "no-store"})
        response.headers["Content-Type"] = _CONTENT_TYPE
        return response

    app.router.add_get("/metrics", metrics)


def _of_statuses(rows: list[dict[str, Any]]) -> Iterable[str]:
    yield _gauge("readmodel_lag_seconds", "Age of the oldest event that is not folded.", _each(rows, "lag_seconds"))
    yield _gauge("readmodel_lag_events", "Events that are not folded.", _each(rows, "lag_events"))
    yield _gauge("readmodel_quarantined", "Events that were put aside and are open.", _each(rows, "quarantined"))
    states = [(labels | {"state": str(row["state"])}, 1.0) for row in rows for labels in [_labels(row, "name")]]
    yield _gauge("readmodel_state", "1 for what a projection is doing.", states)


def _of_audits(rows: list[dict[str, Any]]) -> Iterable[str]:
    def samples(value: Callable[[dict[str, Any]], float]) -> list[Sample]:
        return [(_labels(row, "projection"), value(row)) for row in rows]

    differences = [(_labels(row, "projection"), float(row["differences"])) for row in rows if row["error"] is None]
    yield _gauge("readmodel_audit_differences", "Rows that are not what their definition says.", differences)
    failed = samples(lambda row: float(row["error"] is not None))
    yield _gauge("readmodel_audit_failed", "1 where the last audit could not be done.", failed)
    at = samples(lambda row: datetime.fromisoformat(row["audited_at"]).timestamp())
    yield _gauge("readmodel_audit_last_run_seconds", "When it was last audited, in seconds since 1970.", at)


def _each(rows: list[dict[str, Any]], name: str) -> list[Sample]:
    return [(_labels(row, "name"), float(row[name])) for row in rows if row[name] is not None]


def _labels(row: Mapping[str, Any], name: str) -> dict[str, str]:
    return {"projection": str(row[name]), "store": str(row["store"])}


def _gauge(name: str, meaning: str, samples: Iterable[Sample]) -> str:
    lines = [f"# HELP {name} {meaning}", f"# TYPE {name} gauge"]
    for labels, value in samples:
        named = ",".join(f'{label}="{text.translate(_ESCAPES)}"' for label, text in labels.items())
        lines.append(f"{name}{{{named}}} {value:.15g}")
    return "\n".join(lines) + "\n"
