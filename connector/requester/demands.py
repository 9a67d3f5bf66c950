"""The demands that a fetch makes of one service: what `peer.client` binds to its connection and signs.

Each has exactly the claims of PROTOCOL section 3 for its kind; a probe has none that concern a person.
"""

from connector.core.coded import PURPOSE_PROBE, TYPE_DMST
from connector.core.evidence import DocumentDigest
from connector.core.fetch import Fetch, ServiceReply
from connector.core.instant import Instant
from connector.core.mandate import Kind, MandateDraft
from connector.core.members import MemberId


def lookup_demand(fetch: Fetch, reply: ServiceReply, issuer: MemberId, *, unattended: bool = False) -> MandateDraft:
    """Ask one service whether it has a record it may give."""
    return MandateDraft(
        kind=Kind.LOOKUP,
        issuer=issuer,
        audience=reply.member,
        purpose=fetch.purpose,
        document_type=fetch.document_type,
        fetch_requested_at=_requested_at(fetch),
        unattended=unattended,
        lookup_id=reply.lookup_id,
        practitioner=fetch.practitioner,
        worker=fetch.worker,
        information=fetch.information,
        follow_up=fetch.follow_up,
    )


def handover_demand(
    fetch: Fetch, reply: ServiceReply, issuer: MemberId, announcement_id: str, *, unattended: bool = False
) -> MandateDraft:
    """Ask for the document behind an announcement."""
    return MandateDraft(
        kind=Kind.HANDOVER,
        issuer=issuer,
        audience=reply.member,
        purpose=fetch.purpose,
        document_type=fetch.document_type,
        fetch_requested_at=_requested_at(fetch),
        unattended=unattended,
        lookup_id=reply.lookup_id,
        announcement_id=announcement_id,
        practitioner=fetch.practitioner,
        worker=fetch.worker,
        information=fetch.information,
        follow_up=fetch.follow_up,
    )


def read_demand(
    fetch: Fetch,
    audience: MemberId,
    issuer: MemberId,
    handover_id: str,
    document: DocumentDigest,
    *,
    unattended: bool = False,
) -> MandateDraft:
    """Ask for the bytes of a granted handover, or the rest of them."""
    return MandateDraft(
        kind=Kind.READ,
        issuer=issuer,
        audience=audience,
        purpose=fetch.purpose,
        document_type=fetch.document_type,
        fetch_requested_at=_requested_at(fetch),
        unattended=unattended,
        handover_id=handover_id,
        document_sha256=document.sha256,
        practitioner=fetch.practitioner,
    )


def probe_demand(
    kind: Kind,
    audience: MemberId,
    issuer: MemberId,
    at: Instant,
    *,
    lookup_id: str | None = None,
    announcement_id: str | None = None,
    handover_id: str | None = None,
    document: DocumentDigest | None = None,
) -> MandateDraft:
    """Test a connection, about nobody: only the ids and the digest that the kind needs."""
    return MandateDraft(
        kind=kind,
        issuer=issuer,
        audience=audience,
        purpose=PURPOSE_PROBE,
        document_type=TYPE_DMST,
        fetch_requested_at=at,
        lookup_id=lookup_id,
        announcement_id=announcement_id,
        handover_id=handover_id,
        document_sha256=document.sha256 if document else None,
    )


def _requested_at(fetch: Fetch) -> Instant:
    return fetch.started_at if fetch.started_at is not None else fetch.created_at
