"""Émettre: what is answered to lookups and handovers, probes included.

    open the mandate      before: refused without receipt (`MandateRefused` leaves this module)
    check what was sent   refused openly, with a receipt
    reserve               a limit that is met is answered without one (`LimitReached` leaves it)
    look, decide          the same at the handover, where everything is decided again
    record, then seal     `holder.evidence`
    wait                  for the time floor, where nothing is announced

Every reason for withholding takes the same way through `_withhold`. Documents are sent by `holder.release`.
"""

from dataclasses import replace

from connector.core.codes import Code
from connector.core.directory import Member
from connector.core.errors import AdapterFault, FailedClosed, LimitReached, RequestRefused
from connector.core.handover import ANNOUNCEMENT_SECONDS, HANDOVER_SECONDS, Handover, IssuedAnnouncement
from connector.core.instant import Instant
from connector.core.ledger import EntryType, Retention
from connector.core.mandate import Kind, Mandate
from connector.core.outcome import Outcome, WithheldReason
from connector.core.policy import check_demand
from connector.core.ports import new_id
from connector.core.records import Announcement, TraceAction
from connector.core.states import IncomingState
from connector.holder.case import Case, trace_of
from connector.holder.counting import Reservation
from connector.holder.evidence import Beside, Evidence, Ports
from connector.holder.extract import Extraction, extract
from connector.holder.floor import TimeFloor
from connector.holder.house import HouseNotes
from connector.holder.limits import HolderLimits
from connector.holder.noticing import noticed_in
from connector.holder.probe import probe_announcement, probe_document
from connector.holder.question import Answer, Question
from connector.holder.settings import HolderSettings
from connector.holder.spool import Content, Spool
from connector.wire import fhir, form
from connector.wire import handover as handover_body
from connector.wire.mandate import check_mandate, open_mandate

_NOT_AVAILABLE = "handover: unknown, ended or no longer given, expected one that was announced to this member"


class _NotAvailable(Exception):
    """The one answer to a handover that is not given; `reason` is for the ledger alone."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Emitter:
    """Answers lookups and handovers."""

    def __init__(self, settings: HolderSettings, ports: Ports, spool: Spool, house: HouseNotes) -> None:
        self._settings, self._ports, self._spool, self._house = settings, ports, spool, house
        self._evidence = Evidence(settings, ports)
        self.limits = HolderLimits(
            settings.limits,
            ports.limits,
            house=house,
            observer=ports.limit_observer,
            clock=ports.clock,
            entropy=ports.entropy,
        )
        self.floor = TimeFloor(settings.withheld_floor_seconds)

    async def lookup(self, question: Question, body: bytes, content_type: str) -> Answer:
        """Answer one lookup, or one probe's.

        Raises:
            MandateRefused: its signature is not the peer's, so no receipt is owed.
            LimitReached: more was asked than may be: nothing was looked at, and none is owed either.
            FailedClosed: nothing could be recorded, so nothing is answered.
        """
        verified = open_mandate(question.mandate, peer=question.peer, now=question.at)
        case = Case(EntryType.ANSWERED, question, verified)
        try:
            mandate = self._check(case, Kind.LOOKUP)
            if not form.asks_about(mandate.demand.worker, body, content_type):
                raise RequestRefused(
                    "search form: names another worker than the mandate", hint="seal a mandate for this worker"
                )
            check_demand(mandate.demand, self._settings.policy)
        except RequestRefused as refused:
            return await self._refuse(case, refused)
        if self._ports.answering.is_paused():
            return await self._evidence.could_not_look(case, _paused())
        worker = mandate.demand.worker
        place = await self.limits.reserve(question.peer, worker, verified, question.at)
        if place.wait_seconds:
            await self._ports.pause(place.wait_seconds)
        if late := place.wait_seconds + place.recalled_seconds:
            # Such an answer is late whatever it is: what the floor learns and keeps is the time after that.
            question = replace(question, started=question.started + late)
            case = Case(case.type, question, verified)
        if worker is None:
            announced = probe_announcement(question.at, mandate.demand.document_type)
            return await self._announce(case, mandate, announced, place)
        try:
            found = await extract(self._ports.source, self._ports.oppositions, worker)
        except AdapterFault as fault:
            await self._house.adapter_fault(fault)
            return await self._evidence.could_not_look(case.about((worker.ins,)), fault, place.counted)
        case = case.about(found.known_as)
        if found.announcement is None:
            return await self._withhold(case, found, place)
        answer = await self._announce(case, mandate, found.announcement, place)
        self.floor.observe(self._elapsed(question))
        return answer

    async def handover(self, question: Question, body: bytes, content_type: str) -> Answer:
        """Decide again, and grant the document once it is spooled; until then say that it is being rendered.

        Raises:
            MandateRefused: its signature is not the peer's, so no receipt is owed.
            LimitReached: this person was blocked for this member since, or the member as a whole.
            FailedClosed: nothing could be recorded or kept, so nothing is answered.
        """
        verified = open_mandate(question.mandate, peer=question.peer, now=question.at)
        case = Case(EntryType.DECIDED, question, verified)
        try:
            mandate = self._check(case, Kind.HANDOVER)
            if handover_body.parse_request(body, content_type) != mandate.demand.announcement_id:
                raise RequestRefused(
                    "handover request: names another announcement than the mandate",
                    hint="seal a mandate for this announcement",
                )
            check_demand(mandate.demand, self._settings.policy)
            if self._ports.answering.is_paused():
                return await self._evidence.could_not_look(case, _paused())
            worker = mandate.demand.worker
            if worker is not None:
                case = case.about((worker.ins,))
            await self.limits.check(question.peer, worker, verified, question.at)
            issued = await self._issued(mandate, question)
            case, content = await self._decide_again(case, mandate, issued)
            return await self._spooled(case, self._wanted(issued, question.at), content)
        except _NotAvailable as turn:
            unavailable = RequestRefused(_NOT_AVAILABLE, code=Code.HANDOVER_NOT_AVAILABLE, hint="ask the service again")
            return await self._refuse(case, unavailable, reason=turn.reason)
        except LimitReached:
            raise
        except RequestRefused as refused:
            return await self._refuse(case, refused)
        except AdapterFault as fault:
            await self._house.adapter_fault(fault)
            return await self._evidence.could_not_look(case, fault)

    # ------------------------------------------------------------ lookup

    async def _announce(self, case: Case, mandate: Mandate, announcement: Announcement, place: Reservation) -> Answer:
        worker, now = mandate.demand.worker, case.question.at
        # Two ids for one call: it lets go of the interpreter, and comes back behind the ledger's thread.
        random = self._ports.entropy.token(32)
        issued = IssuedAnnouncement(
            id=random[:16].hex(),
            requester=case.question.peer.id,
            lookup_id=mandate.demand.lookup_id or "",
            ins=worker.ins if worker else None,
            announcement=announcement if worker else None,
            issued_at=now,
            expires_at=Instant(now + ANNOUNCEMENT_SECONDS),
        )
        trace = None
        if worker is not None:
            trace_id = random[16:].hex()
            trace = trace_of(
                mandate,
                trace_id=trace_id,
                action=TraceAction.LOOKED_UP,
                outcome=str(Outcome.ANNOUNCED),
                ins=worker.ins,
                at=now,
            )
        body = self._bundle(fhir.Offer(issued.id, announcement, issued.ins))
        counted = place.counted.as_hit() if place.counted is not None else None
        answer = await self._evidence.answer(
            case, Outcome.ANNOUNCED, body, announcement=issued, trace=trace, beside=Beside(counted)
        )
        if answer.outcome is Outcome.ANNOUNCED:
            place.hit()
        return answer

    async def _withhold(self, case: Case, found: Extraction, place: Reservation) -> Answer:
        unknown = found.withheld is WithheldReason.NO_LOCAL_WORKER
        retention = Retention.DAILY if unknown else Retention.MONTHLY
        if found.fault is not None:
            # Told to logs only: the entry has the reason, and an entry of the house ledger would show in its growth.
            self._ports.observer.adapter_failed(found.fault.code)
        noticed = noticed_in(
            found.withheld,
            found.asked,
            found.local,
            new_alert_id=lambda: new_id(self._ports.entropy),
            at=case.question.at,
            peer=case.question.peer.id,
            lookup_id=case.verified.lookup_id or "",
        )
        answer = await self._evidence.answer(
            case,
            Outcome.WITHHELD,
            self._bundle(None),
            reason=found.withheld,
            retention=retention,
            beside=Beside(place.counted, noticed),
        )
        elapsed = self._elapsed(case.question)
        self.floor.observe(elapsed)
        await self._ports.pause(self.floor.wait_after(elapsed))
        return answer

    def _bundle(self, offer: fhir.Offer | None) -> bytes:
        own = self._own()
        return fhir.search_bundle(own, offer, base_url=own.endpoint + "/fhir")

    # ------------------------------------------------------------ handover

    async def _issued(self, mandate: Mandate, question: Question) -> IssuedAnnouncement:
        """Give the announcement if it was made to this member, about this worker, and still holds."""
        demand = mandate.demand
        issued = await self._ports.store.announcement(demand.announcement_id or "")
        if issued is None:
            raise _NotAvailable("announcement-unknown")
        if issued.requester != question.peer.id:
            raise _NotAvailable("announcement-of-another-member")
        if issued.expires_at <= question.at:
            raise _NotAvailable("announcement-expired")
        if issued.ins != (demand.worker.ins if demand.worker else None):
            raise _NotAvailable("announcement-about-another-worker")
        return issued

    async def _decide_again(self, case: Case, mandate: Mandate, issued: IssuedAnnouncement) -> tuple[Case, Content]:
        worker, announced = mandate.demand.worker, issued.announcement
        if worker is None or announced is None:
            return case, probe_document
        found = await extract(self._ports.source, self._ports.oppositions, worker)
        current = found.announcement
        if current is None:
            raise _NotAvailable(found.withheld or WithheldReason.NOTHING_COMMUNICABLE)
        if (current.record_ref, current.version) != (announced.record_ref, announced.version):
            raise _changed()
        return case.about(found.known_as), lambda: self._ports.source.document(announced)

    def _wanted(self, issued: IssuedAnnouncement, now: Instant) -> Handover:
        return Handover(
            id=new_id(self._ports.entropy),
            announcement_id=issued.id,
            requester=issued.requester,
            lookup_id=issued.lookup_id,
            ins=issued.ins,
            state=IncomingState.RENDERING,
            created_at=now,
            expires_at=Instant(now + HANDOVER_SECONDS),
            content_type=issued.announcement.content_type if issued.announcement else "application/pdf",
        )

    async def _spooled(self, case: Case, wanted: Handover, content: Content) -> Answer:
        try:
            handover = await self._spool.ready(wanted, content, self._settings.hold_seconds)
        except AdapterFault as fault:
            if fault.code is Code.DOCUMENT_CHANGED:
                return await self._evidence.refuse(case, _changed())
            await self._house.adapter_fault(fault, ref=wanted.announcement_id, peer=wanted.requester)
            return await self._evidence.could_not_look(case, fault)
        document = handover.document
        if document is None:
            retry = self._settings.rendering_retry_seconds
            return await self._evidence.answer(case, Outcome.RENDERING, b"", handover=handover, retry_after=retry)
        grant = handover_body.Grant(handover.id, document, handover.content_type, handover.expires_at)
        answer = await self._evidence.answer(
            case, Outcome.GRANTED, handover_body.encode_grant(grant), handover=handover
        )
        if answer.outcome is Outcome.GRANTED:
            # Before the first byte: the acknowledgement names this receipt, and may come after a restart.
            await self._ports.store.receipt_issued(handover.id, answer.receipt)
        return answer

    # ------------------------------------------------------------ both

    async def _refuse(self, case: Case, refused: RequestRefused, *, reason: str | None = None) -> Answer:
        question = case.question
        await self.limits.refused(question.peer, case.verified, question.at)
        return await self._evidence.refuse(case, refused, reason=reason)

    def _check(self, case: Case, kind: Kind) -> Mandate:
        question = case.question
        return check_mandate(
            case.verified, kind=kind, audience=self._settings.member, x5t=question.x5t, now=question.at
        )

    def _own(self) -> Member:
        own = self._ports.directory.get(self._settings.member)
        if own is None:
            raise FailedClosed(
                "directory: this member is not in it",
                code=Code.DIRECTORY_UNAVAILABLE,
                hint="compare [member] id with the list",
            )
        return own

    def _elapsed(self, question: Question) -> float:
        return self._ports.clock.monotonic() - question.started


def _paused() -> FailedClosed:
    return FailedClosed("answering: paused by this service", code=Code.ANSWERING_PAUSED, hint="answering resume")


def _changed() -> RequestRefused:
    return RequestRefused(
        "document: the record has changed since it was announced",
        code=Code.DOCUMENT_CHANGED,
        hint="ask the service again: it announces the newer one",
    )
