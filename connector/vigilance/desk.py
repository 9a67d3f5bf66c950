"""The identity desk: search and verify by INSi, and keep identities with their statuses for who cannot keep them.

What INSi answers changes nothing by itself: a status moves when a person asks for the move and the evidence carries it
(`core.identity_rules`). Each move is kept with the person, the reason and INSi's answer, and has its house entry. A
difference between INSi and what is held becomes an identity alert.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from connector.core import datamatrix
from connector.core import identity_rules as rules
from connector.core.codes import Code
from connector.core.datamatrix import ScannedIdentity
from connector.core.errors import IdentityFault, LocalRefused
from connector.core.identity import IdentityAttribute, IdentityStatus, LocalIdentity, QualifiedIdentity
from connector.core.identity_alerts import near_miss_of
from connector.core.identity_rules import Decision, DocumentSeen, StatusMove
from connector.core.insi import InsiAnswer, InsiCaller, SearchTraits, Verification, VitaleCard, check_verified
from connector.core.kept_identity import KeptIdentity, KeptMove
from connector.core.matricule import Ins
from connector.core.oid import Environment, check_real
from connector.core.ports import Clock, Entropy, new_id
from connector.core.ports_insi import NO_ATTRIBUTES, IdentityService
from connector.core.ports_vigilance import AlertNotices, IdentityStore
from connector.core.private import Private
from connector.core.traits import StrictTraits
from connector.vigilance import entries

T = TypeVar("T")


class Wish(StrEnum):
    """What a person wants done with an identity that is kept here."""

    RECOVER = "recover"
    VALIDATE = "validate"
    VERIFY = "verify"
    REFRESH_MATRICULE = "refresh-matricule"
    CHANGE_TRAITS = "change-traits"
    MARK = "mark"
    UNMARK = "unmark"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True, repr=False)
class Move(Private):
    """A wish with what it needs: `document` to validate, `traits` to change them, `attribute` to mark and unmark.

    `accepting` names the traits of INSi's answer that differ and that the person accepts.
    """

    wish: Wish
    by: str
    reason: str
    document: DocumentSeen | None = None
    accepting: tuple[str, ...] = ()
    attribute: IdentityAttribute | None = None
    traits: StrictTraits | None = None


class IdentityDesk:
    """What the local side asks for. `caller` is the API key that it came with."""

    def __init__(
        self,
        store: IdentityStore,
        alerts: AlertNotices,
        insi: IdentityService,
        *,
        environment: Environment,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._store, self._alerts, self._insi = store, alerts, insi
        self._environment, self._clock, self._entropy = environment, clock, entropy
        self._made: Mapping[Wish, Callable[[LocalIdentity, Move, Decision], Awaitable[KeptMove]]] = {
            Wish.RECOVER: self._recover,
            Wish.VERIFY: self._verify,
            Wish.REFRESH_MATRICULE: self._refresh,
        }

    # ------------------------------------------------------------ INSi, nothing kept but the journal

    async def search(self, question: SearchTraits | VitaleCard, by: str, *, fresh: bool = False) -> InsiAnswer:
        """Search by traits or by what a Vitale card says.

        Raises:
            InsiFault, FailedClosed: as the port says.
        """
        caller = InsiCaller(by, "search")
        if isinstance(question, VitaleCard):
            return await self._insi.search_by_vitale(question, by=caller, fresh=fresh)
        return await self._insi.search_by_traits(question, by=caller, fresh=fresh)

    async def verify(self, identity: QualifiedIdentity, by: str, *, fresh: bool = False) -> Verification:
        """Hold an identity against INSi; a difference becomes an alert.

        Raises:
            IdentityFault: `identity.oid`, a test identity in production.
            InsiFault, FailedClosed: as the port says.
        """
        check_real(identity.ins.oid, self._environment)
        return await self._against_insi(identity, by, NO_ATTRIBUTES, fresh=fresh)

    # ------------------------------------------------------------ the INS label

    async def read_label(self, payload: str, caller: str) -> ScannedIdentity:
        """Read what a scanner typed; a label that is refused stands in the journal, without what it said.

        Raises:
            IdentityFault: `datamatrix.*`, it is no INS label, or cannot be read for sure; `identity.*`.
            FailedClosed: the refusal could not be journalled.
        """
        try:
            scanned = datamatrix.decode(payload)
            check_real(scanned.ins.oid, self._environment, "INS label, S2 (OID)")
        except IdentityFault as fault:
            await self._store.record(entries.label_refused(fault.code, caller, self._clock.now()))
            raise
        return scanned

    # ------------------------------------------------------------ identities that are kept

    async def keep(
        self, traits: StrictTraits, by: str, reason: str, caller: str, attribute: IdentityAttribute | None = None
    ) -> KeptIdentity:
        """Keep a new identity: provisional, whatever is known of it elsewhere.

        Raises:
            LocalRefused: `identity.status`, no person or no reason.
            FailedClosed: it was not kept.
        """
        decision = Decision(by, reason, self._clock.now())
        attributes = NO_ATTRIBUTES if attribute is None else frozenset({attribute})
        kept = KeptIdentity(
            id=new_id(self._entropy),
            identity=LocalIdentity(None, traits, IdentityStatus.PROV, attributes),
            created_at=decision.at,
            by=by,
            reason=reason,
        )
        await self._store.add(kept, entries.began(kept, caller))
        return kept

    async def get(self, identity_id: str) -> KeptIdentity:
        """Give an identity as it is now.

        Raises:
            LocalRefused: `local.not_found`.
        """
        kept = await self._store.identity(identity_id)
        if kept is None:
            raise LocalRefused(
                "identity: none of this id is kept here", code=Code.LOCAL_NOT_FOUND, hint="find it by its INS"
            )
        return kept

    async def moves(self, identity_id: str) -> Sequence[KeptMove]:
        """Give its moves, the oldest first."""
        return await self._store.moves(identity_id)

    async def of_ins(self, ins: Ins) -> Sequence[KeptIdentity]:
        """Give the identities that bear an INS."""
        return await self._store.of_ins(ins)

    async def move(self, identity_id: str, move: Move, caller: str) -> KeptIdentity:
        """Move an identity, if the evidence carries it; what needs INSi asks it now.

        Raises:
            LocalRefused: `local.not_found`; `local.conflict`, moved meanwhile; `local.malformed`, a part is missing;
                `identity.status`, `identity.evidence`, `identity.call_forbidden`; `identity.discrepancy`, `insi.none`,
                `insi.several`, INSi does not bear it out.
            InsiFault, FailedClosed: as the port says.
        """
        held = (await self.get(identity_id)).identity
        decision = Decision(move.by, move.reason, self._clock.now())
        made = self._made.get(move.wish)
        kept = await made(held, move, decision) if made is not None else KeptMove(_by_hand(held, move, decision))
        return await self._store.move(identity_id, kept, entries.moved(identity_id, kept.move, caller))

    async def _recover(self, held: LocalIdentity, move: Move, decision: Decision) -> KeptMove:
        answer = await self._searched(held, decision)
        return KeptMove(rules.recover(held, answer, decision, accepting=move.accepting), answer.raw)

    async def _refresh(self, held: LocalIdentity, _move: Move, decision: Decision) -> KeptMove:
        answer = await self._searched(held, decision)
        return KeptMove(rules.refresh_matricule(held, answer, decision), answer.raw)

    async def _verify(self, held: LocalIdentity, _move: Move, decision: Decision) -> KeptMove:
        if held.ins is None:
            raise LocalRefused(
                f"identity: its status is {held.status}, which bears no INS to verify",
                code=Code.IDENTITY_STATUS,
                hint="recover it from INSi first",
                field="status",
            )
        verification = await self._against_insi(
            QualifiedIdentity(held.ins, held.traits), decision.by, held.attributes, fresh=True
        )
        answer = check_verified(verification)
        return KeptMove(rules.confirm(held, verification, decision), answer.raw)

    async def _searched(self, held: LocalIdentity, decision: Decision) -> InsiAnswer:
        question, caller = SearchTraits.of(held.traits), InsiCaller(decision.by, "qualify")
        return await self._insi.search_by_traits(question, by=caller, attributes=held.attributes)

    async def _against_insi(
        self, identity: QualifiedIdentity, by: str, attributes: frozenset[IdentityAttribute], *, fresh: bool
    ) -> Verification:
        caller = InsiCaller(by, "verify")
        verification = await self._insi.verify(identity, by=caller, attributes=attributes, fresh=fresh)
        near_miss = near_miss_of(identity, verification, alert_id=new_id(self._entropy))
        if near_miss is not None:
            await self._alerts.notice(near_miss)
        return verification


def _by_hand(held: LocalIdentity, move: Move, decision: Decision) -> StatusMove:
    """Make a move for which INSi is not asked."""
    if move.wish is Wish.VALIDATE:
        return rules.validate(held, _given(move.document, "document"), decision)
    if move.wish is Wish.CHANGE_TRAITS:
        return rules.change_traits(held, _given(move.traits, "traits"), decision)
    if move.wish is Wish.MARK:
        return rules.mark(held, _given(move.attribute, "attribute"), decision)
    if move.wish is Wish.UNMARK:
        return rules.unmark(held, _given(move.attribute, "attribute"), decision)
    return rules.withdraw(held, decision)


def _given(part: T | None, field: str) -> T:
    if part is None:
        raise LocalRefused(f"{field}: this move needs it", hint="give it, then ask again", field=field)
    return part
