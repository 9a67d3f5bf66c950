"""Log events: constant names, a closed list of fields, JSON for journald and colours on a terminal.

A log line is one event with fields, never a sentence to grep. Whatever is not on the list of fields is dropped before
it is written, so that no identity, body, URI or text of a vendor's exception can reach a log; the dropped field's name
is counted in `dropped`. Exceptions appear as their type and place, never with their text or local variables.
"""

import json
import logging
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, TextIO, cast


@contextmanager
def _without(name: str) -> Iterator[None]:
    """Make `import NAME` fail inside, as where it is not installed; a module that is loaded already stays."""
    modules = cast("dict[str, Any]", sys.modules)
    if name in modules:
        yield
        return
    modules[name] = None  # the import system's own sign for a module that there is not
    try:
        yield
    finally:
        del modules[name]


with _without("rich"):  # structlog would show exceptions with it, which we never do: 70 modules and 3 MB of each daemon
    import structlog

DAEMON_STARTED = "daemon.started"
DAEMON_STOPPING = "daemon.stopping"
DAEMON_STOPPED = "daemon.stopped"
DAEMON_READY_CHANGED = "daemon.ready_changed"
CONFIG_RELOADED = "config.reloaded"
CONFIG_REFUSED = "config.refused"
PEER_REFUSED = "peer.refused"
PEER_ANSWERED = "peer.answered"
HANDOVER_ENDED = "handover.ended"
HANDOVER_ACKNOWLEDGED = "handover.acknowledged"
LIMIT_MET = "limit.met"
LIMIT_BLOCKED = "limit.blocked"
LIMITED_BY_PEER = "limit.by_peer"
HANDSHAKE_FAILED = "peer.handshake_failed"
ADAPTER_FAILED = "adapter.failed"
ADAPTER_FAULT = "adapter.fault_seen"
FETCH_MOVED = "fetch.moved"
FETCH_REPLIED = "fetch.replied"
DOCUMENT_REJECTED = "document.rejected"
ACK_FAILED = "ack.failed"
TRACE_FAILED = "trace.failed"
INSI_ANSWERED = "insi.answered"
INSI_FAILED = "insi.failed"
DIRECTORY_ACCEPTED = "directory.accepted"
DIRECTORY_MIRROR_REFUSED = "directory.mirror_refused"
DIRECTORY_PART_REFUSED = "directory.part_refused"
DIRECTORY_AGED = "directory.aged"
CRL_ACCEPTED = "crl.accepted"
CRL_FAILED = "crl.failed"
CRL_REFUSED = "crl.refused"
CRL_AGED = "crl.aged"
KEY_SWITCHED = "key.switched"
CERTIFICATE_ENDING = "certificate.ending"
MEMBER_BLOCKED = "member.blocked"
MEMBER_UNBLOCKED = "member.unblocked"
ANSWERING_PAUSED = "answering.paused"
ANSWERING_RESUMED = "answering.resumed"
JOB_FAILED = "job.failed"
LEDGER_FAILED = "ledger.failed"
LEDGER_FAULT_FOUND = "ledger.fault_found"
LEDGER_BEHIND = "ledger.behind"
LEDGER_GAP_SEEN = "ledger.gap_seen"
LEDGER_SUCCEEDED = "ledger.succeeded"
WITNESS_ROUND = "witness.round_ended"
WITNESS_FAILED = "witness.failed"
ALERT_FAILED = "alert.failed"
ALERT_DROPPED = "alert.dropped"
LOCAL_REFUSED = "local.refused"
SIGN_IN_UNPROVEN = "sign_in.unproven"
BUG_CAUGHT = "bug.caught"
LIBRARY_MESSAGE = "library.message"

FIELDS = frozenset(
    {
        "event", "level", "timestamp", "logger", "dropped",
        "member", "lookup_id", "handover_id", "announcement_id", "fetch_id", "caller",
        "code", "rule", "outcome", "state", "reply", "cause", "reason", "http_status", "operation",
        "bytes", "count", "ms", "attempts", "index", "tree", "size", "version", "address", "port", "pid",
        "incident", "error", "where", "adapter", "half", "job", "environment", "signal", "retry_after_s",
    }
)  # fmt: skip
"""Every field that may stand in a log line. `fetch_id` stays in lines of this house: it is never sent to a peer."""

EventDict = MutableMapping[str, Any]


def allow_listed(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Drop every field that is not in `FIELDS`, and say how many were."""
    unknown = [name for name in event if name not in FIELDS]
    for name in unknown:
        del event[name]
    if unknown:
        event["dropped"] = len(unknown)
    return event


def exception_by_place(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Turn `exc_info` into the exception's type and the innermost places of its traceback: no text, no locals."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()[1]
    elif isinstance(info, tuple):
        info = info[1]
    if isinstance(info, BaseException):
        frames = traceback.extract_tb(info.__traceback__)[-4:]
        event["error"] = type(info).__name__
        event["where"] = " < ".join(f"{f.filename.rpartition('/')[2]}:{f.lineno}" for f in reversed(frames))
    return event


def configure(*, level: str = "info", form: str = "auto", stream: TextIO | None = None) -> None:
    """Set up structlog, and send the standard library's loggers (aiohttp, apscheduler) the same way.

    `form` is `json`, `console`, or `auto`: console on a terminal, JSON elsewhere.
    """
    out = stream or sys.stderr
    console = form == "console" or (form == "auto" and out.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        exception_by_place,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        allow_listed,
    ]
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=out.isatty())
        if console
        else structlog.processors.JSONRenderer(serializer=_as_json)
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    _the_log.bound = structlog.get_logger().bind()
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_log_level],
            processors=[_foreign, structlog.stdlib.ProcessorFormatter.remove_processors_meta, *shared[2:], renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)


_encode_json = json.JSONEncoder(sort_keys=True, default=repr).encode


def _as_json(event: EventDict, **_: Any) -> str:  # noqa: ANN401 - structlog's serializer
    return _encode_json(event)


def _foreign(logger: Any, _method: str, event: EventDict) -> EventDict:  # noqa: ANN401 - structlog's type
    """A library's own message may quote what it was handed: only the logger's name and the level are kept."""
    record = event.get("_record")
    event["logger"] = getattr(record, "name", str(logger))
    event["exc_info"] = getattr(record, "exc_info", None)
    event["event"] = LIBRARY_MESSAGE
    return event


class Log:
    """The logger of all rooms: structlog's, bound once for each `configure` and not anew for each line."""

    def __init__(self) -> None:
        self.bound: Any = None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - structlog's methods
        return getattr(self.bound or structlog.get_logger(), name)


_the_log = Log()


def get_logger() -> Log:
    """Give the logger that all rooms use; it follows every later `configure`."""
    return _the_log


def unconfigure() -> None:
    """Undo `configure`, for whoever runs this program's parts within their own process."""
    structlog.reset_defaults()
    _the_log.bound = None
