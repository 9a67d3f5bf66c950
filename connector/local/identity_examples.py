"""The examples of the identity desk's models, for the OpenAPI document."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from connector.local import identity_answers as answers
from connector.local import identity_requests as requests

_INS: Final = {"matricule": "279035121518989", "oid": "1.2.250.1.213.1.4.10"}
_TRAITS: Final = {
    "birth_name": "TCHITCHI",
    "birth_given_names": "CATARINA BELLA",
    "sex": "F",
    "birth_date": "1979-03-24",
    "birth_place": "51215",
}
_AT: Final = "2026-11-23T08:21:03Z"
_ID: Final = "6f1c0a52e0f94f1bb1f8b3f6f6a4d1c9"
_MESSAGE: Final = "8f0c2f7e-4f4e-4a55-9d0c-2d0a6f1a7f11"
_BY: Final = "secretariat-7"
_DOCUMENT: Final = {"kind": "CN", "nationality": "french", "seen_on": "2026-11-23", "further_proof": ""}
_IDENTITY: Final = {
    "id": _ID,
    "status": "QUAL",
    "attributes": [],
    "ins": _INS,
    "former": [],
    "traits": _TRAITS,
    "verified_on": "2026-11-23",
    "created_at": _AT,
    "by": _BY,
    "reason": "première visite",
    "moves": [
        {
            "kind": "validated",
            "at": _AT,
            "by": _BY,
            "reason": "carte présentée",
            "before": "RECUP",
            "after": "QUAL",
            "document": _DOCUMENT,
            "insi_message_id": "",
        }
    ],
    "text": "Identité qualifiée.",
    "next": "Rien à faire.",
}
_ALERT: Final = {
    "id": _ID,
    "state": "taken",
    "kind": "trait-differs",
    "meeting": "peer",
    "ins": _INS,
    "other": None,
    "differing": ["birth_date"],
    "peer": "318751275100020",
    "ref": "b" * 32,
    "first_at": _AT,
    "last_at": _AT,
    "count": 1,
    "handled": [{"state": "taken", "by": _BY, "at": _AT, "reason": ""}],
    "text": "Même INS, traits différents : date de naissance. Demande d'un autre service et votre logiciel.",
    "next": "Clôturez avec le motif, une fois l'identité vérifiée.",
}

IDENTITY_EXAMPLES: Final[Mapping[type[BaseModel] | str, Any]] = {
    requests.IdentitySearchIn: {"by": _BY, "traits": _TRAITS, "fresh": False},
    requests.IdentityVerifyIn: {"by": _BY, "worker": _INS | _TRAITS, "fresh": False},
    requests.IdentityKeepIn: {"traits": _TRAITS, "by": _BY, "reason": "première visite"},
    requests.IdentityMoveIn: {"move": "validate", "by": _BY, "reason": "carte présentée", "document": _DOCUMENT},
    requests.IdentityFindIn: _INS,
    requests.LabelReadIn: {"payload": "IS010000000000000000000000S1279035121518989S21.2.250.1.213.1.4.10S3…"},
    requests.LabelWriteIn: {"worker": _INS | _TRAITS | {"status": "qualified", "verified_on": "2026-11-23"}},
    requests.AlertTakeIn: {"by": _BY},
    requests.AlertCloseIn: {"by": _BY, "reason": "date corrigée d'après la carte d'identité"},
    answers.IdentitySearchOut: {
        "code": "00",
        "at": _AT,
        "message_id": _MESSAGE,
        "identity": _INS | _TRAITS | {"former": []},
        "differing": [],
        "text": "L'INSi connaît une personne avec ces traits.",
        "next": "Comparez ses traits avec une pièce d'identité à haut niveau de confiance avant de qualifier.",
    },
    answers.IdentityVerifyOut: {
        "result": "agrees",
        "method": "search",
        "at": _AT,
        "verified_on": "2026-11-23",
        "differing": [],
        "text": "INSi confirme l'identité.",
        "next": "Rien à faire.",
    },
    answers.IdentityOut: _IDENTITY,
    answers.IdentityPage: {"items": [_IDENTITY]},
    answers.LabelReadOut: _INS | _TRAITS,
    answers.LabelWriteOut: {"payload": "IS010000000000000000000000S1279035121518989S21.2.250.1.213.1.4.10S3…"},
    answers.AlertOut: _ALERT,
    answers.AlertPage: {"items": [_ALERT], "next": None},
    answers.ToQualifyPage: {
        "items": [
            _INS
            | {
                "status": "RECUP",
                "confirmed": True,
                "first_at": _AT,
                "last_at": _AT,
                "count": 2,
                "text": "Identité récupérée d'INSi, non contrôlée.",
                "next": "Contrôlez une pièce d'identité à haut niveau de confiance ; d'ici là l'INS ne sort pas.",
            }
        ]
    },
}
