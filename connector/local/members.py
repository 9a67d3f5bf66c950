"""Operations on services, and on the INS: what a person needs before a fetch can be prepared."""

import re
import unicodedata
from itertools import filterfalse
from typing import Final

from aiohttp import web

from connector.core.codes import Code
from connector.core.departements import DEPARTEMENTS
from connector.core.directory import Member, MemberStatus
from connector.core.errors import LocalRefused
from connector.core.members import MemberId
from connector.core.ports import MemberDirectory
from connector.local.answers import MemberPage
from connector.local.bodies import DEFAULT_PAGE, MAX_PAGE, answer, body_of, number_of, query_of
from connector.local.guards import PORTS, SETTINGS
from connector.local.intake import check_ins
from connector.local.requests import InsIn
from connector.local.views import member_out, probe_out

_NO_WORD: Final = re.compile(r"[^a-z0-9]+")


async def search(request: web.Request) -> web.Response:
    """`GET /api/v1/members`: the active members, this service itself left out."""
    query = query_of(request, "q", "departement", "limit")
    limit = number_of(query, "limit", DEFAULT_PAGE, lowest=1, highest=MAX_PAGE)
    directory, own = request.app[PORTS].directory, request.app[SETTINGS].member
    found = find_members(directory, own, query.get("q", ""), query.get("departement", ""))
    page = MemberPage(
        items=[member_out(member) for member in found[:limit]],
        more=len(found) > limit,
        directory=directory.version,
    )
    return answer(request, page)


def find_members(directory: MemberDirectory, own: MemberId, text: str, departement: str = "") -> list[Member]:
    """Give the active members but our own that fit the words, and serve the département where one is named."""
    wanted, place = _words(text), departement.upper()
    found = [
        member
        for member in directory.members()
        if member.status is MemberStatus.ACTIVE
        and member.id != own
        and (not place or place in member.departements)
        and _fits(member, wanted)
    ]
    return sorted(found, key=lambda member: (_words(member.name), member.id))


async def show(request: web.Request) -> web.Response:
    """`GET /api/v1/members/{id}`: of any status."""
    return answer(request, member_out(member_of(request)))


async def probe(request: web.Request) -> web.Response:
    """`POST /api/v1/members/{id}/probe`."""
    member = member_of(request)
    return answer(request, probe_out(member, await request.app[PORTS].prober.probe(member.id)))


async def check_identity(request: web.Request) -> web.Response:
    """`POST /api/v1/ins/check`."""
    body, _ = await body_of(request, InsIn)
    return answer(request, check_ins(body, request.app[SETTINGS]))


def member_of(request: web.Request) -> Member:
    """Give the member that the path names.

    Raises:
        LocalRefused: `local.not_found`.
    """
    member = request.app[PORTS].directory.get(MemberId.parse(request.match_info["id"], strict=False))
    if member is None:
        raise LocalRefused(
            "service: the member directory has none of that id",
            code=Code.LOCAL_NOT_FOUND,
            hint="search by name or town: GET /api/v1/members?q=",
        )
    return member


def _words(text: str) -> list[str]:
    """Give the words of a text without accents, case and ligatures."""
    letters = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe").replace("æ", "ae"))
    return [word for word in _NO_WORD.split("".join(filterfalse(unicodedata.combining, letters))) if word]


def _fits(member: Member, wanted: list[str]) -> bool:
    """Whether each wanted word begins a word of the member's names, towns, sectors or départements, or of its id."""
    places = [DEPARTEMENTS.get(number, "") for number in member.departements]
    told = (*member.former_names, *member.acronyms, *member.towns, *member.sectors, *member.departements, *places)
    known = [word for text in (member.name, *told) for word in _words(text)]
    known.append(member.id.value.lower())
    return all(any(word.startswith(part) for word in known) for part in wanted)
