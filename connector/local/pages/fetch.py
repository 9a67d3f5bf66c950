"""The fetch page: whom it is about, whom to ask, how the worker was informed; then one button.

Every step also works without script, as a form that comes back with more filled in. `/fetch/label`, `/fetch/insi`,
`/fetch/verify`, `/fetch/services` and `/fetch/check` fill and never send; `POST /fetch` sends.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from connector.core.codes import Code
from connector.core.directory import Member, MemberStatus
from connector.core.errors import ConnectorError, LocalRefused
from connector.core.insi import SearchTraits
from connector.core.instant import day_in_france
from connector.core.matricule import Matricule
from connector.core.members import MemberId
from connector.core.ports import Idempotency, MemberDirectory, new_id
from connector.local import identity_words
from connector.local.desk import desk_of
from connector.local.guards import PORTS, SETTINGS, caller_of, language_of, log_refusal
from connector.local.identity_views import verify_out
from connector.local.intake import read_demand, read_worker
from connector.local.members import find_members
from connector.local.pages.answers import see_other
from connector.local.pages.errors import words_of_error
from connector.local.pages.fetch_form import MEANS, VISITS, WORKER_FIELDS, FetchForm, faults_of, iso_day
from connector.local.pages.fetches import to_read
from connector.local.pages.preparing import practitioners, prepare
from connector.local.pages.rendering import render
from connector.local.pages.texts import text
from connector.local.problems import CopyKept, FieldFaults
from connector.local.requests import ROLES
from connector.local.sign_in.acting import practitioner_of
from connector.local.sign_in.launching import launched_of
from connector.local.sign_in.session import require
from connector.local.statuses import status_of
from connector.local.views import fetch_out
from connector.local.words import Words

_LAST_FETCHES: Final = 20
_LAST_SERVICES: Final = 5
_FOUND: Final = 20


async def show(request: web.Request) -> web.Response:
    """`GET /fetch?launched=`: empty, or with what the vendor's software opened it with."""
    form = FetchForm(_fresh(request))
    if (draft := request.query.get("launched")) is None:
        return await _form(request, form)
    context, language = await launched_of(request, draft), language_of(request)
    if context is None:
        over = Words(text(language, "fetch.launch_over"), text(language, "fetch.launch_over_next"))
        return await _form(request, form, told=over, tone="warn")
    return await _form(request, form.with_stated(context.worker, context.services, context.visit))


async def send(request: web.Request) -> web.Response:
    """`POST /fetch`: keeps the fetch, starts it, and goes to its page; a second click gives the same fetch.

    Where a verified copy is kept, the page offers it instead; `again` names the copies to be deleted first.
    """
    ports = request.app[PORTS]
    form = FetchForm.read(await request.post(), _fresh(request))
    now = ports.clock.now()
    try:
        body = form.demand(now)
        new = read_demand(body, practitioner_of(request), settings=request.app[SETTINGS], now=now)
        key = Idempotency(caller=caller_of(request).name, key=form.once, body_sha256=form.digest())
        fetch = await desk_of(request).prepare(new, key, start=True, replaces=form.value("again").split())
    except CopyKept as found:
        return await _form(request, form, kept=found)
    except ConnectorError as error:
        if error.code is Code.LOCAL_CONFLICT:
            form = form.afresh(_fresh(request))
        return await _form(request, form, fault=error)
    return to_read(fetch)


async def prepare_for_a_day(request: web.Request) -> web.Response:
    """`POST /fetch/prepare`: keeps the fetch for a day, and goes to the work list."""
    sent = await request.post()
    form = FetchForm.read(sent, _fresh(request))
    try:
        fetch = await prepare(request, form, str(sent.get("day", "")), str(sent.get("practitioner", "")))
    except ConnectorError as error:
        if error.code is Code.LOCAL_CONFLICT:
            form = form.afresh(_fresh(request))
        return await _form(request, form, fault=error)
    return see_other(f"/worklist?day={fetch.planned_for}")


async def fill(request: web.Request) -> web.Response:
    """`POST /fetch/{what}`: one step of filling in; nothing is sent to any service."""
    form, what = FetchForm.read(await request.post(), _fresh(request)), request.match_info["what"]
    step = {"check": _check, "insi": _search_insi, "verify": _verify, "services": _search_services}.get(what)
    if step is None:
        raise LocalRefused("page: there is none of that name", code=Code.LOCAL_NOT_FOUND)
    try:
        return await step(request, form)
    except ConnectorError as error:
        return await _form(request, form, fault=error)


async def read_label(request: web.Request) -> web.Response:
    """`POST /fetch/label`: what a scanner typed, put into the form; a script of the page asks for it as JSON."""
    sent = await request.post()
    form = FetchForm(_fresh(request), services=tuple(str(one) for one in sent.getall("services", [])))
    as_json = "application/json" in request.headers.get("Accept", "")
    try:
        label = str(sent.get("label", ""))
        scanned = await request.app[PORTS].identities.read_label(label, caller_of(request).name)
    except ConnectorError as error:
        words = words_of_error(error, language_of(request))
        if as_json:
            return web.json_response({"ok": False, "text": str(words)}, status=status_of(error.code))
        return await _form(request, form, fault=error, fault_at="label")
    form = form.with_scanned(scanned)
    if as_json:
        # What the label does not say is empty: nothing of the worker who stood there before may stay beside it.
        return web.json_response({"ok": True, "values": {name: form.value(name) for name in WORKER_FIELDS}})
    return await _form(request, form)


async def check_ins(request: web.Request) -> web.Response:
    """`POST /fetch/ins`: whether what was typed so far may be a matricule; for the script of the page."""
    sent = await request.post()
    try:
        Matricule.parse(str(sent.get("matricule", "")))
    except ConnectorError:
        return web.json_response({"ok": False})
    return web.json_response({"ok": True})


async def _check(request: web.Request, form: FetchForm) -> web.Response:
    """The return key in a field comes here: it shows what is still wrong, and sends nothing."""
    read_demand(
        form.demand(request.app[PORTS].clock.now()),
        practitioner_of(request),
        settings=request.app[SETTINGS],
        now=request.app[PORTS].clock.now(),
    )
    complete = Words(text(language_of(request), "fetch.complete"), text(language_of(request), "fetch.complete_next"))
    return await _form(request, form, told=complete, tone="good")


async def _search_insi(request: web.Request, form: FetchForm) -> web.Response:
    question = SearchTraits.parse(
        birth_name=form.value("birth_name"),
        given_names=form.value("birth_given_names"),
        sex=form.value("sex"),
        birth_date=iso_day(form.value("birth_date")),
        birth_place=form.value("birth_place") or None,
    )
    found = await request.app[PORTS].identities.search(question, require(request).person_id)
    told = identity_words.of_answer(found.code, found.differing, language_of(request))
    if found.identity is None:
        return await _form(request, form, told=told, tone="warn")
    return await _form(request, form.with_found(found.identity, str(found.day)), told=told, tone="good")


async def _verify(request: web.Request, form: FetchForm) -> web.Response:
    ports, language = request.app[PORTS], language_of(request)
    today = day_in_france(ports.clock.now())
    worker = read_worker(form.worker(verified_on=today), request.app[SETTINGS])
    found = await ports.identities.verify(worker, require(request).person_id)
    shown = verify_out(found, language)
    if found.is_verified and shown.verified_on:
        form = form.with_values(verified_on=shown.verified_on)
    return await _form(request, form, told=Words(shown.text, shown.next), tone="good" if found.is_verified else "warn")


async def _search_services(request: web.Request, form: FetchForm) -> web.Response:
    settings = request.app[SETTINGS]
    found = find_members(request.app[PORTS].directory, settings.member, form.search)
    return await _form(request, form, found=found[:_FOUND], searched=True)


async def _form(
    request: web.Request,
    form: FetchForm,
    *,
    fault: ConnectorError | None = None,
    fault_at: str = "",
    told: Words | None = None,
    tone: str = "",
    found: Sequence[Member] = (),
    searched: bool = False,
    kept: CopyKept | None = None,
) -> web.Response:
    """Show the page: with what was filled in, what is wrong with it, or what a step found."""
    language, signed_in = language_of(request), require(request)
    faults = faults_of(fault) if fault is not None and not fault_at else (fault_at,) if fault_at else ()
    if fault is not None:
        log_refusal(request, fault.code, status_of(fault.code))
        told, tone = words_of_error(fault, language), "bad"
        if isinstance(fault, FieldFaults):
            told = Words(text(language, "fetch.incomplete"), "")
    settings = request.app[SETTINGS]
    return render(
        request,
        "fetch.html",
        status=status_of(fault.code) if fault is not None else HTTPStatus.OK,
        form=form,
        faults=faults,
        told=told,
        tone=tone,
        services=await _services(request, form, found),
        searched=searched,
        kept=fetch_out(kept.fetch, language) if kept is not None else None,
        kept_is_own=kept is not None and desk_of(request).steers(kept.fetch),
        again=" ".join((*kept.given_up, kept.fetch.id)) if kept is not None else "",
        max_services=settings.max_services,
        oids=settings.worker_oids,
        means=MEANS,
        visits=VISITS,
        informants=ROLES,
        own_id=signed_in.practitioner_id or "",
        practitioners=practitioners(request),
        today=day_in_france(request.app[PORTS].clock.now()),
    )


async def _services(request: web.Request, form: FetchForm, found: Sequence[Member]) -> list[dict[str, Any]]:
    """Give the services to choose from: those chosen, those found, then those that this person asked last."""
    directory, own = request.app[PORTS].directory, request.app[SETTINGS].member
    chosen = [member for text in form.services if (member := _member(directory, text))]
    last: list[Member] = []
    for fetch in await desk_of(request).list(_LAST_FETCHES, None):
        last += [member for reply in fetch.replies if (member := directory.get(reply.member))]
    known = {member.id: member for member in (*chosen, *found, *list(dict.fromkeys(last))[:_LAST_SERVICES])}
    return [
        {"member": member, "checked": member in chosen}
        for member in known.values()
        if member in chosen or (member.status is MemberStatus.ACTIVE and member.id != own)
    ]


def _member(directory: MemberDirectory, text: str) -> Member | None:
    try:
        return directory.get(MemberId.parse(text, strict=False))
    except ConnectorError:
        return None


def _fresh(request: web.Request) -> str:
    return new_id(request.app[PORTS].entropy)
