"""The pages on which the list of people is kept, and gone through once a year."""

from typing import Any

from aiohttp import web

from connector.core.codes import Code
from connector.core.errors import ConnectorError, IdentityFault, LocalRefused
from connector.core.people import Role, Standing, Subject
from connector.local.guards import language_of, log_refusal
from connector.local.pages.rendering import render
from connector.local.pages.uploads import text_of
from connector.local.people import person_out
from connector.local.sign_in.pages import desk_of_sign_in, form_of
from connector.local.sign_in.people_file import KNOWN, new_person, read_lines
from connector.local.sign_in.session import require
from connector.local.sign_in.staff import NewPerson
from connector.local.statuses import status_of
from connector.local.words import Words, of_code

_KEEPERS = (Role.ADMINISTRATOR,)


async def show(request: web.Request) -> web.Response:
    """`GET /people`."""
    return _people(request)


async def add(request: web.Request) -> web.Response:
    """`POST /people`: add one person."""
    me, form = require(request, *_KEEPERS), await form_of(request)
    staff = desk_of_sign_in(request).staff
    roles = {name.removeprefix("role.") for name in form if name.startswith("role.")}
    try:
        provider, _, subject = form.get("subject", "").partition("=")
        person = staff.build(
            NewPerson(
                name=form.get("name", ""),
                roles=frozenset(Role(role) for role in roles & set(Role)),
                practitioner=form.get("practitioner", "").replace(" ", "") or None,
                subjects=(Subject(provider.strip(), subject.strip()),) if provider else (),
                ends_on=form.get("ends_on") or None,
            )
        )
        await staff.add([person], by=me.display_name)
    except ConnectorError as fault:
        log_refusal(request, fault.code, status_of(fault.code))
        return _people(request, fault=fault, given=form)
    raise web.HTTPSeeOther("/people")


async def import_file(request: web.Request) -> web.Response:
    """`POST /people/import`: a CSV; each line by itself, so that one that is wrong keeps no other from being added."""
    me, staff = require(request, *_KEEPERS), desk_of_sign_in(request).staff
    rows: list[tuple[int, Words | None, str]] = []
    try:
        lines = read_lines(text_of((await request.post()).get("file")))
    except ConnectorError as fault:
        log_refusal(request, fault.code, status_of(fault.code))
        return _people(request, fault=fault)
    for line in lines:
        try:
            if line.fault:
                raise LocalRefused(line.fault)
            await staff.add([staff.build(new_person(line.cells))], by=me.display_name)
        except (LocalRefused, IdentityFault) as fault:
            rows.append((line.number, of_code(fault.code, language_of(request)), fault.message))
        else:
            rows.append((line.number, None, ""))
    return _people(request, rows=rows)


async def step(request: web.Request) -> web.Response:
    """`POST /people/{id}/{step}`: suspend, resume, end, or invite to a local account."""
    me, form, desk = require(request, *_KEEPERS), await form_of(request), desk_of_sign_in(request)
    person_id, by = request.match_info["id"], me.display_name
    match request.match_info["step"]:
        case "suspend":
            await desk.staff.suspend(person_id, by)
        case "resume":
            await desk.staff.resume(person_id, by)
        case "end":
            await desk.staff.end(person_id, form.get("ends_on") or None, by)
        case "enrol" if desk.accounts is not None:
            code, ends_at = await desk.accounts.invite(desk.staff.find(person_id).id, by)
            return _people(request, invited=person_id, code=code, code_ends_at=ends_at)
        case _:
            raise LocalRefused("person: there is no such step", code=Code.LOCAL_NOT_FOUND)
    raise web.HTTPSeeOther("/people")


async def show_review(request: web.Request) -> web.Response:
    """`GET /review`."""
    return _review(request)


async def review(request: web.Request) -> web.Response:
    """`POST /review`: sign that those who are ticked may go on; who is not is suspended."""
    me, form, staff = require(request, *_KEEPERS), await form_of(request), desk_of_sign_in(request).staff
    shown = {name.removeprefix("shown.") for name in form if name.startswith("shown.")}
    active = {person.id for person in staff.people() if staff.standing(person) is Standing.ACTIVE}
    if shown != active:
        # Somebody changed the list meanwhile: who was not seen is neither confirmed nor suspended.
        return _review(request, changed=True)
    confirmed = sorted(person_id for person_id in active if f"keep.{person_id}" in form)
    for person_id in sorted(active.difference(confirmed)):
        await staff.suspend(person_id, me.display_name)
    note = form.get("note", "")[:500]
    await staff.review(confirmed, note, by=me.display_name, caller=f"person:{me.person_id}")
    return _review(request, signed=len(confirmed), suspended=len(active) - len(confirmed))


def _people(request: web.Request, *, fault: ConnectorError | None = None, **more: Any) -> web.Response:  # noqa: ANN401
    desk, me = desk_of_sign_in(request), require(request)
    known: dict[str, Any] = {"given": {}, "invited": "", "code": "", "code_ends_at": 0, "rows": None}
    return render(
        request,
        "people.html",
        status=status_of(fault.code) if fault is not None else 200,
        people=[person_out(desk, person) for person in desk.staff.people()],
        roles=tuple(Role),
        columns=KNOWN,
        providers=[name for name, _ in desk.providers.titles()],
        has_accounts=desk.accounts is not None,
        may_change=me.has(*_KEEPERS),
        said=of_code(fault.code, language_of(request)) if fault is not None else None,
        detail=fault.message if fault is not None else "",
        **(known | more),
    )


def _review(request: web.Request, **more: Any) -> web.Response:  # noqa: ANN401
    desk, me = desk_of_sign_in(request), require(request)
    known: dict[str, Any] = {"changed": False, "signed": None, "suspended": 0}
    active = [person for person in desk.staff.people() if desk.staff.standing(person) is Standing.ACTIVE]
    return render(
        request,
        "review.html",
        people=[person_out(desk, person) for person in active],
        may_sign=me.has(*_KEEPERS),
        **(known | more),
    )
