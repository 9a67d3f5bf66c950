"""One exchange of an evidence file: mandate, receipt and acknowledgement opened, and compared with each other.

Opening takes the tokens apart by keys without an end; what their signatures are worth is `evidence.signatures`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from connector.core.coded import PURPOSE_PROBE
from connector.core.errors import ConnectorError
from connector.core.evidence import Ack, AckDraft, AckResult, Receipt
from connector.core.instant import Instant
from connector.core.mandate import Kind
from connector.core.members import MemberId
from connector.core.private import Private
from connector.evidence.directories import Directories
from connector.wire.ack import open_ack
from connector.wire.claims import ClaimFault, Claims
from connector.wire.mandate import VerifiedMandate, open_mandate, read_mandate
from connector.wire.receipt import open_receipt


@dataclass(slots=True, repr=False)
class Exchange(Private):
    """An exchange as opened; what could not be opened is None, and its name stands in `wrong`.

    `unequal` names the tokens that do not belong to the others.
    """

    requester: MemberId
    holder: MemberId
    mandate_bytes: bytes | None
    receipt_bytes: bytes | None
    ack_bytes: bytes | None
    mandate: VerifiedMandate | None = None
    receipt: Receipt | None = None
    ack: Ack | None = None
    wrong: list[str] = field(default_factory=list)
    unequal: list[str] = field(default_factory=list)

    @property
    def parties(self) -> frozenset[MemberId]:
        """Those whose word about the time is no third one."""
        return frozenset({self.requester, self.holder})

    @property
    def is_probe(self) -> bool:
        """Whether it is about nobody."""
        return self.mandate is not None and self.mandate.claims.get("purpose") == PURPOSE_PROBE.to_json()

    @property
    def kind(self) -> Kind | None:
        """What was asked for."""
        try:
            return Claims(self.mandate.claims).choice("kind", Kind) if self.mandate is not None else None
        except ClaimFault:
            return None


def read_exchange(row: Mapping[str, Any], directories: Directories) -> Exchange:
    """Open an exchange.

    Raises:
        ValueError: the row has not the form of one.
    """
    try:
        claims = Claims(row)
        mandate_, receipt_, ack_ = (_bytes(claims, name) for name in ("mandate", "receipt", "ack"))
        exchange = Exchange(claims.member("requester"), claims.member("holder"), mandate_, receipt_, ack_)
        kind = claims.choice("kind", Kind)
    except ClaimFault as fault:
        raise ValueError("row of an exchange") from fault
    _open(exchange, directories)
    mandate, receipt, ack = exchange.mandate, exchange.receipt, exchange.ack
    unequal = exchange.unequal
    if mandate is not None and (exchange.kind is not kind or mandate.claims.get("aud") != exchange.holder.value):
        unequal.append("mandate")
    if receipt is not None:
        digest = None if exchange.mandate_bytes is None else sha256(exchange.mandate_bytes).digest()
        if receipt.draft.audience != exchange.requester or digest not in {None, receipt.draft.mandate_sha256}:
            unequal.append("receipt")
    if ack is not None and (
        ack.draft.audience != exchange.holder or (receipt is not None and not _answers(ack.draft, receipt))
    ):
        unequal.append("ack")
    return exchange


def _answers(ack: AckDraft, receipt: Receipt) -> bool:
    """Whether an acknowledgement is of that receipt, and verifies no other bytes than it granted."""
    if (ack.receipt_sha256, ack.handover_id) != (receipt.sha256, receipt.draft.handover_id):
        return False
    return ack.result is AckResult.REJECTED or ack.received == receipt.draft.document


def _open(exchange: Exchange, directories: Directories) -> None:
    if exchange.mandate_bytes is not None:
        exchange.mandate = _mandate(exchange.mandate_bytes, exchange.requester, directories)
    if exchange.receipt_bytes is not None:
        holder = directories.member_at(exchange.holder, _near(exchange))
        try:
            opened = (
                None if holder is None else open_receipt(exchange.receipt_bytes, holder=holder, now=_near(exchange))
            )
        except ConnectorError:
            opened = None
        exchange.receipt = opened
    if exchange.ack_bytes is not None:
        requester = directories.member_at(exchange.requester, _near(exchange))
        try:
            found = (
                None if requester is None else open_ack(exchange.ack_bytes, requester=requester, now=_near(exchange))
            )
        except ConnectorError:
            found = None
        exchange.ack = found
    tokens = (
        ("mandate", exchange.mandate_bytes, exchange.mandate),
        ("receipt", exchange.receipt_bytes, exchange.receipt),
        ("ack", exchange.ack_bytes, exchange.ack),
    )
    exchange.wrong += [name for name, data, opened in tokens if data is not None and opened is None]


def _near(exchange: Exchange) -> Instant:
    """Give the time of the exchange as far as it is known: it chooses among directories, and decides nothing."""
    return Instant(1) if exchange.mandate is None or exchange.mandate.iat is None else exchange.mandate.iat


def _mandate(compact: bytes, requester: MemberId, directories: Directories) -> VerifiedMandate | None:
    try:
        claimed = Claims(read_mandate(compact).jws.claims)
        near = claimed.instant("iat") if claimed.has("iat") else Instant(1)
        member = directories.member_at(requester, near)
        return None if member is None else open_mandate(compact, peer=member, now=near)
    except (ConnectorError, ClaimFault):
        return None


def _bytes(claims: Claims, name: str) -> bytes | None:
    return claims.string(name).encode("utf-8", "replace") if claims.has(name) else None
