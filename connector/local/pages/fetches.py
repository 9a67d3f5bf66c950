"""My fetches, and one fetch: its progress, its result, the document in the page.

What is shown of a fetch is `views.fetch_out`'s, as in the API. The page follows the same events; where a script runs,
the parts of the page that changed are put in place as they come, and without one the page loads itself again.
"""

from typing import Any, Final

from aiohttp import web

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.fetch import Fetch, Reply
from connector.core.members import MemberId
from connector.core.people import Person
from connector.core.states import FETCH_READABLE, FETCH_RUNNING, FetchState
from connector.local.answers import FetchOut
from connector.local.bodies import sha256_of
from connector.local.desk import desk_of
from connector.local.fetches import fetch_id_of
from connector.local.guards import PORTS, language_of
from connector.local.pages.answers import see_other
from connector.local.pages.rendering import render
from connector.local.sign_in.session import BY_ITSELF, require
from connector.local.views import fetch_out

PAGE: Final = 25
TONES: Final[dict[Reply, str]] = {
    Reply.PENDING: "live",
    Reply.ANNOUNCED: "good",
    Reply.WITHHELD: "",
    Reply.DEFERRED: "live",
    Reply.COULD_NOT_LOOK: "warn",
    Reply.REFUSED: "bad",
    Reply.LIMITED: "warn",
    Reply.UNAVAILABLE: "warn",
    Reply.UNREACHABLE: "warn",
    Reply.TOO_LATE: "warn",
    Reply.MISBEHAVED: "bad",
}
STATE_TONES: Final[dict[FetchState, str]] = {
    **dict.fromkeys(FetchState, ""),
    **dict.fromkeys((*FETCH_RUNNING, FetchState.CHOOSING), "live"),
    **dict.fromkeys(FETCH_READABLE, "good"),
    FetchState.NO_RECORD_GIVEN: "warn",
    FetchState.FAILED: "bad",
    FetchState.EXPIRED: "warn",
}
_CANCELLABLE: Final = FETCH_RUNNING | {FetchState.PREPARED, FetchState.CHOOSING}


async def listing(request: web.Request) -> web.Response:
    """`GET /fetches?before=`: those of whoever is signed in, the newest first."""
    before = request.query.get("before") or None
    found = await desk_of(request).list(PAGE + 1, before)
    language = language_of(request)
    return render(
        request,
        "fetches.html",
        fetches=[fetch_out(fetch, language) for fetch in found[:PAGE]],
        following=found[PAGE - 1].id if len(found) > PAGE else None,
        state_tones=STATE_TONES,
    )


async def show(request: web.Request) -> web.Response:
    """`GET /fetches/{id}?read=1`: with `read` the document stands in the page."""
    fetch = await desk_of(request).get(fetch_id_of(request))
    read = "&read=1" if request.query.get("read") == "1" else ""
    renewed_at = f"/fetches/{fetch.id}?{BY_ITSELF}=1{read}"
    return render(request, "fetch_one.html", renewed_at=renewed_at, **_context(request, fetch))


async def parts(request: web.Request) -> web.Response:
    """`GET /fetches/{id}/parts`: the parts of the page that move, for the script that follows the events."""
    fetch = await desk_of(request).get(fetch_id_of(request))
    return render(request, "fetch_parts.html", **_context(request, fetch))


async def start(request: web.Request) -> web.Response:
    """`POST /fetches/{id}/start`: under the login of this session."""
    return to_read(await desk_of(request).start(fetch_id_of(request), require(request).auth))


async def choose(request: web.Request) -> web.Response:
    """`POST /fetches/{id}/choose`."""
    member = MemberId.parse(str((await request.post()).get("member", "")), strict=False)
    return to_read(await desk_of(request).choose(fetch_id_of(request), member))


async def cancel(request: web.Request) -> web.Response:
    """`POST /fetches/{id}/cancel`."""
    return _back(await desk_of(request).cancel(fetch_id_of(request)))


async def hand_on(request: web.Request) -> web.Response:
    """`POST /fetches/{id}/hand-on`: a named colleague may read; the choice holds people of this service only."""
    colleague = str((await request.post()).get("colleague", ""))
    if colleague not in {one.practitioner.value for one in _colleagues(request) if one.practitioner}:
        raise LocalRefused("colleague: none who may read", code=Code.LOCAL_FORBIDDEN, field="colleague")
    return _back(await desk_of(request).hand_on(fetch_id_of(request), colleague))


async def file(request: web.Request) -> web.Response:
    """`POST /fetches/{id}/file`: the document of which the page told, no other that came since."""
    sha256 = sha256_of(str((await request.post()).get("sha256", "")))
    return _back(await desk_of(request).file(fetch_id_of(request), sha256))


def to_read(fetch: Fetch) -> web.Response:
    """Go to the page of somebody who waits for the record, and is shown it also where it has come before the page."""
    return see_other(f"/fetches/{fetch.id}?read=1")


def _back(fetch: Fetch) -> web.Response:
    return see_other(f"/fetches/{fetch.id}")


def _context(request: web.Request, fetch: Fetch) -> dict[str, Any]:
    out = fetch_out(fetch, language_of(request))
    own = fetch.owner == require(request).practitioner_id
    readable = fetch.state in FETCH_READABLE and out.document is not None
    sha256 = (out.document.shown_sha256 or out.document.sha256) if out.document else ""
    return {
        "fetch": out,
        "tones": TONES,
        "state_tones": STATE_TONES,
        "running": fetch.state in FETCH_RUNNING or fetch.state is FetchState.WAITING,
        "readable": readable,
        "sha256": sha256,
        "reading": readable and request.query.get("read") == "1",
        "not_brought": [s for s in out.services if s.code and s.reply is Reply.ANNOUNCED] if readable else (),
        "own": own,
        "colleagues": _colleagues(request) if own and readable else (),
        "handed_to": [_name(request, reader) for reader in fetch.readers],
        "cancellable": own and fetch.state in _CANCELLABLE,
        "choosable": _choosable(fetch, out) if own else frozenset(),
        "offered": set(out.newest.members),
    }


def _colleagues(request: web.Request) -> list[Person]:
    """Give the people of this service who may read a whole DMST, but whoever is signed in."""
    ports, own = request.app[PORTS], require(request).person_id
    people = ports.sign_in.staff.people() if ports.sign_in is not None else ()
    return [
        person
        for person in people
        if person.id != own and person.practitioner and ports.practitioners.may_read(person.practitioner.value)
    ]


def _name(request: web.Request, practitioner_id: str) -> str:
    listed = request.app[PORTS].practitioners.get(practitioner_id)
    return listed.name if listed is not None else practitioner_id


def _choosable(fetch: Fetch, out: FetchOut) -> frozenset[str]:
    """Give the services whose announced record can be brought over now, beside the one that is here."""
    if fetch.state is not FetchState.CHOOSING and fetch.state not in FETCH_READABLE:
        return frozenset()
    here = out.document.member if out.document else None
    return frozenset(
        service.member for service in out.services if service.reply is Reply.ANNOUNCED and service.member != here
    )
