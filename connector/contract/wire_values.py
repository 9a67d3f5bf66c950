"""The values of the contract as JSON and back, for the socket between the daemon and an adapter's process.

What comes out has gone through the constructors of `core` again; the guard then checks it as it checks any adapter's
answer, so that a process that lies gains nothing by it.
"""

from typing import Any, Final

from connector.contract.discovery import AdapterInfo
from connector.core.errors import ConnectorError
from connector.core.matricule import Ins
from connector.core.records import (
    AdapterHealth,
    Announcement,
    Counts,
    Look,
    ReceivedDocument,
    Remark,
    ToldToWorker,
    Trace,
)
from connector.store.codec import Codec, codec_of

INS: Final = codec_of(Ins)
LOOK: Final = codec_of(Look)
ANNOUNCEMENT: Final = codec_of(Announcement)
TRACE: Final = codec_of(Trace)
HEALTH: Final = codec_of(AdapterHealth)
COUNTS: Final = codec_of(Counts)
REMARK: Final = codec_of(Remark)
RECEIVED: Final = codec_of(ReceivedDocument)
TOLD: Final = codec_of(ToldToWorker)
_INFO: Final = codec_of(AdapterInfo)

NO_VALUE: Final = object()
"""Stands for JSON that is no such value: the guard's checks refuse it by its type, as any wrong answer."""


def read(codec: Codec[Any], found: Any) -> Any:  # noqa: ANN401 - a value of the codec's type, or `NO_VALUE`
    """Read a value from another process."""
    try:
        return codec.from_json(found)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, ConnectorError):
        return NO_VALUE


def write_info(info: AdapterInfo) -> dict[str, Any]:
    """Give what an adapter is."""
    written: dict[str, Any] = _INFO.to_json(info)
    return written


def read_info(found: Any) -> AdapterInfo | None:  # noqa: ANN401 - any JSON
    """Read what an adapter is; None where it is not said."""
    info = read(_INFO, found)
    return info if isinstance(info, AdapterInfo) else None
