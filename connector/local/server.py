"""The local side as an aiohttp application, and the runner whose limits are all set."""

import asyncio

from aiohttp import web

from connector.local.guards import PORTS, SETTINGS, add_headers, answer_errors, check_host
from connector.local.journal import VERIFYING
from connector.local.openapi import describe
from connector.local.ports import LocalPorts
from connector.local.routes import OPERATIONS
from connector.local.settings import LocalSettings
from connector.local.streams import STREAMS, Streams
from connector.local.system import DESCRIPTION


def build_app(ports: LocalPorts, settings: LocalSettings) -> web.Application:
    """Join ports and operations; nothing starts here."""
    app = web.Application(middlewares=(answer_errors, check_host), client_max_size=settings.max_body_bytes)
    app[PORTS], app[SETTINGS] = ports, settings
    app[STREAMS], app[VERIFYING] = Streams(settings.max_streams), asyncio.Lock()
    app[DESCRIPTION] = describe(OPERATIONS, settings)
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(_end_streams)
    for operation in OPERATIONS:
        app.router.add_route(operation.method, operation.path, operation.guarded())
    return app


def build_runner(app: web.Application, settings: LocalSettings) -> web.AppRunner:
    """Give the runner: a handler ends with its caller's connection, `drain_seconds` bound the stop, no access log.

    The access log would hold paths with ids of fetches; what was refused and why is logged as events.
    """
    return web.AppRunner(
        app,
        handle_signals=False,
        access_log=None,
        handler_cancellation=True,
        shutdown_timeout=settings.drain_seconds,
        keepalive_timeout=75.0,
        max_line_size=4096,
        max_field_size=8190,
        lingering_time=2.0,
    )


async def _end_streams(app: web.Application) -> None:
    app[STREAMS].stopping.set()
