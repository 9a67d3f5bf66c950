"""Health, metrics, status and the API's own description."""

from http import HTTPStatus
from typing import Final

from aiohttp import web

from connector.local.bodies import answer
from connector.local.guards import PORTS, SETTINGS
from connector.local.openapi import Description
from connector.local.streams import STREAMS
from connector.local.system_answers import LiveOut, ReadyOut
from connector.local.views import checks_out, status_out

DESCRIPTION: Final = web.AppKey("description", Description)

_METRICS: Final = "text/plain; version=0.0.4; charset=utf-8"


async def live(request: web.Request) -> web.Response:
    """`GET /health/live`: asks nothing of anyone."""
    return answer(request, LiveOut())


async def ready(request: web.Request) -> web.Response:
    """`GET /health/ready`: 503 with the named checks, also while the daemon drains."""
    checks = await request.app[PORTS].status.readiness()
    is_ready = all(check.ok for check in checks) and not request.app[STREAMS].stopping.is_set()
    body = ReadyOut(ready=is_ready, checks=checks_out(checks))
    return answer(request, body, status=HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE)


async def metrics(request: web.Request) -> web.Response:
    """`GET /metrics`."""
    return web.Response(body=request.app[PORTS].metrics.render(), headers={"Content-Type": _METRICS})


async def status(request: web.Request) -> web.Response:
    """`GET /api/v1/status`."""
    return answer(request, status_out(await request.app[PORTS].status.status(), request.app[SETTINGS]))


async def description(request: web.Request) -> web.Response:
    """`GET /api/openapi.json`."""
    return web.Response(body=request.app[DESCRIPTION].content, content_type="application/json")
