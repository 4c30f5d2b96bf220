"""Is the process alive, and can it be asked? A healthy catch-up fails neither a restart probe nor `/health`."""

import logging
from typing import Literal

from pydantic import BaseModel

from gateway.access import Access
from gateway.problems import NotReady
from gateway.route import Answer, Nothing, Question, Routes

log = logging.getLogger(__name__)

routes = Routes("health")


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok"]
    ready: bool


class Ready(BaseModel):
    """Every projection can be asked."""

    status: Literal["ready"]


@routes.get("/livez", "/health", answers=Alive, asks=Nothing, access=Access.ANYBODY)
async def live(question: Question[Nothing]) -> Answer:
    """Whether the process is alive; a projection that is still catching up is no failure."""
    is_ready, _ = question.monitor.ready()
    return Answer({"status": "ok", "ready": is_ready})


@routes.get("/readyz", "/ready", answers=Ready, asks=Nothing, access=Access.ANYBODY)
async def ready(question: Question[Nothing]) -> Answer:
    """Whether every projection can be asked; 503 while one cannot."""
    is_ready, reason = question.monitor.ready()
    if not is_ready:
        # Anybody may ask, and the reason can name hosts: it is for the log only.
        log.warning("not ready: %s", reason)
        raise NotReady(headers={"Retry-After": "1"})
    return Answer({"status": "ready"})
