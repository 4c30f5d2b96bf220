"""The whole service in one process: projections being kept, and the gateway that serves them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version

from aiohttp import web

import projections
from gateway.app import build
from gateway.auth import Authenticator
from gateway.operators import Operators
from handlers.asyncapi import document
from readmodel.cli.folding import Folding, folding
from readmodel.engine.catalogue import discover
from readmodel.engine.views import Views
from readmodel.settings import Settings


@dataclass(frozen=True)
class Service:
    """A running service and where it answers."""

    folding: Folding
    url: str


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Service]:
    """Run the service, with both URLs and every secret set. Its doors open last and close first."""
    plans = await asyncio.to_thread(discover, projections)
    async with folding(settings, plans) as found:
        app = build(
            Views(found.plans, found.stores.readers),
            auth=Authenticator(settings.signing_keys()),
            monitor=found.monitor,
            operators=_operators(found),
            past=found.operating.past,
            asyncapi=document(found.consumer.broker, version("readmodel")),
            cors_origins=settings.cors_origins,
            service_key=settings.service_key,
        )
        async with _open_doors(app, settings) as url:
            yield Service(found, url)


def _operators(found: Folding) -> Operators:
    can = found.operating
    return Operators(
        can.letters, can.rebuilding, can.inspector, found.archiver.status, can.losses, can.erasing, can.verifier
    )


@asynccontextmanager
async def _open_doors(app: web.Application, settings: Settings) -> AsyncIterator[str]:
    doors = web.AppRunner(app, access_log=None, shutdown_timeout=5)
    await doors.setup()
    try:
        await web.TCPSite(doors, settings.host, settings.port).start()
        host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104 - to print a URL
        yield f"http://{host}:{doors.addresses[0][1]}"
    finally:
        await doors.cleanup()
