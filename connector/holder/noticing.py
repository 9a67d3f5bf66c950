"""What a withheld lookup tells this service's own staff: an identity alert, or a record that waits to be qualified.

Nothing of it reaches the peer, nor a ledger beyond the reason of the answer's entry (ADR 0006). A look goes by the INS,
so what can be seen here is a trait that differs under one INS, and an INS that stands in the history which the
software gives. That the software knows the same traits under another INS shows to nobody: it is not asked by name.
"""

from collections.abc import Callable

from connector.core.identity import LocalIdentity, QualifiedIdentity, compare
from connector.core.identity_alerts import Meeting, NearMiss, Noticed, Unqualified, kind_of
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.outcome import WithheldReason


def noticed_in(
    withheld: WithheldReason | None,
    asked: QualifiedIdentity | None,
    local: LocalIdentity | None,
    *,
    new_alert_id: Callable[[], str],
    at: Instant,
    peer: MemberId,
    lookup_id: str,
) -> Noticed | None:
    """Give what is to be kept, None where the reason is no matter of identity.

    `new_alert_id` is called where there is an alert only: random bytes cost a turn of the interpreter.
    """
    if asked is None or local is None:
        return None
    if withheld is WithheldReason.IDENTITY_NOT_QUALIFIED:
        return Unqualified(local.ins or asked.ins, local.status, at)
    comparison = compare(asked, local) if withheld is WithheldReason.IDENTITY_DIFFERS else None
    kind = kind_of(comparison) if comparison is not None else None
    if comparison is None or kind is None:
        return None
    return NearMiss(
        id=new_alert_id(),
        kind=kind,
        meeting=Meeting.PEER,
        at=at,
        ins=asked.ins,
        other=local.ins if local.ins != asked.ins else None,
        differing=comparison.differing,
        peer=peer,
        ref=lookup_id,
    )
