"""What identity vigilance writes in the house ledger: each thing that a person did, under its own id.

That an alert was seen has no entry (ADR 0006); that somebody took or closed it has. The leaf holds kind and outcome,
person, reason and evidence stand in the sealed part.
"""

from typing import Any

from connector.core.codes import Code
from connector.core.identity import LocalIdentity
from connector.core.identity_alerts import Alert, Handling
from connector.core.identity_rules import StatusMove
from connector.core.instant import Instant
from connector.core.kept_identity import KeptIdentity
from connector.core.ledger import EntryDraft, EntryType
from connector.core.matricule import Ins


def began(kept: KeptIdentity, caller: str) -> EntryDraft:
    """An identity is kept from now on."""
    return EntryDraft(
        type=EntryType.IDENTITY,
        at=kept.created_at,
        outcome="kept",
        ref=kept.id,
        personal={"by": kept.by, "reason": kept.reason, "recorded_by": caller, **_status(kept.identity, "status")},
        workers=_ins(kept.identity),
    )


def moved(identity_id: str, move: StatusMove, caller: str) -> EntryDraft:
    """The status of an identity moved."""
    document = move.document
    seen: dict[str, Any] = {}
    if document is not None:
        seen["document"] = {
            "kind": document.kind.value,
            "nationality": document.nationality.value,
            "seen_on": str(document.seen_on),
            "further_proof": document.further_proof,
        }
    return EntryDraft(
        type=EntryType.IDENTITY,
        at=move.at,
        outcome=move.kind.value,
        ref=identity_id,
        personal={
            "by": move.by,
            "reason": move.reason,
            "recorded_by": caller,
            "insi_message_id": move.insi_message_id,
            **_status(move.before, "before"),
            **_status(move.after, "after"),
            **seen,
        },
        workers=tuple(dict.fromkeys((*_ins(move.before), *_ins(move.after)))),
    )


def label_refused(code: Code, caller: str, at: Instant) -> EntryDraft:
    """An INS label was scanned that cannot be relied on; nothing of what stood in it is kept."""
    return EntryDraft(
        type=EntryType.IDENTITY, at=at, outcome="label-refused", reason=code.value, personal={"recorded_by": caller}
    )


def handled(alert: Alert, handling: Handling, caller: str) -> EntryDraft:
    """A person took an alert, or closed it."""
    near_miss = alert.near_miss
    return EntryDraft(
        type=EntryType.ALERT,
        at=handling.at,
        outcome=f"identity-{handling.state}",
        reason=near_miss.kind.value,
        ref=near_miss.id,
        personal={"by": handling.by, "reason": handling.reason, "recorded_by": caller, "seen": alert.count},
        workers=near_miss.is_about,
    )


def _status(identity: LocalIdentity, name: str) -> dict[str, Any]:
    return {name: {"status": identity.status.value, "attributes": sorted(a.value for a in identity.attributes)}}


def _ins(identity: LocalIdentity) -> tuple[Ins, ...]:
    return (identity.ins,) if identity.ins is not None else ()
