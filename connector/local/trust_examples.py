"""The examples of the models about limits and proposals, for the OpenAPI document."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from connector.local import trust_answers as answers
from connector.local import trust_requests as requests
from connector.local import witness_answers

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

_ORIGIN: Final = "318751275100020/exchange/1"
_NOTE: Final = (
    f"{_ORIGIN}\n214\n"
    "7h0kKcXg5Vn0n8tXo1wTz6q3p2b9m4c1d0e5f6a7b8w=\n\n"
    f"— {_ORIGIN} AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
)
_WITNESSES: Final = {
    "behind": "",
    "asked_at": _AT,
    "answered_at": _AT,
    "statements": [
        {
            "witness": "1540002698",
            "name": "Santé au travail du Littoral",
            "tree": "exchange",
            "origin": "318751275100038/exchange/1",
            "size": 1024,
            "at": _AT,
            "age_s": 3600,
        }
    ],
    "heads": [
        {
            "member": _MEMBER,
            "name": "Santé au travail des Trois Vallées",
            "tree": "exchange",
            "origin": _ORIGIN,
            "size": 214,
            "at": _AT,
        }
    ],
    "faults": [
        {
            "member": _MEMBER,
            "name": "Santé au travail des Trois Vallées",
            "kind": "shortened",
            "text": f"{_ORIGIN} had signed 220 entries and shows 214: an old copy of it, or its end was cut",
            "origin": _ORIGIN,
            "at": _AT,
            "known": _NOTE.replace("\n214\n", "\n220\n"),
            "shown": _NOTE,
            "told_by": None,
        }
    ],
    "gaps": [
        {
            "member": _MEMBER,
            "name": "Santé au travail des Trois Vallées",
            "at": _AT,
            "old": _ORIGIN,
            "last": _NOTE,
            "new": "318751275100020/exchange/2",
            "first": _NOTE.replace("exchange/1", "exchange/2"),
            "reason": "Disque remplacé ; sauvegarde du 3 novembre restaurée",
            "highest": _NOTE.replace("\n214\n", "\n220\n"),
        }
    ],
}

TRUST_EXAMPLES: Final[Mapping[type[BaseModel] | str, Any]] = {
    witness_answers.WitnessesOut: _WITNESSES,
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
