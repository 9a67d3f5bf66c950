"""One verified mandate on its way to its answer: the ledger entry of whatever is answered, and the jti it uses up."""

from collections.abc import Iterable
from dataclasses import dataclass

from connector.core.instant import Instant
from connector.core.ledger import EntryDraft, EntryType, Retention
from connector.core.mandate import CLOCK_SKEW_SECONDS, MAX_LIFE_SECONDS, Mandate
from connector.core.matricule import Ins
from connector.core.outcome import Outcome
from connector.core.ports import UsedMandate
from connector.core.private import Private
from connector.core.records import Trace, TraceAction
from connector.core.slots import set_by_slot
from connector.holder.question import Question
from connector.wire.mandate import VerifiedMandate


@set_by_slot
@dataclass(frozen=True, slots=True, repr=False)
class Case(Private):
    """A receipt is owed for it. `type` is *answered* or *decided*; `workers` are the INS by which it is found again."""

    type: EntryType
    question: Question
    verified: VerifiedMandate
    workers: tuple[Ins, ...] = ()

    def about(self, workers: Iterable[Ins]) -> "Case":
        """Give the same case with the worker known."""
        return Case(self.type, self.question, self.verified, tuple(workers))

    @property
    def used(self) -> UsedMandate | None:
        """What marks the mandate as used; None where it has no jti or end, for which it is refused anyway."""
        if self.verified.jti is None or self.verified.exp is None:
            return None
        # A refused mandate may claim any end: nobody can make us remember it longer than a good one.
        latest = self.question.at + MAX_LIFE_SECONDS + CLOCK_SKEW_SECONDS
        return UsedMandate(self.verified.issuer, self.verified.jti, Instant(min(self.verified.exp, latest)))

    def entry(
        self,
        outcome: Outcome,
        reason: str | None = None,
        *,
        ref: str = "",
        document_sha256: bytes | None = None,
        retention: Retention = Retention.MONTHLY,
    ) -> EntryDraft:
        """Give the leaf of this answer. The mandate stands whole in the part that is destroyed on time."""
        return EntryDraft(
            type=self.type,
            at=self.question.at,
            peer=self.question.peer.id,
            mandate_sha256=self.verified.sha256,
            outcome=str(outcome),
            reason=reason,
            document_sha256=document_sha256,
            ref=ref or self.verified.lookup_id or "",
            personal={"mandate": self.verified.compact.decode("ascii")},
            workers=self.workers,
            retention=retention,
        )


def trace_of(
    mandate: Mandate, *, trace_id: str, action: TraceAction, outcome: str, ins: Ins, at: Instant
) -> Trace | None:
    """Give what the worker's own DMST is told of this access (R4624-45-5 al. 4); None for a probe."""
    practitioner = mandate.demand.practitioner
    if practitioner is None:
        return None
    return Trace(
        trace_id=trace_id,
        at=at,
        action=action,
        ins=ins,
        peer=mandate.demand.issuer,
        practitioner_id=practitioner.id.value,
        practitioner_name=practitioner.name,
        purpose=mandate.demand.purpose,
        outcome=outcome,
    )
