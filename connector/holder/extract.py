"""Extraire: one look into the vendor's software, and what it allows to tell a peer.

The source behind the port is guarded; the opposition is told by whoever the controller named; the decision itself is
`core.policy.decide`. At the handover the same look is taken again, so that nothing rests on what was true before.
"""

from dataclasses import dataclass, replace

from connector.core.codes import Code
from connector.core.errors import AdapterFault
from connector.core.identity import LocalIdentity, QualifiedIdentity
from connector.core.matricule import Ins
from connector.core.outcome import WithheldReason
from connector.core.policy import decide
from connector.core.ports import GuardedSource, Oppositions
from connector.core.private import Private
from connector.core.records import Announcement
from connector.core.slots import set_by_slot


@set_by_slot
@dataclass(frozen=True, slots=True, repr=False)
class Extraction(Private):
    """What may be announced, or why nothing is; every INS by which this house knows the worker, and as whom."""

    announcement: Announcement | None
    withheld: WithheldReason | None
    known_as: tuple[Ins, ...]
    asked: QualifiedIdentity | None = None
    local: LocalIdentity | None = None
    fault: AdapterFault | None = None
    """The contract that the software broke about this worker, for the house's own eyes."""


async def extract(source: GuardedSource, oppositions: Oppositions, worker: QualifiedIdentity) -> Extraction:
    """Look once and decide.

    An answer about this worker that breaks the contract is withheld like any other reason: `could_not_look` is for what
    fails whoever the worker, and would tell that this one is known here (PROTOCOL section 4, ADR 0005).

    Raises:
        AdapterFault: the vendor's software could not be asked; or nobody could ever tell an opposition here, which must
            not look like a worker's own (DESIGN section 5).
    """
    reason = oppositions.not_ready()
    if reason is not None:
        raise AdapterFault(reason, code=Code.ADAPTER_FAILED, hint="set [opposition] authority to one that can tell")
    try:
        look = await source.look(worker.ins)
    except AdapterFault as fault:
        if fault.code is not Code.ADAPTER_CONTRACT:
            raise
        return Extraction(None, WithheldReason.ANSWER_UNUSABLE, (worker.ins,), fault=fault)
    known_as = look.known_as(worker.ins)
    opposition = await oppositions.opposition(known_as, look)
    if opposition is not look.opposition:
        look = replace(look, opposition=opposition)
    decision = decide(look, worker)
    return Extraction(decision.announcement, decision.withheld, known_as, worker, look.identity)
