"""What a holder's answer means, once all of it is here: receipt first, then status, then body (PROTOCOL section 4).

Nothing of an answer is used before its receipt was verified over the exact body. A refusal may come without one only
where the mandate was not looked at yet; there the code says so. All functions of values: no socket here.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Final, TypeVar

from connector.core.codes import Code
from connector.core.directory import Member
from connector.core.errors import PeerFault
from connector.core.evidence import Receipt
from connector.core.instant import Instant
from connector.core.mandate import MandateDraft
from connector.core.outcome import Outcome
from connector.core.ports import HandoverAnswer, LookupAnswer
from connector.wire import handover
from connector.wire.fhir_read import parse_bundle, parse_operation_outcome
from connector.wire.receipt import HEADER, check_receipt, open_receipt

T = TypeVar("T")

_MAX_RETRY_SECONDS: Final = 3 * 86_400

_STATUSES: Final = {
    Outcome.ANNOUNCED: {200},
    Outcome.WITHHELD: {200},
    Outcome.DEFERRED: {202},
    Outcome.COULD_NOT_LOOK: {503},
    Outcome.GRANTED: {201},
    Outcome.RENDERING: {202},
    Outcome.REFUSED: {400, 401, 403, 404, 409},
}

_BEFORE_THE_MANDATE: Final = frozenset(
    {
        Code.MANDATE_MALFORMED,
        Code.MANDATE_SIGNATURE,
        Code.MANDATE_MEMBER,
        Code.MANDATE_CLAIM_MISSING,
        Code.MEMBER_UNKNOWN,
        Code.MEMBER_SUSPENDED,
        Code.REQUEST_MALFORMED,
        Code.REQUEST_TOO_LARGE,
        Code.REQUEST_NOT_SUPPORTED,
        Code.VERSION_UNSUPPORTED,
    }
)
"""Refusals that a holder may give before it verified whose mandate it is: there no receipt is owed."""

_NEVER_RECEIPTED: Final = frozenset(
    {Code.LIMIT_EXCEEDED, Code.LEDGER_UNAVAILABLE, Code.PEER_UNAVAILABLE, Code.PEER_MISBEHAVED}
)
"""What a holder says of itself, not of a mandate, and what we make of an answer that says nothing."""

_OF_TIME: Final = frozenset({Code.MANDATE_EXPIRED, Code.MANDATE_NOT_YET_VALID})


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """One answer as it came, with the mandate it answers. Header values are None where a header is missing."""

    status: int
    receipts: tuple[str, ...]
    retry_after: str | None
    date: str | None
    body: bytes
    mandate: bytes


def lookup_answer(member: Member, demand: MandateDraft, answer: HttpAnswer, now: Instant) -> LookupAnswer:
    """Read the answer to a lookup or a probe's.

    Raises:
        PeerFault: `receipt.*`; `limit.exceeded`, `ledger.unavailable`, `peer.unavailable`; `peer.misbehaved`.
    """
    receipt = _receipt(member, demand, answer, now)
    read = _read_refusal(member, answer, receipt, now)
    if receipt is not None and receipt.draft.outcome in {Outcome.ANNOUNCED, Outcome.WITHHELD}:
        asked = demand.worker.ins if demand.worker is not None else None
        announcement = named(member, lambda: parse_bundle(answer.body, asked=asked))
        if (announcement is not None) != (receipt.draft.outcome is Outcome.ANNOUNCED):
            raise _mismatch(member, f"its receipt says {receipt.draft.outcome.value}, its Bundle does not")
        return replace(read, announcement=announcement)
    if receipt is not None and receipt.draft.outcome in {Outcome.GRANTED, Outcome.RENDERING}:
        raise _mismatch(member, f"its receipt says {receipt.draft.outcome.value}, which answers no lookup")
    return read


def handover_answer(member: Member, demand: MandateDraft, answer: HttpAnswer, now: Instant) -> HandoverAnswer:
    """Read the answer to `POST /handovers`.

    Raises:
        PeerFault: as `lookup_answer`.
    """
    receipt = _receipt(member, demand, answer, now)
    read = _read_refusal(member, answer, receipt, now)
    given = HandoverAnswer(
        outcome=read.outcome,
        receipt=receipt,
        code=read.code,
        detail=read.detail,
        retry_after=read.retry_after,
        mandate=answer.mandate,
    )
    if receipt is None or receipt.draft.outcome is not Outcome.GRANTED:
        if receipt is not None and receipt.draft.outcome is Outcome.ANNOUNCED:
            raise _mismatch(member, "its receipt says announced, which answers no handover")
        return given
    grant = named(member, lambda: handover.parse_grant(answer.body))
    if (grant.handover_id, grant.document) != (receipt.draft.handover_id, receipt.draft.document):
        raise _mismatch(member, "its receipt names another document than its grant")
    return replace(
        given,
        handover_id=grant.handover_id,
        document=grant.document,
        content_type=grant.content_type,
        expires_at=grant.expires_at,
    )


def refusal(member: Member, answer: HttpAnswer) -> PeerFault:
    """Read an error that no receipt is owed for: of a document, an acknowledgement, or before a mandate is looked at.

    A redirect is one too: the address of a member is the directory's to say, not its own.
    """
    if 300 <= answer.status < 400:
        return PeerFault(
            f"{member.name}: answered with a redirect, which is not followed",
            hint="its address in the directory must be the one that answers",
        )
    retry_after = _seconds(answer.retry_after)
    try:
        code, text = parse_operation_outcome(answer.body)
    except PeerFault:
        if answer.status in {502, 503, 504}:  # what stands before its connector speaks, not the connector
            code, text = Code.PEER_UNAVAILABLE, f"HTTP {answer.status}"
        else:
            return PeerFault(
                f"{member.name}: answered HTTP {answer.status} without saying why", retry_after=retry_after
            )
    if answer.status == 429:
        call = member.contact_for("medical")
        return PeerFault(
            f"{member.name}: too many questions from this service ({text})",
            code=Code.LIMIT_EXCEEDED,
            hint="call that service" + (f": {call}" if call else ""),
            retry_after=retry_after,
        )
    if answer.status == 503:
        known = code if code is Code.LEDGER_UNAVAILABLE else Code.PEER_UNAVAILABLE
        return PeerFault(f"{member.name}: cannot answer now ({text})", code=known, retry_after=retry_after)
    code = code or (Code.PEER_UNAVAILABLE if answer.status >= 500 else Code.PEER_MISBEHAVED)
    return PeerFault(f"{member.name}: refused ({text or f'HTTP {answer.status}'})", code=code, retry_after=retry_after)


def _read_refusal(member: Member, answer: HttpAnswer, receipt: Receipt | None, now: Instant) -> LookupAnswer:
    """Give the answer with what a receipt, or the lack of one, says; the body of a success is read by the caller.

    Raises:
        PeerFault: as `lookup_answer`.
    """
    peer_date = _date(answer.date)
    if receipt is None:
        fault = refusal(member, answer)
        if fault.code not in _BEFORE_THE_MANDATE:
            if fault.code in _NEVER_RECEIPTED:
                raise fault
            raise PeerFault(
                f"{member.name}: owes a receipt for its answer ({fault.code}) and sent none",
                code=Code.RECEIPT_MALFORMED,
                hint="the answer is not used; tell that service's IT staff",
            )
        return LookupAnswer(
            Outcome.REFUSED, None, None, fault.code, fault.message, peer_date=peer_date, mandate=answer.mandate
        )
    code, detail = receipt.draft.code, ""
    if receipt.draft.outcome is Outcome.REFUSED:
        said, text = named(member, lambda: parse_operation_outcome(answer.body))
        if said is not code:
            raise _mismatch(member, "its receipt and its OperationOutcome have two codes")
        detail = f"{member.name}: refused ({text})" + _clocks(member, code, peer_date, now)
    return LookupAnswer(
        outcome=receipt.draft.outcome,
        announcement=None,
        receipt=receipt,
        code=code,
        detail=detail,
        retry_after=_seconds(answer.retry_after),
        peer_date=peer_date,
        mandate=answer.mandate,
    )


def _receipt(member: Member, demand: MandateDraft, answer: HttpAnswer, now: Instant) -> Receipt | None:
    """Verify the receipt, where one came: whose it is, that it answers this mandate with this body, that it is logged.

    Raises:
        PeerFault: `receipt.*`.
    """
    if not answer.receipts:
        if answer.status < 300:
            raise PeerFault(
                f"{member.name}: owes a receipt for its answer and sent none",
                code=Code.RECEIPT_MALFORMED,
                hint="the answer is not used; tell that service's IT staff",
            )
        return None
    if len(answer.receipts) > 1 or not answer.receipts[0].isascii():
        raise PeerFault(
            f"{member.name}: more than one {HEADER}, or not one",
            code=Code.RECEIPT_MALFORMED,
            hint="the answer is not used; tell that service's IT staff",
        )

    def verified() -> Receipt:
        receipt = open_receipt(answer.receipts[0].encode("ascii"), holder=member, now=now)
        check_receipt(
            receipt,
            mandate_sha256=sha256(answer.mandate).digest(),
            body=answer.body,
            audience=demand.issuer,
            holder=member,
            lookup_id=demand.lookup_id,
        )
        return receipt

    receipt = named(member, verified)
    if answer.status not in _STATUSES[receipt.draft.outcome]:
        raise _mismatch(member, f"its receipt says {receipt.draft.outcome.value}, its status is {answer.status}")
    return receipt


def named(member: Member, read: Callable[[], T]) -> T:
    """Read something of a member's; a fault bears its name, so that people know whom to call.

    Raises:
        PeerFault: what `read` raises.
    """
    try:
        return read()
    except PeerFault as fault:
        raise PeerFault(f"{member.name}: {fault.message}", code=fault.code, hint=fault.hint) from None


def _mismatch(member: Member, what: str) -> PeerFault:
    return PeerFault(
        f"{member.name}: {what}",
        code=Code.RECEIPT_MISMATCH,
        hint="the answer is not used; tell that service's IT staff",
    )


def _clocks(member: Member, code: Code | None, peer_date: Instant | None, now: Instant) -> str:
    """Compare the clocks where one of them made the refusal (PROTOCOL section 7)."""
    if code not in _OF_TIME or peer_date is None:
        return ""
    return f"; the clock of {member.name} differs from ours by {peer_date - now:+d} s"


def _date(header: str | None) -> Instant | None:
    try:
        return Instant(int(parsedate_to_datetime(header).timestamp())) if header else None
    except (ValueError, OverflowError, TypeError):
        return None


def _seconds(header: str | None) -> int | None:
    """Read `Retry-After` in its form of seconds; a date, or more than 72 hours, counts as none."""
    if header is None or not (header.isascii() and header.isdecimal() and len(header) < 8):
        return None
    seconds = int(header)
    return seconds if seconds <= _MAX_RETRY_SECONDS else None
