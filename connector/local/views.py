"""From the house's values to what callers are answered; the only place that decides what of a fetch is shown."""

from collections.abc import Sequence

from connector.core import b64
from connector.core.directory import Member
from connector.core.errors import PeerFault
from connector.core.fetch import Fetch, FetchedDocument, FetchEvent, Reply, ServiceReply, most_recent
from connector.core.instant import Instant, rfc3339
from connector.core.states import FetchState
from connector.local import words
from connector.local.answers import (
    DocumentOut,
    EventOut,
    FetchOut,
    FindingOut,
    JournalEntryOut,
    MemberOut,
    NewestOut,
    PractitionerOut,
    ReceiptOut,
    ServiceOut,
    TreeReportOut,
    WorkerOut,
)
from connector.local.ports import Check, JournalEntry, ProbeStep, StatusReport, TreeReport
from connector.local.settings import LocalSettings
from connector.local.system_answers import (
    AdapterOut,
    CertificateOut,
    CheckOut,
    DirectoryOut,
    LedgerOut,
    ProbeOut,
    ProbeStepOut,
    StatusOut,
)
from connector.local.words import Language
from connector.requester.notes import can_be_brought
from connector.wire import jose, receipt
from connector.wire.checkpoint import Checkpoint
from connector.wire.claims import ClaimFault, Claims


def _moment(at: Instant | None) -> str | None:
    return rfc3339(at) if at is not None else None


def fetch_out(fetch: Fetch, language: Language) -> FetchOut:
    """Show a fetch to those who may see it; of a purged one, no longer whom it was about."""
    told = words.of_state(fetch.state, language, fetch.code)
    traits = fetch.worker.traits
    worker = WorkerOut(
        birth_name=traits.birth_name,
        birth_given_names=" ".join(traits.birth_given_names),
        birth_date=traits.birth_date.value,
    )
    return FetchOut(
        id=fetch.id,
        state=fetch.state,
        text=told.text,
        next=told.next,
        code=fetch.code,
        detail=fetch.detail,
        created_at=rfc3339(fetch.created_at),
        started_at=_moment(fetch.started_at),
        expires_at=rfc3339(fetch.expires_at),
        planned_for=str(fetch.planned_for) if fetch.planned_for else None,
        lookup_only=fetch.lookup_only,
        unattended=fetch.unattended,
        practitioner=PractitionerOut(id=fetch.owner, name=fetch.practitioner.name),
        worker=None if fetch.state is FetchState.PURGED else worker,
        services=[_service_out(reply, fetch, language) for reply in fetch.replies],
        newest=_newest_out(fetch, language),
        chosen=fetch.chosen.value if fetch.chosen else None,
        document=_document_out(fetch.document, fetch, language) if fetch.document else None,
        steps_ms=dict(fetch.steps_ms),
        readers=list(fetch.readers),
    )


def _service_out(reply: ServiceReply, fetch: Fetch, language: Language) -> ServiceOut:
    found = reply.announcement
    day = str(found.last_act_on) if found else ""
    told = words.of_reply(
        reply.reply,
        language,
        member=reply.name,
        day=day,
        code=reply.code,
        unasked=fetch.started_at is None,
        awaited=fetch.state in {FetchState.ASKING, FetchState.WAITING},
    )
    return ServiceOut(
        member=reply.member.value,
        name=reply.name,
        lookup_id=reply.lookup_id,
        reply=reply.reply,
        text=told.text,
        next=told.next,
        code=reply.code,
        detail="" if reply.reply is Reply.WITHHELD else reply.detail,
        last_act_on=day or None,
        updated_at=rfc3339(found.updated_at) if found else None,
        summary=found.summary if found else None,
        elapsed_ms=reply.elapsed_ms,
        # A holder says when it may be asked again; only a fetch that waits does so.
        ask_again_at=_moment(reply.ask_again_at) if fetch.state is FetchState.WAITING else None,
    )


def _newest_out(fetch: Fetch, language: Language) -> NewestOut:
    newest = most_recent(can_be_brought(fetch.replies))
    first = newest.offered[0].announcement if newest.offered else None
    return NewestOut(
        members=[reply.member.value for reply in newest.offered],
        last_act_on=str(first.last_act_on) if first else None,
        answered=newest.answered,
        asked=newest.asked,
        text=words.of_newest(newest, language),
    )


def _document_out(document: FetchedDocument, fetch: Fetch, language: Language) -> DocumentOut:
    reply = fetch.reply_of(document.member)
    announced = reply.announcement if reply else None
    return DocumentOut(
        member=document.member.value,
        name=reply.name if reply else document.member.value,
        last_act_on=str(document.last_act_on),
        updated_at=rfc3339(announced.updated_at) if announced else None,
        arrived_at=rfc3339(document.arrived_at),
        first_opened_at=_moment(document.first_opened_at),
        purge_at=rfc3339(document.purge_at),
        content_type=document.content_type,
        size=document.digest.size,
        sha256=b64.encode(document.digest.sha256),
        shown_size=document.shown.size if document.shown else None,
        shown_sha256=b64.encode(document.shown.sha256) if document.shown else None,
        findings=[
            FindingOut(
                kind=found.kind,
                count=found.count,
                handling=found.handling,
                text=words.of_findings((found.kind.value,), language),
            )
            for found in document.findings
        ],
        receipt=_receipt_out(document.holder_receipt),
    )


def _receipt_out(compact: bytes | None) -> ReceiptOut | None:
    """Summarise a receipt that was verified when it came; None for one in a form of another version."""
    if compact is None:
        return None
    try:
        jws = jose.read(compact, typ=receipt.TYP)
        claims = Claims(jws.claims)
        body = claims.string("checkpoint").rpartition("\n\n")[0] + "\n"
        checkpoint = Checkpoint.parse_body(body)
        return ReceiptOut(
            sha256=b64.encode(jws.sha256),
            issuer=claims.member("iss").value,
            issued_at=rfc3339(claims.instant("iat")),
            leaf_index=claims.object("leaf").integer("index"),
            ledger=str(checkpoint.origin),
            ledger_size=checkpoint.size,
        )
    except (jose.TokenFault, ClaimFault, PeerFault):
        return None


def event_out(event: FetchEvent, fetch: Fetch, language: Language) -> EventOut:
    """Show one event, with the sentence for people."""
    told = words.of_event(event, language, {reply.member.value: reply.name for reply in fetch.replies})
    return EventOut(
        number=event.number,
        at=rfc3339(event.at),
        kind=event.kind,
        text=told.text,
        next=told.next,
        data=dict(event.data),
    )


def member_out(member: Member) -> MemberOut:
    """Show a service."""
    return MemberOut(
        id=member.id.value,
        name=member.name,
        former_names=list(member.former_names),
        towns=list(member.towns),
        departements=list(member.departements),
        status=member.status,
        contact=member.contact,
    )


def journal_entry_out(entry: JournalEntry, *, personal: bool) -> JournalEntryOut:
    """Show an entry; its personal part only where one entry is asked for."""
    return JournalEntryOut(
        tree=entry.tree,
        index=entry.index,
        type=entry.type,
        at=rfc3339(entry.at),
        peer=entry.peer.value if entry.peer else None,
        outcome=entry.outcome,
        reason=entry.reason,
        ref=entry.ref,
        document_sha256=b64.encode(entry.document_sha256) if entry.document_sha256 else None,
        leaf_hash=b64.encode(entry.leaf_hash),
        destroyed=entry.personal is None,
        destroyed_at=rfc3339(entry.destroyed.at) if entry.destroyed else None,
        destroyed_by=entry.destroyed.by if entry.destroyed else None,
        personal=dict(entry.personal) if personal and entry.personal is not None else None,
    )


def tree_report_out(report: TreeReport) -> TreeReportOut:
    """Show what verifying one ledger found."""
    return TreeReportOut(
        tree=report.tree,
        origin=report.origin,
        size=report.size,
        ok=not report.faults,
        faults=list(report.faults),
    )


def checks_out(checks: Sequence[Check]) -> list[CheckOut]:
    """Show what must be right."""
    return [CheckOut(name=c.name, ok=c.ok, detail=c.detail, remedy=c.remedy) for c in checks]


def status_out(report: StatusReport, settings: LocalSettings) -> StatusOut:
    """Show what IT staff look at first."""
    return StatusOut(
        member=settings.member.value,
        name=settings.member_name,
        environment=settings.environment,
        ready=all(check.ok for check in report.checks),
        started_at=rfc3339(report.started_at),
        checks=checks_out(report.checks),
        certificates=[
            CertificateOut(use=c.use, ends_at=rfc3339(c.ends_at), days_left=c.days_left) for c in report.certificates
        ],
        directory=DirectoryOut(version=report.directory_version, members=report.members, active=report.members_active),
        adapters=[
            AdapterOut(half=a.half, name=a.name, ok=a.ok, detail=a.detail, read_at=a.read_at and rfc3339(a.read_at))
            for a in report.adapters
        ],
        ledgers=[LedgerOut(tree=ledger.tree, origin=ledger.origin, size=ledger.size) for ledger in report.ledgers],
        outbox=dict(report.outbox),
        versions={"spsti-connector": settings.version, **report.versions},
    )


def probe_out(member: Member, steps: Sequence[ProbeStep]) -> ProbeOut:
    """Show what testing a peer found."""
    return ProbeOut(
        member=member.id.value,
        name=member.name,
        ok=all(step.ok for step in steps),
        steps=[
            ProbeStepOut(
                name=step.name,
                ok=step.ok,
                elapsed_ms=step.elapsed_ms,
                code=step.code,
                cause=step.cause,
                remedy=step.remedy,
            )
            for step in steps
        ],
    )
