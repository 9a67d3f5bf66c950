"""Extraire: one look into the vendor's software, and what it allows to tell a peer.

The source behind the port is guarded and asks the opposition authority; the decision itself is `core.policy.decide`.
At the handover the same look is taken again, so that nothing rests on what was true half an hour ago.
"""

from dataclasses import dataclass

from connector.core.identity import QualifiedIdentity
from connector.core.matricule import Ins
from connector.core.outcome import WithheldReason
from connector.core.policy import decide
from connector.core.ports import GuardedSource
from connector.core.private import Private
from connector.core.records import Announcement


@dataclass(frozen=True, slots=True, repr=False)
class Extraction(Private):
    """What may be announced, or why nothing is; and every INS by which this house knows the worker."""

    announcement: Announcement | None
    withheld: WithheldReason | None
    known_as: tuple[Ins, ...]


async def extract(source: GuardedSource, worker: QualifiedIdentity) -> Extraction:
    """Look once and decide.

    Raises:
        AdapterFault: the vendor's software could not be asked, or broke its contract.
    """
    look = await source.look(worker.ins)
    decision = decide(look, worker)
    known_as = (worker.ins,)
    if look.identity is not None:
        local = (look.identity.ins,) if look.identity.ins is not None else ()
        known_as = tuple(dict.fromkeys((worker.ins, *local, *look.identity.former)))
    return Extraction(decision.announcement, decision.withheld, known_as)
