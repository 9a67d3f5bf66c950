"""What a holder accepts and decides, as functions of values (PROTOCOL sections 3 and 4, DESIGN sections 4 and 5).

`check_demand` depends only on what was sent and on openly known policy: its refusals are said openly. `decide` depends
on what this house holds: its negative answers are one value, withheld, whose reason never leaves.
"""

from dataclasses import dataclass

from connector.core.coded import DMST_PORTABILITY, MAY_READ_WHOLE_RECORD, Coded, Flow
from connector.core.codes import Code
from connector.core.errors import MandateRefused
from connector.core.identity import IdentityStatus, QualifiedIdentity, compare
from connector.core.mandate import AuthLevel, FollowUpBasis, MandateDraft
from connector.core.oid import Environment, oid_belongs
from connector.core.outcome import WithheldReason
from connector.core.records import Announcement, Look, Opposition


@dataclass(frozen=True, slots=True)
class HolderPolicy:
    """What this member accepts to be asked, as its controller set it."""

    environment: Environment
    flows: tuple[Flow, ...] = (DMST_PORTABILITY,)
    professions: frozenset[Coded] = MAY_READ_WHOLE_RECORD
    minimum_auth_level: AuthLevel = AuthLevel.LOW
    accept_declared: bool = True
    accept_unattended: bool = True


@dataclass(frozen=True, slots=True)
class Decision:
    """Either an announcement that may be given, or the reason why nothing is: exactly one is set."""

    announcement: Announcement | None
    withheld: WithheldReason | None


def check_demand(demand: MandateDraft, policy: HolderPolicy) -> None:
    """Refuse a demand that this member does not serve, whoever it is about.

    Raises:
        MandateRefused: `purpose.unknown`, `unattended.refused`, `practitioner.profession`,
            `practitioner.auth_level`, `follow_up.declared`, `identity.oid`.
    """
    if demand.is_probe:
        return
    for flow in policy.flows:
        if flow.purpose == demand.purpose and flow.document_type == demand.document_type:
            break
    else:
        raise MandateRefused(
            "purpose: got a purpose and document type this member takes no part in, expected one of "
            + ", ".join(f.name for f in policy.flows),
            code=Code.PURPOSE_UNKNOWN,
        )
    if demand.unattended and not policy.accept_unattended:
        raise MandateRefused(
            "unattended: this member answers only while the practitioner waits",
            code=Code.UNATTENDED_REFUSED,
            hint="ask again with the practitioner present",
        )
    _check_practitioner(demand, policy)
    if demand.follow_up is not None and demand.follow_up.basis is FollowUpBasis.DECLARED and not policy.accept_declared:
        raise MandateRefused(
            "follow_up: got declared, this member accepts known-locally only",
            code=Code.FOLLOW_UP_DECLARED,
            hint="register the worker in your own software first",
        )
    if demand.worker is not None and not oid_belongs(demand.worker.ins.oid, policy.environment):
        raise MandateRefused(
            f"worker oid: got an OID of another world, this member runs in {policy.environment}",
            code=Code.IDENTITY_OID,
            hint="real identities belong to production, test ones to test: compare the two configurations",
        )


def _check_practitioner(demand: MandateDraft, policy: HolderPolicy) -> None:
    practitioner = demand.practitioner
    if practitioner is None:
        return
    if practitioner.profession not in policy.professions:
        raise MandateRefused(
            "practitioner profession: got one that may not read a whole DMST, expected physician, intern or nurse",
            code=Code.PRACTITIONER_PROFESSION,
        )
    if practitioner.auth.level.rank < policy.minimum_auth_level.rank:
        raise MandateRefused(
            f"practitioner login: got level {practitioner.auth.level}, "
            f"this member expects at least {policy.minimum_auth_level}",
            code=Code.PRACTITIONER_AUTH_LEVEL,
            hint="sign in with Pro Santé Connect or a second factor",
        )


def decide(look: Look, asked: QualifiedIdentity) -> Decision:
    """Decide what a peer may be told of one look: the only place where a record may be let go.

    The reasons are tried in a fixed order, from what concerns the worker's identity to what concerns the record.
    The guard has already refused looks that break the adapter's contract.
    """
    reason = _reason_to_withhold(look, asked)
    return Decision(look.announcement if reason is None else None, reason)


def _reason_to_withhold(look: Look, asked: QualifiedIdentity) -> WithheldReason | None:
    local = look.identity
    if local is None:
        return WithheldReason.NO_LOCAL_WORKER
    if local.status is not IdentityStatus.QUAL:
        return WithheldReason.IDENTITY_NOT_QUALIFIED
    if not compare(asked, local).is_same_person:
        return WithheldReason.IDENTITY_DIFFERS
    if look.opposition is Opposition.YES:
        return WithheldReason.OPPOSED
    if look.opposition is not Opposition.NO:
        return WithheldReason.OPPOSITION_UNKNOWN
    if look.announcement is None:
        return WithheldReason.NOTHING_COMMUNICABLE
    return None
