"""The examples of the models about limits and proposals, for the OpenAPI document."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from connector.local import trust_answers as answers
from connector.local import trust_requests as requests

_ID: Final = "6f1c0a52e0f94f1bb1f8b3f6f6a4d1c9"
_MEMBER: Final = "318751275100020"
_AT: Final = "2026-11-23T08:21:03Z"
_BY: Final = "Camille Exemple, responsable informatique"
_REASON: Final = "Appel au service : une importation de matricules erronée, corrigée."
_BLOCK: Final = {
    "id": _ID,
    "member": _MEMBER,
    "rule": "pattern",
    "since": _AT,
    "person": True,
    "ref": "0b5e2f0c6a1d4b7f9c3e8d2a1f6b4c5d",
}
_LIMITS: Final = {
    "member": _MEMBER,
    "name": "Santé au travail des Trois Vallées",
    "size_class": "M",
    "limits": {"per_minute": 20, "per_day": 500, "misses_per_day": 30},
    "own_numbers": False,
    "lookups": 41,
    "hits": 17,
    "misses": 24,
    "probes": 1,
    "slowed": False,
    "blocks": [_BLOCK],
}
_PROPOSAL: Final = {
    "id": "c1d2e3f405162738495a6b7c8d9eafb0",
    "kind": "lift-block",
    "at": _AT,
    "expires_at": "2026-11-24T08:21:03Z",
    "by": _BY,
    "key": "console",
    "reason": _REASON,
    "subject": {"block": _ID},
}

TRUST_EXAMPLES: Final[Mapping[type[BaseModel] | str, Any]] = {
    answers.BlockOut: _BLOCK,
    answers.BlocksOut: {"items": [_BLOCK]},
    answers.LimitsOut: _LIMITS,
    answers.ProposalOut: _PROPOSAL,
    answers.ProposalsOut: {"items": [_PROPOSAL]},
    answers.ConfirmedOut: {"proposal": _PROPOSAL, "result": {"block": _ID, "member": _MEMBER}},
    requests.LimitsIn: {"by": _BY, "reason": _REASON, "per_day": 800},
    requests.ProposalIn: {"kind": "lift-block", "by": _BY, "reason": _REASON, "block": _ID},
    requests.ConfirmIn: {"by": "Dominique Modèle, déléguée à la protection des données"},
    requests.WithdrawIn: {"by": _BY},
}
