"""What a vendor writes an adapter with: the only public Python API of the connector, beside `contract.testing`.

Everything in `__all__` is kept stable by `CONTRACT_VERSION`; anything else of the connector may change without notice.
The guide is docs/adapters.md, examples first.
"""

from datetime import datetime

from connector.contract.adapter import (
    CONTRACT_VERSION,
    AdapterContext,
    AdapterError,
    AdapterOptions,
    Problem,
    Sink,
    Source,
)
from connector.core.coded import TYPE_DMST, Coded
from connector.core.days import BirthDate, Day
from connector.core.errors import IdentityFault
from connector.core.identity import IdentityAttribute, IdentityStatus, LocalIdentity
from connector.core.instant import Instant
from connector.core.matricule import Ins, Matricule
from connector.core.members import MemberId
from connector.core.oid import Environment, InsOid
from connector.core.records import (
    AdapterHealth,
    Announcement,
    Counts,
    Extent,
    Look,
    Opposition,
    ReceivedDocument,
    Remark,
    ToldToWorker,
    Trace,
    TraceAction,
)
from connector.core.traits import Sex, StrictTraits

__all__ = [
    "CONTRACT_VERSION",
    "TYPE_DMST",
    "AdapterContext",
    "AdapterError",
    "AdapterHealth",
    "AdapterOptions",
    "Announcement",
    "BirthDate",
    "Coded",
    "Counts",
    "Day",
    "Environment",
    "Extent",
    "IdentityAttribute",
    "IdentityFault",
    "IdentityStatus",
    "Ins",
    "InsOid",
    "Instant",
    "LocalIdentity",
    "Look",
    "Matricule",
    "MemberId",
    "Opposition",
    "Problem",
    "ReceivedDocument",
    "Remark",
    "Sex",
    "Sink",
    "Source",
    "StrictTraits",
    "ToldToWorker",
    "Trace",
    "TraceAction",
    "instant_of",
]


def instant_of(moment: datetime) -> Instant:
    """Give the instant of a `datetime` that knows its time zone.

    Raises:
        ValueError: a naive one: whether a database means UTC or French time, the adapter must say.
    """
    if moment.utcoffset() is None:
        msg = "instant_of: got a datetime without time zone, expected one with: say whether it is UTC or Europe/Paris"
        raise ValueError(msg)
    return Instant(int(moment.timestamp()))
