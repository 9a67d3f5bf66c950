"""What callers are answered about limits between services, and about what waits for a second person."""

from typing import Annotated, Any

from pydantic import Field

from connector.core.limits import LimitRule
from connector.core.proposals import ProposalKind
from connector.local.answers import Answer, MomentOut


class BlockOut(Answer):
    """A pair of services, or one person for one service, about which nothing is answered here."""

    id: str
    member: str
    rule: LimitRule
    since: MomentOut
    person: Annotated[bool, Field(description="true: about one person only; false: the whole service")]
    ref: Annotated[str, Field(description="lookup that met the limit: find its alert in the journal by it")]


class NumbersOut(Answer):
    """The numbers that count for a service today."""

    per_minute: int
    per_day: int
    misses_per_day: int


class LimitsOut(Answer):
    """How a service stands here against the limits, today."""

    member: str
    name: str
    size_class: str
    limits: NumbersOut
    own_numbers: Annotated[bool, Field(description="an operator set numbers for this service")]
    lookups: int
    hits: Annotated[int, Field(description="lookups that were announced a record")]
    misses: int
    probes: int
    slowed: bool
    blocks: list[BlockOut]


class BlocksOut(Answer):
    """Everything that is blocked here, the oldest first."""

    items: list[BlockOut]


class ProposalOut(Answer):
    """What one person proposed and another has to confirm, with another API key, before it ends."""

    id: str
    kind: ProposalKind
    at: MomentOut
    expires_at: MomentOut
    by: str
    key: Annotated[str, Field(description="name of the API key it was proposed with")]
    reason: str
    subject: dict[str, Any]


class ProposalsOut(Answer):
    """Proposals that wait, the oldest first."""

    items: list[ProposalOut]


class ConfirmedOut(Answer):
    """What was done, once two people had agreed."""

    proposal: ProposalOut
    result: dict[str, Any]
