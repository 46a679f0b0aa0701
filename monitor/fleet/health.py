"""`/healthz` and `/metrics` of a process that runs for long, by HTTP on loopback. Nothing is changed by it, and no post is told."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from monitor.errors import ConfigurationError, MonitorError
from monitor.fleet.metrics import CONTENT_TYPE, exposition
from monitor.store.connection import Store
from monitor.store.fleet_view import FleetViews
from monitor.store.processes import Processes

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """`well` False is told by status 503; `told` is the JSON object."""

    well: bool
    told: dict[str, Any] = field(default_factory=dict)


async def metrics_of(store: Store) -> bytes:
    """The text for Prometheus, read now. Raises StoreUnavailableError."""
    return exposition(await FleetViews(store.database).read(), await Processes(store.database).counters())


@asynccontextmanager
async def serving(
    *, port: int, health: Callable[[], Awaitable[Health]], metrics: Callable[[], Awaitable[bytes]]
) -> AsyncIterator[int]:
    """Serve until the block ends, and yield the port, which is a free one for 0. Raises ConfigurationError where it is taken."""

    async def healthz(_request: web.Request) -> web.Response:
        found = await health()
        return web.Response(
            text=json.dumps({"well": found.well, **found.told}) + "\n",
            status=200 if found.well else 503,
            content_type="application/json",
        )

    async def metrics_text(_request: web.Request) -> web.Response:
        try:
            return web.Response(body=await metrics(), headers={"Content-Type": CONTENT_TYPE})
        except MonitorError as error:
            return web.Response(text=f"{error}\n", status=503)

    application = web.Application()
    application.add_routes([web.get("/healthz", healthz), web.get("/metrics", metrics_text)])
    runner = web.AppRunner(application, access_log=None, handle_signals=False)
    await runner.setup()
    try:
        try:
            site = web.TCPSite(runner, LOOPBACK, port)
            await site.start()
        except OSError as error:
            raise ConfigurationError(
                f"The port {port} of {LOOPBACK} cannot be used ({error.strerror}): choose another with --port."
            ) from error
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
