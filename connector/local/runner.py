"""aiohttp's server with its limits set, and without the words of its own that repeat what was sent.

What is no HTTP, or longer than the limits, never reaches the application: aiohttp answers it with the bytes it got, and
writes them into its log. Here it is a problem like any other, and the log has its code.
"""

from http import HTTPStatus
from typing import Any

from aiohttp import web

from connector.core.codes import Code
from connector.draining import DrainingConnection, DrainingServer
from connector.local.problems import problem
from connector.local.settings import LocalSettings
from connector.local.words import Language
from connector.logs import LOCAL_REFUSED, get_logger

MAX_LINE = 4096
MAX_FIELD = 8190


class _Connection(DrainingConnection):
    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - aiohttp's signature
    ) -> web.StreamResponse:
        """Answer what the parser refused, or what escaped the application."""
        if request.writer.output_size > 0 or isinstance(exc, ConnectionError):
            raise ConnectionResetError("part of an answer was sent already, or nobody is there to read one")
        code = Code.LOCAL_MALFORMED if status < HTTPStatus.INTERNAL_SERVER_ERROR else Code.INTERNAL
        get_logger().warning(LOCAL_REFUSED, code=code.value, http_status=status, operation="http")
        detail = "the call is not HTTP/1.1, or a line of it is longer than the limits"
        response = problem(code, Language.FR, detail=detail if code is Code.LOCAL_MALFORMED else "")
        response.headers.update({"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})
        response.force_close()
        return response

    def log_exception(self, *_args: object, **_details: object) -> None:
        """Leave aiohttp's line out: its exception quotes the call."""


class _Server(DrainingServer):
    def __call__(self) -> _Connection:
        return _Connection(self, loop=self._loop, **self._kwargs)


class LocalRunner(web.AppRunner):
    """A runner whose connections are the quiet ones, and are heard to the end when it stops."""

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        limits: dict[str, Any] = made._kwargs  # noqa: SLF001 - aiohttp has no other way to its connections
        return _Server(
            made.request_handler,
            request_factory=made.request_factory,
            handler_cancellation=made.handler_cancellation,
            **limits,
        )


def build_runner(app: web.Application, settings: LocalSettings) -> web.AppRunner:
    """Give the runner: a handler ends with its caller's connection, `drain_seconds` bound the stop, no access log.

    The access log would hold paths with ids of fetches; what was refused and why is logged as events.
    """
    return LocalRunner(
        app,
        handle_signals=False,
        access_log=None,
        handler_cancellation=True,
        shutdown_timeout=settings.drain_seconds,
        keepalive_timeout=75.0,
        max_line_size=MAX_LINE,
        max_field_size=MAX_FIELD,
        lingering_time=2.0,
    )
