"""What the requester writes in its ledgers: *asked*, *arrived*, *shown*, and the house's entries about fetches.

The personal part keeps what an offline check needs years later, mandate and receipt of each answer in their compact
forms (PROTOCOL section 4), and who asked about whom; the leaf holds none of it but a salted hash.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connector.core import b64
from connector.core.codes import Code
from connector.core.errors import ConnectorError
from connector.core.evidence import AckResult, DocumentDigest, Receipt
from connector.core.fetch import Fetch, FetchedDocument, PeerAnnouncement, Reply, ServiceReply
from connector.core.inspection import Finding, Inspected
from connector.core.instant import Instant
from connector.core.ledger import EntryDraft, EntryType
from connector.core.limits import LimitRule
from connector.core.mandate import Practitioner
from connector.core.members import MemberId
from connector.core.ports import HandoverAnswer, LookupAnswer
from connector.core.states import FetchState
from connector.requester.new_fetch import NewFetch


@dataclass(frozen=True, slots=True)
class Granted:
    """A handover that was granted: the document promised, and the evidence of the promise."""

    announcement: PeerAnnouncement
    handover_id: str
    document: DocumentDigest
    content_type: str
    receipt: Receipt
    mandate: bytes | None


def asked(fetch: Fetch, reply: ServiceReply, at: Instant, *, unattended: bool = False) -> EntryDraft:
    """One service is about to be asked: durable before the lookup leaves."""
    return EntryDraft(
        type=EntryType.ASKED,
        at=at,
        peer=reply.member,
        ref=reply.lookup_id,
        personal={
            **_about(fetch),
            "follow_up": {"basis": fetch.follow_up.basis.value, "visit": fetch.follow_up.visit.value},
            "follow_up_reason": fetch.follow_up_reason,
            "information": {
                "at": fetch.information.at,
                "by": fetch.information.by,
                "means": fetch.information.means.value,
            },
            "unattended": unattended,
        },
        workers=(fetch.worker.ins,),
    )


def arrived(
    fetch: Fetch,
    reply: ServiceReply,
    granted: Granted,
    received: DocumentDigest,
    at: Instant,
    *,
    error: ConnectorError | None = None,
    inspected: Inspected | None = None,
) -> EntryDraft:
    """A document's bytes arrived and were checked; `error` says why they are not shown.

    `document_sha256` is of the bytes that came; the copy that is shown in their place is in the personal part.
    """
    announcement = granted.announcement
    return EntryDraft(
        type=EntryType.ARRIVED,
        at=at,
        peer=reply.member,
        mandate_sha256=granted.receipt.draft.mandate_sha256,
        outcome=(AckResult.REJECTED if error else AckResult.VERIFIED).value,
        reason=error.code.value if error else None,
        document_sha256=received.sha256,
        ref=granted.handover_id,
        personal={
            **_about(fetch),
            "announced": {"id": announcement.id, "last_act_on": str(announcement.last_act_on)},
            "handover": {
                "id": granted.handover_id,
                "mandate": _text(granted.mandate),
                "receipt": _text(granted.receipt.compact),
            },
            "received_size": received.size,
            "services": _services(fetch),
            **(_inspection(inspected.findings, inspected.shown) if inspected else {}),
        },
        workers=(fetch.worker.ins,),
    )


def shown(fetch: Fetch, document: FetchedDocument, who: str, at: Instant) -> EntryDraft:
    """A practitioner opens the document: durable before the first byte is given to the screen."""
    return EntryDraft(
        type=EntryType.SHOWN,
        at=at,
        peer=document.member,
        document_sha256=document.digest.sha256,
        ref=document.handover_id,
        personal={**_about(fetch), "reader": who, **_inspection(document.findings, document.shown)},
        workers=(fetch.worker.ins,),
    )


def handed_on(fetch: Fetch, document: FetchedDocument, who: str, colleague: str, at: Instant) -> EntryDraft:
    """The practitioner who asked lets a colleague read the copy that is here."""
    return EntryDraft(
        type=EntryType.HANDED_ON,
        at=at,
        peer=document.member,
        document_sha256=document.digest.sha256,
        ref=fetch.id,
        personal={**_about(fetch), "by": who, "reader": colleague},
        workers=(fetch.worker.ins,),
    )


def filed(fetch: Fetch, document: FetchedDocument, sink_ref: str, at: Instant) -> EntryDraft:
    """The document was filed in the vendor's software, under that reference of the vendor's."""
    return EntryDraft(
        type=EntryType.FILED,
        at=at,
        peer=document.member,
        document_sha256=document.digest.sha256,
        ref=fetch.id,
        personal={
            **_about(fetch),
            "handover_id": document.handover_id,
            "filed_as": sink_ref,
            **_inspection(document.findings, document.shown),
        },
        workers=(fetch.worker.ins,),
    )


def ended(fetch: Fetch, state: FetchState, code: Code | None, at: Instant) -> EntryDraft:
    """A fetch ended without a document to read."""
    return EntryDraft(
        type=EntryType.FETCH_ENDED,
        at=at,
        outcome=state.value,
        reason=code.value if code else None,
        ref=fetch.id,
        personal={**_about(fetch), "services": _services(fetch)},
        workers=(fetch.worker.ins,),
    )


def purged(fetch: Fetch, why: str, at: Instant) -> EntryDraft:
    """The transit copy, or what was left of a fetch that ended, is gone. It names nobody."""
    document = fetch.document
    return EntryDraft(
        type=EntryType.PURGED,
        at=at,
        peer=document.member if document else None,
        reason=why,
        document_sha256=document.digest.sha256 if document else None,
        ref=fetch.id,
    )


def refused(new: NewFetch, caller: str, error: ConnectorError, at: Instant) -> EntryDraft:
    """Someone wanted a fetch that this house's own rules do not allow."""
    return EntryDraft(
        type=EntryType.FETCH_REFUSED,
        at=at,
        outcome="refused",
        reason=error.code.value,
        personal={
            "practitioner": _practitioner(new.practitioner),
            "requested_by": caller,
            "services": [member.value for member in new.members],
            "worker": new.worker.ins.to_token(),
        },
        workers=(new.worker.ins,),
    )


def choice_refused(fetch: Fetch, failed: ServiceReply, at: Instant) -> EntryDraft:
    """This house's rules do not allow any more that another record is brought; the fetch keeps the copy it has."""
    return EntryDraft(
        type=EntryType.FETCH_REFUSED,
        at=at,
        peer=failed.member,
        outcome="refused",
        reason=failed.code.value if failed.code else None,
        ref=fetch.id,
        personal={**_about(fetch), "services": [failed.member.value]},
        workers=(fetch.worker.ins,),
    )


def misbehaved(fetch: Fetch, reply: ServiceReply, at: Instant) -> EntryDraft:
    """A service's answer, or its receipt, was not what the protocol owes: someone should look at it."""
    return EntryDraft(
        type=EntryType.ALERT,
        at=at,
        peer=reply.member,
        outcome=reply.reply.value,
        reason=reply.code.value if reply.code else None,
        ref=reply.lookup_id,
        personal={"fetch_id": fetch.id, "detail": reply.detail},
    )


def limited(fetch: Fetch, reply: ServiceReply, at: Instant) -> EntryDraft:
    """A service no longer answers us, or not about this person: someone of ours should call it."""
    return EntryDraft(
        type=EntryType.ALERT,
        at=at,
        peer=reply.member,
        outcome=reply.reply.value,
        reason=Code.LIMIT_EXCEEDED.value,
        ref=reply.lookup_id,
        personal={**_about(fetch), "detail": reply.detail},
        workers=(fetch.worker.ins,),
    )


def over_limit(fetch: Fetch, at: Instant) -> EntryDraft:
    """A practitioner wanted to ask more than one may in a day."""
    return EntryDraft(
        type=EntryType.LIMITED,
        at=at,
        outcome="limited",
        reason=f"limit.{LimitRule.PRACTITIONER}",
        ref=fetch.id,
        personal=_about(fetch),
        workers=(fetch.worker.ins,),
    )


def not_delivered(member: MemberId, handover_id: str, code: Code, at: Instant) -> EntryDraft:
    """A holder did not take an acknowledgement: it will believe that the delivery was not confirmed."""
    return EntryDraft(
        type=EntryType.ALERT,
        at=at,
        peer=member,
        outcome="acknowledgement-not-delivered",
        reason=code.value,
        ref=handover_id,
    )


def probe(
    kind: EntryType,
    member: MemberId,
    ref: str,
    at: Instant,
    *,
    found: LookupAnswer | None = None,
    granted: HandoverAnswer | None = None,
    **more: Any,  # noqa: ANN401
) -> EntryDraft:
    """A step of a probe, which concerns nobody, with the mandates and receipts so far; `more` are further fields."""
    personal: dict[str, Any] = {"probe": True}
    if found is not None and found.receipt is not None:
        personal["services"] = [
            {
                "code": None,
                "lookup_id": found.receipt.draft.lookup_id,
                "mandate": _text(found.mandate),
                "member": member.value,
                "receipt": _text(found.receipt.compact),
                "reply": Reply.ANNOUNCED.value,
            }
        ]
    if granted is not None and granted.receipt is not None:
        personal["handover"] = {
            "id": granted.handover_id,
            "mandate": _text(granted.mandate),
            "receipt": _text(granted.receipt.compact),
        }
        more["mandate_sha256"] = granted.receipt.draft.mandate_sha256
    return EntryDraft(type=kind, at=at, peer=member, ref=ref, personal=personal, **more)


def _about(fetch: Fetch) -> dict[str, Any]:
    return {
        "fetch_id": fetch.id,
        "practitioner": _practitioner(fetch.practitioner),
        "purpose": fetch.purpose.to_json(),
        "requested_by": fetch.requested_by,
        "worker": fetch.worker.ins.to_token(),
    }


def _practitioner(practitioner: Practitioner) -> dict[str, Any]:
    auth = practitioner.auth
    return {
        "auth": {"at": auth.at, "level": auth.level.value, "means": auth.means.value},
        "id": practitioner.id.value,
        "name": practitioner.name,
        "profession": practitioner.profession.to_json(),
    }


def _services(fetch: Fetch) -> list[dict[str, Any]]:
    return [
        {
            "code": reply.code.value if reply.code else None,
            "lookup_id": reply.lookup_id,
            "mandate": _text(reply.mandate),
            "member": reply.member.value,
            "receipt": _text(reply.receipt),
            "reply": reply.reply.value,
        }
        for reply in fetch.replies
    ]


def _inspection(findings: Sequence[Finding], copy: DocumentDigest | None) -> dict[str, Any]:
    """What was found in the document, and the copy that is shown in its place (PROTOCOL section 4, Ack)."""
    told: dict[str, Any] = {}
    if findings:
        told["findings"] = [
            {"kind": found.kind.value, "count": found.count, "handling": found.handling.value} for found in findings
        ]
    if copy is not None:
        told["shown"] = {"sha256": b64.encode(copy.sha256), "size": copy.size}
    return told


def _text(compact: bytes | None) -> str | None:
    return compact.decode("ascii") if compact is not None else None
