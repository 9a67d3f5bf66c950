"""The examples of the models about evidence and reports, for the OpenAPI document."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from connector.local import evidence_answers as answers
from connector.local import evidence_requests as requests

_ID: Final = "6f1c0a52e0f94f1bb1f8b3f6f6a4d1c9"
_MEMBER: Final = "318751275100020"
_AT: Final = "2026-11-23T08:21:03Z"
_HASH: Final = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
_WORKER: Final = "1.2.250.1.213.1.4.10|279035121518989"
_BY: Final = "Dominique Modèle, déléguée à la protection des données"
_ORIGIN: Final = f"{_MEMBER}/exchange/1"
_WITNESS: Final = {
    "witness": "1750712184",
    "at": "2026-11-24T03:00:00Z",
    "size": 52,
    "line": "— 1750712184/witness AAAAAAAAAAAAAAAAAAAAAAAA",
}
_PROOF: Final = {
    "origin": _ORIGIN,
    "index": 41,
    "type": "answered",
    "at": _AT,
    "leaf": _HASH,
    "path": [_HASH],
    "size": 42,
    "checkpoint": f"{_ORIGIN}\n42\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— {_ORIGIN} AAAA\n",
    "destroyed": False,
    "witnesses": [_WITNESS],
}
_ACCESS: Final = {
    "at": _AT,
    "what": "asked",
    "who": "Dr LEFEVRE Claire",
    "who_id": "899700366240",
    "service": _MEMBER,
    "purpose": "COC",
    "visit": "initial",
    "basis": "known-locally",
    "reason": None,
    "outcome": None,
    "tree": "exchange",
    "index": 40,
}
_DOCUMENT: Final = {
    "at": _AT,
    "way": "sent",
    "handover_id": _ID,
    "sha256": _HASH,
    "outcome": None,
    "worker": _WORKER,
    "index": 44,
}
_COUNT: Final = {"type": "release", "outcome": None, "count": 1}
_PRACTITIONER: Final = {"id": "899700366240", "name": "Dr LEFEVRE Claire", "side": "theirs", "entries": 3}
_REVIEWED: Final = {
    "id": "899700366240",
    "name": "Dr LEFEVRE Claire",
    "member": None,
    "asked": 31,
    "mean_before": 12.3,
    "misses": 4,
    "refused": 0,
    "opposed": 0,
    "declared": 2,
    "unattended": 1,
    "out_of_hours": 0,
    "repeated": 0,
    "brought": 25,
    "unopened": 1,
    "marks": ["volume", "unopened"],
}
_SIGNATURE: Final = {"by": _BY, "at": "2026-12-02T09:00:00Z", "index": 311}

EVIDENCE_EXAMPLES: Final[Mapping[type[BaseModel] | str, Any]] = {
    answers.WitnessOut: _WITNESS,
    answers.ProofOut: _PROOF,
    answers.AccessOut: _ACCESS,
    answers.WorkerReportOut: {
        "made_at": _AT,
        "member": _MEMBER,
        "worker": _WORKER,
        "known_as": [_WORKER],
        "rows": [_ACCESS],
    },
    answers.EntryCountOut: _COUNT,
    answers.PeerDocumentOut: _DOCUMENT,
    answers.PeerPractitionerOut: _PRACTITIONER,
    answers.PeerReportOut: {
        "member": _MEMBER,
        "since": "2026-11-01T00:00:00Z",
        "entries": [_COUNT],
        "documents": [_DOCUMENT],
        "practitioners": [_PRACTITIONER],
        "workers": 1,
        "destroyed": 0,
    },
    answers.PractitionerReviewOut: _REVIEWED,
    answers.SignatureOut: _SIGNATURE,
    answers.ReviewOut: {"month": "2026-10", "practitioners": [_REVIEWED], "signed": [_SIGNATURE]},
    requests.SignReviewIn: {"by": _BY},
    requests.SealIn: {"report_sha256": _HASH, "peer": _MEMBER, "by": _BY},
    answers.SealOut: {"seal": "eyJ0eXAiOiJhY2NlcHRhbmNlK2p3dCJ9.e30.AAAA"},
    "application/x-ndjson": f'{{"tree":"exchange","index":41,"type":"answered","at":"{_AT}"}}\n',
}
