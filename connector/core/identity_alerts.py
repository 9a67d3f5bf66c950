"""Identity alerts: two identities that are nearly one, for the person who watches over them (*identitovigilance*).

A near miss is seen where an identity that was stated meets another of the same worker: our software's, INSi's, or ours
when a peer asks. Here is what is kept of it and how it is handled. Values of traits are not: the alert names them, and
whoever settles it looks at the two records.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.identity import Agreement, Comparison, IdentityStatus, QualifiedIdentity
from connector.core.insi import Verification
from connector.core.instant import Instant
from connector.core.matricule import Ins
from connector.core.members import MemberId
from connector.core.private import Private

MAX_WORDS = 500


class AlertKind(StrEnum):
    """What is nearly right."""

    TRAIT_DIFFERS = "trait-differs"
    INS_DIFFERS = "ins-differs"
    MATRICULE_CHANGED = "matricule-changed"
    """The INS that was stated stands in the history of the other identity."""


class Meeting(StrEnum):
    """Between whom: our staff's word and our software; our identity and INSi's; a peer's mandate and our software."""

    DESK = "desk"
    INSI = "insi"
    PEER = "peer"


class AlertState(StrEnum):
    """Where an alert stands."""

    OPEN = "open"
    TAKEN = "taken"
    CLOSED = "closed"


_KINDS: Mapping[Agreement, AlertKind] = {
    Agreement.TRAIT_DIFFERS: AlertKind.TRAIT_DIFFERS,
    Agreement.INS_DIFFERS: AlertKind.INS_DIFFERS,
    Agreement.MATRICULE_CHANGED: AlertKind.MATRICULE_CHANGED,
}


@dataclass(frozen=True, slots=True, repr=False)
class NearMiss(Private):
    """Two identities that met. `other` is the other side's INS where it is not `ins`; `ref` finds the exchange again.

    `ref` is a lookup id or a fetch id, `peer` the member that asked.
    """

    id: str
    kind: AlertKind
    meeting: Meeting
    at: Instant
    ins: Ins
    other: Ins | None = None
    differing: tuple[str, ...] = ()
    peer: MemberId | None = None
    ref: str = ""

    @property
    def is_about(self) -> tuple[Ins, ...]:
        """Every INS concerned."""
        return (self.ins,) if self.other is None else (self.ins, self.other)


@dataclass(frozen=True, slots=True, repr=False)
class Handling(Private):
    """A person took an alert, or closed it with a reason."""

    state: AlertState
    by: str
    at: Instant
    reason: str = ""

    def __post_init__(self) -> None:
        needs = (("by", self.by), ("reason", self.reason)) if self.state is AlertState.CLOSED else (("by", self.by),)
        for name, text in needs:
            if not text.strip() or len(text) > MAX_WORDS:
                raise LocalRefused(
                    f"{name}: got {len(text)} characters, expected 1 to {MAX_WORDS}",
                    hint="an alert is kept with who handled it and, closed, why",
                    field=name,
                )


@dataclass(frozen=True, slots=True, repr=False)
class Alert(Private):
    """One alert: seen `count` times while it was not closed, at `near_miss.at` first and at `last_at` last."""

    near_miss: NearMiss
    last_at: Instant
    count: int = 1
    handled: tuple[Handling, ...] = ()

    @property
    def state(self) -> AlertState:
        """Where it stands."""
        return self.handled[-1].state if self.handled else AlertState.OPEN

    def seen_again(self, at: Instant) -> "Alert":
        """Give it with one more sight of the same."""
        return replace(self, last_at=Instant(max(at, self.last_at)), count=self.count + 1)

    def handle(self, handling: Handling) -> "Alert":
        """Give it taken, by another person too, or closed.

        Raises:
            LocalRefused: `local.conflict`, it is closed, or taken by the same person already.
        """
        last = self.handled[-1] if self.handled else None
        if last is not None and last.state is AlertState.CLOSED:
            raise LocalRefused(
                "identity alert: it is closed",
                code=Code.LOCAL_CONFLICT,
                hint="the same near miss, seen again, is a new alert",
            )
        if last is not None and handling.state is last.state and handling.by == last.by:
            raise LocalRefused(
                "identity alert: this person has it already", code=Code.LOCAL_CONFLICT, hint="close it with a reason"
            )
        return replace(self, handled=(*self.handled, handling))


@dataclass(frozen=True, slots=True, repr=False)
class Unqualified(Private):
    """A peer asked about a worker whose identity is not qualified here, so that nothing could be given."""

    ins: Ins
    status: IdentityStatus
    at: Instant


@dataclass(frozen=True, slots=True, repr=False)
class ToQualify(Private):
    """A worker of this service whose record could not be given for that reason: how often, and when last."""

    ins: Ins
    status: IdentityStatus
    first_at: Instant
    last_at: Instant
    count: int = 1

    def seen_again(self, seen: Unqualified) -> "ToQualify":
        """Give it with one more demand."""
        return replace(self, status=seen.status, last_at=Instant(max(seen.at, self.last_at)), count=self.count + 1)


Noticed = NearMiss | Unqualified
"""What an answer to a peer leaves behind for this service's own staff."""


def kind_of(comparison: Comparison) -> AlertKind | None:
    """Give the kind of alert that a comparison is, None for the same person."""
    return _KINDS.get(comparison.agreement)


def near_miss_of(
    asked: QualifiedIdentity, verification: Verification, *, alert_id: str, ref: str = ""
) -> NearMiss | None:
    """Give the near miss between an identity held here and INSi's; None where INSi bears it out, or found nobody."""
    kind = _KINDS.get(verification.agreement) if verification.agreement is not None else None
    found = verification.answer.identity if verification.answer is not None else None
    if kind is None or found is None:
        return None
    return NearMiss(
        id=alert_id,
        kind=kind,
        meeting=Meeting.INSI,
        at=verification.at,
        ins=asked.ins,
        other=found.ins if found.ins != asked.ins else None,
        differing=tuple(name for name in verification.differing if name != "ins"),
        ref=ref,
    )
