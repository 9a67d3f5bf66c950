"""The demand of a mandate as JSON claims and back: which claims each kind has, and their shapes (PROTOCOL section 3).

One table, `needed`, serves both sides: what the requester must say and what the holder must find. Signing, and the
claims that bind a mandate to its moment and connection, are `wire.mandate`.
"""

from collections.abc import Callable
from typing import Any, Final

from connector.core.coded import PURPOSE_PROBE, Coded
from connector.core.codes import Code
from connector.core.errors import IdentityFault
from connector.core.identity import QualifiedIdentity
from connector.core.mandate import (
    Auth,
    AuthLevel,
    AuthMeans,
    FollowUp,
    FollowUpBasis,
    Information,
    InformationMeans,
    Kind,
    MandateDraft,
    Practitioner,
    VisitKind,
)
from connector.core.matricule import Ins, Matricule
from connector.core.members import MemberId
from connector.core.oid import InsOid
from connector.core.practitioner_id import PractitionerId
from connector.core.traits import TRAIT_NAMES, StrictTraits
from connector.wire import b64
from connector.wire.claims import Claims

ABOUT_A_PERSON: Final = ("practitioner", "worker", "information", "follow_up")
"""A probe is about nobody: it has none of these, and one that has is refused (PROTOCOL section 1)."""

_ALWAYS: Final = ("purpose", "document_type", "fetch_requested_at", "unattended")
_NEEDED: Final = {
    Kind.LOOKUP: ("lookup_id", *ABOUT_A_PERSON, *_ALWAYS),
    Kind.HANDOVER: ("lookup_id", "announcement_id", *ABOUT_A_PERSON, *_ALWAYS),
    Kind.READ: ("handover_id", "sha256", "practitioner", *_ALWAYS),
}
_NEEDED_BY_PROBE: Final = {
    kind: tuple(name for name in names if name not in ABOUT_A_PERSON) for kind, names in _NEEDED.items()
}
_PRACTITIONER_ID: Final = "a PS_IdNat: 8 and the RPPS number, or 3 or 5 and a register number"


def needed(kind: Kind, purpose: Coded) -> tuple[str, ...]:
    """Name the claims of the demand that a mandate of that kind and purpose has."""
    return (_NEEDED_BY_PROBE if purpose == PURPOSE_PROBE else _NEEDED)[kind]


def write_demand(draft: MandateDraft) -> dict[str, Any]:
    """Give the claims of a demand, those of its kind only.

    Raises:
        ValueError: the draft lacks what its kind needs, or is a probe about somebody.
    """
    values: dict[str, Any] = {
        "lookup_id": draft.lookup_id,
        "announcement_id": draft.announcement_id,
        "handover_id": draft.handover_id,
        "sha256": _written(b64.encode, draft.document_sha256),
        "practitioner": _written(_write_practitioner, draft.practitioner),
        "worker": _written(_write_worker, draft.worker),
        "information": _written(_write_information, draft.information),
        "follow_up": _written(_write_follow_up, draft.follow_up),
        "purpose": draft.purpose.to_json(),
        "document_type": draft.document_type.to_json(),
        "fetch_requested_at": draft.fetch_requested_at,
        "unattended": draft.unattended,
    }
    names = needed(draft.kind, draft.purpose)
    for name in names:
        if values[name] is None:
            raise ValueError(f"mandate draft of kind {draft.kind} lacks {name}")
    for name in ABOUT_A_PERSON if draft.is_probe else ():
        if values[name] is not None:
            raise ValueError(f"mandate draft of a probe has {name}")
    return {name: values[name] for name in names}


def read_demand(claims: Claims, *, kind: Kind, issuer: MemberId, audience: MemberId) -> MandateDraft:
    """Read the demand; claims that the kind has not are ignored.

    Raises:
        ClaimFault: a claim that is missing or wrong, or a probe about somebody.
        IdentityFault: `identity.malformed`, `identity.oid`, `identity.not_qualified`.
    """
    purpose = claims.coded("purpose")
    readers = _READERS
    if purpose == PURPOSE_PROBE:
        readers = _READERS_OF_PROBE
        for name in ABOUT_A_PERSON:
            if claims.has(name):
                raise claims.fault(name, "nothing: a probe is about nobody")
    values: dict[str, Any] = {field: read(claims, name) for name, field, read in readers[kind]}
    return MandateDraft(kind=kind, issuer=issuer, audience=audience, purpose=purpose, **values)


def _written(write: Callable[[Any], Any], value: object) -> object:
    return None if value is None else write(value)


def _write_practitioner(practitioner: Practitioner) -> dict[str, Any]:
    auth = practitioner.auth
    return {
        "id": practitioner.id.value,
        "name": practitioner.name,
        "profession": practitioner.profession.to_json(),
        "auth": {"means": auth.means.value, "level": auth.level.value, "at": auth.at},
    }


def _write_worker(worker: QualifiedIdentity) -> dict[str, Any]:
    ins = worker.ins
    return {"matricule": ins.matricule.value, "oid": ins.oid.value, **worker.traits.to_json()}


def _write_information(information: Information) -> dict[str, Any]:
    return {"at": information.at, "by": information.by, "means": information.means.value}


def _write_follow_up(follow_up: FollowUp) -> dict[str, Any]:
    return {"basis": follow_up.basis.value, "visit": follow_up.visit.value}


def _read_practitioner(claims: Claims, name: str) -> Practitioner:
    practitioner = claims.object(name)
    auth = practitioner.object("auth")
    text = practitioner.string("id", _PRACTITIONER_ID)
    try:
        identifier = PractitionerId(text)
    except IdentityFault:
        # `identity.*` speaks of the worker's identity (PROTOCOL section 4).
        raise practitioner.fault("id", _PRACTITIONER_ID) from None
    return Practitioner(
        id=identifier,
        name=practitioner.text("name"),
        profession=practitioner.coded("profession"),
        auth=Auth(auth.choice("means", AuthMeans), auth.choice("level", AuthLevel), auth.instant("at")),
    )


def _read_worker(claims: Claims, name: str) -> QualifiedIdentity:
    worker = claims.object(name)
    matricule, written_oid = worker.string("matricule"), worker.string("oid")
    oid = InsOid.parse(written_oid)
    if oid.value != written_oid:
        raise IdentityFault(
            Code.IDENTITY_OID, field="worker oid", got="the form of a URN", expected="the OID by itself"
        )
    traits = worker.strings(TRAIT_NAMES)
    return QualifiedIdentity(Ins(Matricule(matricule), oid), StrictTraits.from_json(traits))


def _read_information(claims: Claims, name: str) -> Information:
    information = claims.object(name)
    return Information(information.instant("at"), information.text("by"), information.choice("means", InformationMeans))


def _read_follow_up(claims: Claims, name: str) -> FollowUp:
    follow_up = claims.object(name)
    return FollowUp(follow_up.choice("basis", FollowUpBasis), follow_up.choice("visit", VisitKind))


_Reader = Callable[[Claims, str], Any]
_FIELDS: Final[dict[str, tuple[str, _Reader]]] = {
    "lookup_id": ("lookup_id", Claims.id),
    "announcement_id": ("announcement_id", Claims.id),
    "handover_id": ("handover_id", Claims.id),
    "sha256": ("document_sha256", Claims.sha256),
    "practitioner": ("practitioner", _read_practitioner),
    "worker": ("worker", _read_worker),
    "information": ("information", _read_information),
    "follow_up": ("follow_up", _read_follow_up),
    "document_type": ("document_type", Claims.coded),
    "fetch_requested_at": ("fetch_requested_at", Claims.instant),
    "unattended": ("unattended", Claims.flag),
}
"""For each claim its field of the draft and how it is read; `purpose` is read before: it says which others are."""


def _readers(names: tuple[str, ...]) -> tuple[tuple[str, str, _Reader], ...]:
    return tuple((name, *_FIELDS[name]) for name in names if name != "purpose")


_READERS: Final = {kind: _readers(names) for kind, names in _NEEDED.items()}
_READERS_OF_PROBE: Final = {kind: _readers(names) for kind, names in _NEEDED_BY_PROBE.items()}
