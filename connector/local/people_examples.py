"""The examples of the models about people, for the OpenAPI document."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from connector.local import people_models as models

_ID: Final = "6f1c0a52e0f94f1bb1f8b3f6f6a4d1c9"
_BY: Final = "Camille Exemple, responsable informatique"
_SUBJECT: Final = {"provider": "entra", "id": "0b5e2f0c-6a1d-4b7f-9c3e-8d2a1f6b4c5d"}
_PERSON: Final = {
    "id": _ID,
    "name": "Dominique Essai",
    "roles": ["physician"],
    "practitioner": "899700366240",
    "subjects": [_SUBJECT],
    "vouched_level": "low",
    "standing": "active",
    "ends_on": "2027-06-30",
    "suspended_at": None,
    "added_at": "2026-11-23T08:21:03Z",
    "local_account": False,
}

PEOPLE_EXAMPLES: Final[Mapping[type[BaseModel] | str, Any]] = {
    models.SubjectOut: _SUBJECT,
    models.PersonOut: _PERSON,
    models.PeoplePage: {"items": [_PERSON]},
    models.PersonIn: {
        "by": _BY,
        "name": "Dominique Essai",
        "roles": ["physician"],
        "practitioner": "899700366240",
        "subjects": [_SUBJECT],
        "ends_on": "2027-06-30",
    },
    models.PersonChangeIn: {"by": _BY, "roles": ["physician", "dpo"]},
    models.PersonStepIn: {"by": _BY},
    models.PersonEndIn: {"by": _BY, "ends_on": "2027-06-30"},
    models.ReviewIn: {"by": _BY, "confirmed": [_ID], "note": "Revue annuelle"},
    models.EnrolmentOut: {"code": "7QXW-M2LA-PBZC-44TK", "ends_at": "2026-11-24T08:21:03Z"},
    models.LaunchTokenIn: {"token": "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJkbXN0In0.c2lnbmF0dXJl"},
    models.LaunchAddressOut: {
        "path": "/launch/7QXWM2LAPBZC44TK7QXWM2LAPBZC44TK7QXWM2LAPBZ",
        "ends_at": "2026-11-23T08:26:03Z",
    },
    models.ReviewedOut: {"confirmed": 1},
}
