"""What callers are answered about oppositions and coverage, as pydantic models like those of `local.answers`."""

from typing import Annotated, Literal

from pydantic import Field

from connector.contract.settings import Authority
from connector.core.coverage import Lack
from connector.core.mandate import InformationMeans
from connector.core.oppositions import Notice, OppositionKind
from connector.local.answers import Answer, DayOut, MomentOut


class LiftedOut(Answer):
    """That the worker no longer objects."""

    on: DayOut
    means: InformationMeans
    by: str


class OppositionOut(Answer):
    """One entry of the register. Of kind 2 it counts for other services; `to_enter` is what your software lacks."""

    id: str
    matricule: str
    oid: str
    kind: OppositionKind
    on: DayOut
    means: InformationMeans
    by: str
    recorded_at: MomentOut
    recorded_by: Annotated[str, Field(description="the API key")]
    stands: bool
    lifted: LiftedOut | None
    to_enter: Notice | None
    text: str
    next: str


class OppositionPage(Answer):
    """Entries, newest first. `next` is the cursor of the following page; `authority` is who says who objects."""

    items: list[OppositionOut]
    next: str | None
    authority: Authority


class OppositionAddedOut(Answer):
    """What became of an objection: `already` where the same worker's of that kind stood, and stays as it was."""

    result: Literal["kept", "already", "would-be-kept"]
    opposition: OppositionOut | None
    told_to_sink: Annotated[bool, Field(description="whether your software took it; else see `to_enter`")]
    authority: Authority


class LackOut(Answer):
    """How many workers lack one thing; one worker may lack several."""

    lack: Lack
    workers: int
    text: str
    next: str


class CountOut(Answer):
    """One count of the workers in the service's software; null where it does not count something."""

    at: MomentOut
    workers: int | None
    with_ins: int | None
    qualified: int | None
    opposition_known: int | None
    document_available: int | None
    answerable: int | None
    answerable_at_most: Annotated[bool, Field(description="the true number may be lower")]
    share: Annotated[float | None, Field(description="answerable of all workers, 0 to 1")]
    fault: Annotated[str, Field(description="code of what kept it from being counted, or empty")]
    lacking: list[LackOut]


class ReasonOut(Answer):
    """Why peers were given nothing, how often; for this service's own staff, never for a peer."""

    reason: str
    count: int
    text: str
    next: str


class CoverageOut(Answer):
    """How many workers could be answered about, and why peers were given nothing: counts, never identities."""

    last: CountOut | None
    low: bool
    warn_below: float
    since: MomentOut
    withheld: list[ReasonOut]
    could_not_look: list[ReasonOut]
