"""Operations on the people of this service: who may sign in, as what, and until when."""

from aiohttp import web

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.instant import rfc3339
from connector.core.people import Person, Subject
from connector.local.bodies import answer, body_of, id_of
from connector.local.guards import PORTS, caller_of
from connector.local.people_models import (
    EnrolmentOut,
    PeoplePage,
    PersonChangeIn,
    PersonEndIn,
    PersonIn,
    PersonOut,
    PersonStepIn,
    ReviewedOut,
    ReviewIn,
    SubjectIn,
    SubjectOut,
)
from connector.local.sign_in.desk import SignInDesk
from connector.local.sign_in.staff import NewPerson


async def listing(request: web.Request) -> web.Response:
    """`GET /api/v1/people`."""
    desk = _desk(request)
    return answer(request, PeoplePage(items=[person_out(desk, person) for person in desk.staff.people()]))


async def show(request: web.Request) -> web.Response:
    """`GET /api/v1/people/{id}`."""
    return _person(request, _desk(request).staff.find(_id_of(request)))


async def add(request: web.Request) -> web.Response:
    """`POST /api/v1/people`."""
    body, _ = await body_of(request, PersonIn)
    staff = _desk(request).staff
    person = staff.build(
        NewPerson(
            name=body.name,
            roles=frozenset(body.roles),
            practitioner=body.practitioner,
            subjects=_subjects(body.subjects),
            vouched_level=body.vouched_level,
            ends_on=body.ends_on,
        )
    )
    if body.check_only:
        staff.check_free(person)
    else:
        await staff.add([person], by=_by(request, body.by))
    return _person(request, person)


async def change(request: web.Request) -> web.Response:
    """`POST /api/v1/people/{id}/change`."""
    body, _ = await body_of(request, PersonChangeIn)
    changed = await _desk(request).staff.change(
        _id_of(request),
        _by(request, body.by),
        name=body.name,
        roles=frozenset(body.roles) if body.roles is not None else None,
        practitioner=body.practitioner,
        subjects=_subjects(body.subjects) if body.subjects is not None else None,
        vouched_level=body.vouched_level,
    )
    return _person(request, changed)


async def suspend(request: web.Request) -> web.Response:
    """`POST /api/v1/people/{id}/suspend`."""
    body, _ = await body_of(request, PersonStepIn)
    return _person(request, await _desk(request).staff.suspend(_id_of(request), _by(request, body.by)))


async def resume(request: web.Request) -> web.Response:
    """`POST /api/v1/people/{id}/resume`."""
    body, _ = await body_of(request, PersonStepIn)
    return _person(request, await _desk(request).staff.resume(_id_of(request), _by(request, body.by)))


async def end(request: web.Request) -> web.Response:
    """`POST /api/v1/people/{id}/end`."""
    body, _ = await body_of(request, PersonEndIn)
    return _person(request, await _desk(request).staff.end(_id_of(request), body.ends_on, _by(request, body.by)))


async def review(request: web.Request) -> web.Response:
    """`POST /api/v1/people/review`."""
    body, _ = await body_of(request, ReviewIn)
    await _desk(request).staff.review(body.confirmed, body.note, by=body.by, caller=caller_of(request).name)
    return answer(request, ReviewedOut(confirmed=len(body.confirmed)))


async def enrol(request: web.Request) -> web.Response:
    """`POST /api/v1/people/{id}/enrol`."""
    body, _ = await body_of(request, PersonStepIn)
    desk = _desk(request)
    if desk.accounts is None:
        raise LocalRefused(
            "local accounts: they are off", code=Code.LOCAL_CONFLICT, hint="set enabled in [sign_in.local]"
        )
    person = desk.staff.find(_id_of(request))
    code, ends_at = await desk.accounts.invite(person.id, _by(request, body.by))
    return answer(request, EnrolmentOut(code=code, ends_at=rfc3339(ends_at)))


def person_out(desk: SignInDesk, person: Person) -> PersonOut:
    """Give a person as programs and pages are shown them."""
    return PersonOut(
        id=person.id,
        name=person.name,
        roles=sorted(person.roles),
        practitioner=person.practitioner.value if person.practitioner is not None else None,
        subjects=[SubjectOut(provider=subject.provider, id=subject.id) for subject in person.subjects],
        vouched_level=person.vouched_level,
        standing=desk.staff.standing(person),
        ends_on=person.ends_on,
        suspended_at=rfc3339(person.suspended_at) if person.suspended_at is not None else None,
        added_at=rfc3339(person.added_at),
        local_account=desk.has_account(person.id),
    )


def _person(request: web.Request, person: Person) -> web.Response:
    return answer(request, person_out(_desk(request), person))


def _subjects(stated: list[SubjectIn]) -> tuple[Subject, ...]:
    return tuple(Subject(subject.provider, subject.id) for subject in stated)


def _by(request: web.Request, stated: str) -> str:
    """Who did it, as the journal has it: the name that was stated, and the key or session that it came with."""
    return f"{stated} ({caller_of(request).name})"


def _desk(request: web.Request) -> SignInDesk:
    desk = request.app[PORTS].sign_in
    if desk is None:
        raise LocalRefused("people: nobody signs in at this connector", code=Code.LOCAL_NOT_FOUND)
    return desk


def _id_of(request: web.Request) -> str:
    return id_of(request.match_info["id"], "person")
