"""Operations of the identity desk: INSi, identities that are kept here, and the INS label. Identities stand in bodies.

Who asks is told in `by`; the API key says which software carried it.
"""

from collections.abc import Sequence
from http import HTTPStatus

from aiohttp import web

from connector.core import datamatrix
from connector.core.days import BirthDate, Day
from connector.core.errors import LocalRefused
from connector.core.identity import QualifiedIdentity
from connector.core.identity_rules import DocumentSeen
from connector.core.insi import SearchTraits, VitaleCard
from connector.core.kept_identity import KeptIdentity
from connector.core.matricule import Matricule
from connector.core.oid import check_real
from connector.core.spelling import normalise
from connector.core.traits import StrictTraits
from connector.local.bodies import answer, body_of, id_of
from connector.local.guards import PORTS, SETTINGS, caller_of, language_of
from connector.local.identity_answers import IdentityOut, IdentityPage, LabelWriteOut
from connector.local.identity_requests import (
    DocumentIn,
    IdentityFindIn,
    IdentityKeepIn,
    IdentityMoveIn,
    IdentitySearchIn,
    IdentityVerifyIn,
    LabelReadIn,
    LabelWriteIn,
    SearchedTraitsIn,
    StatedIdentityIn,
    TraitsIn,
    VitaleIn,
)
from connector.local.identity_views import identity_out, label_out, search_out, verify_out
from connector.local.intake import read_ins, read_worker
from connector.local.settings import LocalSettings
from connector.vigilance.desk import Move


async def search(request: web.Request) -> web.Response:
    """`POST /api/v1/identity/search`."""
    body, _ = await body_of(request, IdentitySearchIn)
    question = _searched(body.traits) if body.traits else _card(body.vitale)
    found = await request.app[PORTS].identities.search(question, body.by, fresh=body.fresh)
    return answer(request, search_out(found, language_of(request)))


async def verify(request: web.Request) -> web.Response:
    """`POST /api/v1/identity/verify`."""
    body, _ = await body_of(request, IdentityVerifyIn)
    identity = _stated(body.worker, request.app[SETTINGS])
    found = await request.app[PORTS].identities.verify(identity, body.by, fresh=body.fresh)
    return answer(request, verify_out(found, language_of(request)))


async def read_label(request: web.Request) -> web.Response:
    """`POST /api/v1/identity/label/read`."""
    body, _ = await body_of(request, LabelReadIn)
    scanned = await request.app[PORTS].identities.read_label(body.payload, caller_of(request).name)
    return answer(request, label_out(scanned))


async def write_label(request: web.Request) -> web.Response:
    """`POST /api/v1/identity/label/write`."""
    body, _ = await body_of(request, LabelWriteIn)
    settings = request.app[SETTINGS]
    worker = read_worker(body.worker, settings)
    check_real(worker.ins.oid, settings.environment)
    return answer(request, LabelWriteOut(payload=datamatrix.encode(worker)))


async def keep(request: web.Request) -> web.Response:
    """`POST /api/v1/identities`."""
    body, _ = await body_of(request, IdentityKeepIn)
    desk, caller = request.app[PORTS].identities, caller_of(request).name
    kept = await desk.keep(_traits(body.traits), body.by, body.reason, caller, body.attribute)
    shown = identity_out(kept, (), language_of(request))
    return answer(request, shown, status=HTTPStatus.CREATED, headers={"Location": f"/api/v1/identities/{kept.id}"})


async def find(request: web.Request) -> web.Response:
    """`POST /api/v1/identities/search`."""
    body, _ = await body_of(request, IdentityFindIn)
    found = await request.app[PORTS].identities.of_ins(read_ins(body.matricule, body.oid, request.app[SETTINGS]))
    return answer(request, IdentityPage(items=await _shown(request, found)))


async def show(request: web.Request) -> web.Response:
    """`GET /api/v1/identities/{id}`."""
    found = await request.app[PORTS].identities.get(_id(request))
    return answer(request, (await _shown(request, [found]))[0])


async def move(request: web.Request) -> web.Response:
    """`POST /api/v1/identities/{id}/moves`."""
    identity_id = _id(request)
    body, _ = await body_of(request, IdentityMoveIn)
    wished = Move(
        wish=body.move,
        by=body.by,
        reason=body.reason,
        document=_document(body.document) if body.document else None,
        accepting=tuple(body.accepting),
        attribute=body.attribute,
        traits=_traits(body.traits) if body.traits else None,
    )
    moved = await request.app[PORTS].identities.move(identity_id, wished, caller_of(request).name)
    return answer(request, (await _shown(request, [moved]))[0])


async def _shown(request: web.Request, found: Sequence[KeptIdentity]) -> list[IdentityOut]:
    desk, language = request.app[PORTS].identities, language_of(request)
    return [identity_out(kept, await desk.moves(kept.id), language) for kept in found]


def _id(request: web.Request) -> str:
    return id_of(request.match_info["id"], "identity")


def _searched(traits: SearchedTraitsIn) -> SearchTraits:
    return SearchTraits.parse(
        birth_name=traits.birth_name,
        given_names=traits.birth_given_names,
        sex=traits.sex,
        birth_date=traits.birth_date,
        birth_place=traits.birth_place,
    )


def _card(card: VitaleIn | None) -> VitaleCard:
    if card is None:
        raise LocalRefused("search: expected either traits or vitale")
    return VitaleCard(
        insured=Matricule.parse(card.insured),
        birth_date=BirthDate.parse(card.birth_date),
        rank=card.rank,
        individual=Matricule.parse(card.individual) if card.individual else None,
        birth_name=normalise(card.birth_name, field="birth name") if card.birth_name else None,
    )


def _stated(worker: StatedIdentityIn, settings: LocalSettings) -> QualifiedIdentity:
    traits = StrictTraits.parse(
        birth_name=worker.birth_name,
        birth_given_names=worker.birth_given_names,
        sex=worker.sex,
        birth_date=worker.birth_date,
        birth_place=worker.birth_place,
    )
    return QualifiedIdentity(read_ins(worker.matricule, worker.oid, settings), traits)


def _traits(traits: TraitsIn) -> StrictTraits:
    return StrictTraits.parse(**traits.model_dump())


def _document(document: DocumentIn) -> DocumentSeen:
    day = Day.parse(document.seen_on, field="seen on")
    return DocumentSeen(document.kind, document.nationality, day, document.further_proof)
