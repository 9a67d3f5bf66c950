"""From what a caller sent to the values that the requester takes: identity, practitioner, information, instants.

The practitioner must be one the key may speak for and one of the service's own list; name and profession are the
list's, and a login is not believed beyond the level that the list vouches for. The worker and the services are judged
by the requester's own rules.
"""

from datetime import datetime
from typing import Final

from connector.core.codes import Code
from connector.core.days import Day
from connector.core.errors import IdentityFault, LocalRefused
from connector.core.identity import QualifiedIdentity
from connector.core.instant import Instant
from connector.core.mandate import CLOCK_SKEW_SECONDS, Auth, Information, Practitioner
from connector.core.matricule import Ins, Matricule
from connector.core.members import MemberId
from connector.core.oid import InsOid, oid_belongs
from connector.core.practitioner_id import PractitionerId
from connector.core.private import shape_of
from connector.core.traits import StrictTraits
from connector.local.answers import InsOut
from connector.local.keys import Caller
from connector.local.ports import PractitionerList
from connector.local.requests import DemandIn, InsIn, NewFetchIn, PractitionerIn, WorkerIn
from connector.local.settings import LocalSettings
from connector.requester.new_fetch import NewFetch

_FIRST_YEAR: Final = 1970


def read_new_fetch(
    body: NewFetchIn, *, caller: Caller, practitioners: PractitionerList, settings: LocalSettings, now: Instant
) -> NewFetch:
    """Give the fetch that is asked for.

    Raises:
        LocalRefused: `local.forbidden`, the practitioner; `practitioner.auth_level`; `local.malformed`, an instant.
        IdentityFault: `identity.malformed`, `identity.oid`.
    """
    practitioner = _practitioner(body.practitioner, caller, practitioners, settings, now)
    return read_demand(body, practitioner, settings=settings, now=now)


def read_demand(body: DemandIn, practitioner: Practitioner, *, settings: LocalSettings, now: Instant) -> NewFetch:
    """Give the fetch that is asked for in the name of a practitioner whose login is known.

    Raises:
        LocalRefused: `local.malformed`, an instant.
        IdentityFault: `identity.malformed`, `identity.oid`.
    """
    information_at = _past(body.information.at, "information.at", now)
    return NewFetch(
        worker=read_worker(body.worker, settings),
        practitioner=practitioner,
        information=Information(at=information_at, by=body.information.by, means=body.information.means),
        visit=body.follow_up.visit,
        members=tuple(MemberId.parse(member, strict=False) for member in body.services),
        declared_reason=body.follow_up.declared_reason,
        lookup_only=body.lookup_only,
        unattended=body.unattended,
        planned_for=Day.parse(body.planned_for, field="planned_for") if body.planned_for is not None else None,
    )


def read_ins(matricule: str, oid: str | None, settings: LocalSettings) -> Ins:
    """Give an INS; without an OID it has the one of this connector's environment.

    Raises:
        IdentityFault: `identity.malformed`, `identity.oid`.
    """
    return Ins(Matricule.parse(matricule), InsOid.parse(oid) if oid is not None else settings.default_oid)


def read_worker(worker: WorkerIn, settings: LocalSettings) -> QualifiedIdentity:
    """Give the qualified identity that is stated.

    Raises:
        IdentityFault: `identity.malformed`, `identity.oid`.
    """
    return QualifiedIdentity(
        ins=read_ins(worker.matricule, worker.oid, settings),
        traits=StrictTraits.parse(
            birth_name=worker.birth_name,
            birth_given_names=worker.birth_given_names,
            sex=worker.sex,
            birth_date=worker.birth_date,
            birth_place=worker.birth_place,
        ),
        verified_on=Day.parse(worker.verified_on, field="verified on"),
    )


def check_ins(body: InsIn, settings: LocalSettings) -> InsOut:
    """Say whether this may be the INS of a worker here, and what is wrong where not."""
    try:
        ins = read_ins(body.matricule + (body.key or ""), body.oid, settings)
        if not oid_belongs(ins.oid, settings.environment):
            raise IdentityFault(
                Code.IDENTITY_OID,
                field="INS OID",
                got="an OID of another world",
                expected=f"one of {settings.environment}",
                hint="real identities belong to production, synthetic ones to test",
            )
    except IdentityFault as fault:
        return InsOut(
            ok=False, code=fault.code, field=fault.field, got=fault.got, expected=fault.expected, hint=fault.hint
        )
    return InsOut(ok=True)


def read_moment(text: str, field: str) -> Instant:
    """Read an RFC 3339 instant with any offset; fractions of a second are left out.

    Raises:
        LocalRefused: `local.malformed`: a day or an hour that does not exist.
    """
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None and moment.year >= _FIRST_YEAR:
            return Instant(int(moment.timestamp()))
    except (ValueError, OverflowError):
        pass
    raise LocalRefused(
        f"{field}: got {shape_of(text)} that are no instant, expected RFC 3339 such as 2026-11-23T09:30:00Z",
        code=Code.LOCAL_MALFORMED,
        field=field,
    )


def _past(text: str, field: str, now: Instant) -> Instant:
    moment = read_moment(text, field)
    if moment > now + CLOCK_SKEW_SECONDS:
        raise LocalRefused(
            f"{field}: got an instant in the future",
            code=Code.LOCAL_MALFORMED,
            hint="compare the clocks of the two machines",
            field=field,
        )
    return moment


def _practitioner(
    stated: PractitionerIn, caller: Caller, practitioners: PractitionerList, settings: LocalSettings, now: Instant
) -> Practitioner:
    practitioner_id = PractitionerId.parse(stated.id)
    listed = practitioners.get(stated.id)
    if stated.id not in caller.practitioners or listed is None or not practitioners.may_ask(stated.id):
        raise LocalRefused(
            "practitioner: not one this key may speak for, or not, or no longer, on the service's list",
            code=Code.LOCAL_FORBIDDEN,
            hint="see [[local.keys]] practitioners and [[practitioners]] in the configuration",
            field="practitioner.id",
        )
    if stated.auth.level.rank > listed.auth_level.rank:
        raise LocalRefused(
            f"practitioner login: got level {stated.auth.level}, "
            f"the service vouches for {listed.auth_level} at most for this practitioner",
            code=Code.PRACTITIONER_AUTH_LEVEL,
            hint="state the level reached, or set auth_level in [[practitioners]]",
            field="practitioner.auth.level",
        )
    signed_in_at = _past(stated.auth.at, "practitioner.auth.at", now)
    if signed_in_at < now - settings.auth_age_seconds:
        raise LocalRefused(
            f"practitioner login: older than {settings.auth_age_seconds} seconds",
            code=Code.PRACTITIONER_AUTH_LEVEL,
            hint="have the practitioner sign in again",
            field="practitioner.auth.at",
        )
    return Practitioner(
        id=practitioner_id,
        name=listed.name,
        profession=listed.profession,
        auth=Auth(means=stated.auth.means, level=stated.auth.level, at=signed_in_at),
    )
