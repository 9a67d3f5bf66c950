"""One example for each model and media type of the OpenAPI document. The persons are the ANS's test persons.

Tests put every example through its model, so that an example that no longer fits fails.
"""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from connector.local import answers, membership_answers, register_answers, requests, system_answers
from connector.local.evidence_examples import EVIDENCE_EXAMPLES
from connector.local.identity_examples import IDENTITY_EXAMPLES
from connector.local.people_examples import PEOPLE_EXAMPLES
from connector.local.trust_examples import TRUST_EXAMPLES

_FETCH_ID: Final = "6f1c0a52e0f94f1bb1f8b3f6f6a4d1c9"
_LOOKUP_ID: Final = "0b5e2f0c6a1d4b7f9c3e8d2a1f6b4c5d"
_A, _B = "318751275100020", "1750712184"
_HASH: Final = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"

_MEMBER: Final = {
    "id": _A,
    "name": "Santé au travail des Trois Vallées",
    "former_names": ["AMET des Trois Vallées"],
    "towns": ["Albertville", "Moûtiers"],
    "departements": ["73"],
    "status": "active",
    "contact": "04 00 00 00 00",
}
_NEW_FETCH: Final = {
    "worker": {
        "matricule": "279035121518989",
        "oid": "1.2.250.1.213.1.4.10",
        "birth_name": "PAT-TROIS",
        "birth_given_names": "DOMINIQUE MARIE-LOUISE",
        "sex": "F",
        "birth_date": "1979-03-28",
        "birth_place": "51215",
        "status": "qualified",
        "verified_on": "2026-09-14",
    },
    "practitioner": {
        "id": "899700366240",
        "auth": {"means": "vendor", "level": "low", "at": "2026-11-23T08:02:11Z"},
    },
    "services": [_A, _B],
    "information": {
        "at": "2026-11-23T09:20:00+01:00",
        "by": "physician",
        "means": "oral",
        "worker_does_not_object": True,
    },
    "follow_up": {"visit": "initial"},
}
_BLOCK: Final = {
    "member": _A,
    "name": "Santé au travail des Trois Vallées",
    "reason": "key-stolen",
    "since": "2026-11-23T09:20:00Z",
    "by": "operations",
}
_DIRECTORY: Final = {
    "version": "tuf:12.345.47DEQpj8HBSa-_TImW-5JA",
    "signed": True,
    "freshness": "fresh",
    "message": "",
    "ends_at": "2026-11-30T09:00:00Z",
    "refreshed_at": "2026-11-23T09:15:00Z",
    "copies": 5,
    "members": {"active": 3, "mail-only": 1},
    "findings": [],
    "differences": [],
    "blocks": [_BLOCK],
}
_SERVICES: Final = [
    {
        "member": _A,
        "name": "Santé au travail des Trois Vallées",
        "lookup_id": _LOOKUP_ID,
        "reply": "announced",
        "text": "Santé au travail des Trois Vallées a un dossier dont le dernier acte de santé est du 12/05/2026.",
        "next": "",
        "code": None,
        "detail": "",
        "last_act_on": "2026-05-12",
        "updated_at": "2026-05-13T06:00:00Z",
        "summary": False,
        "elapsed_ms": 84,
        "ask_again_at": None,
    },
    {
        "member": _B,
        "name": "Prévention Seine",
        "lookup_id": "c1d2e3f405162738495a6b7c8d9eafb0",
        "reply": "withheld",
        "text": "Prévention Seine n'a transmis aucun dossier. Cela ne veut pas dire qu'il n'en existe pas.",
        "next": "Vous pouvez interroger le travailleur, ou ce service par courrier ou messagerie sécurisée.",
        "code": None,
        "detail": "",
        "last_act_on": None,
        "updated_at": None,
        "summary": None,
        "elapsed_ms": 203,
        "ask_again_at": None,
    },
]
_FETCH: Final = {
    "id": _FETCH_ID,
    "state": "ready",
    "text": "Le dossier est arrivé et vérifié.",
    "next": "Vous pouvez le lire, l'imprimer ou le classer.",
    "code": None,
    "detail": "",
    "created_at": "2026-11-23T08:21:03Z",
    "started_at": "2026-11-23T08:21:03Z",
    "expires_at": "2026-11-30T08:21:05Z",
    "planned_for": None,
    "lookup_only": False,
    "unattended": False,
    "practitioner": {"id": "899700366240", "name": "Dr Exemple"},
    "worker": {
        "birth_name": "PAT-TROIS",
        "birth_given_names": "DOMINIQUE MARIE-LOUISE",
        "birth_date": "1979-03-28",
    },
    "services": _SERVICES,
    "newest": {
        "members": [_A],
        "last_act_on": "2026-05-12",
        "answered": 2,
        "asked": 2,
        "text": "le plus récent de 2 services ayant répondu sur 2",
    },
    "chosen": _A,
    "document": {
        "member": _A,
        "name": "Santé au travail des Trois Vallées",
        "last_act_on": "2026-05-12",
        "updated_at": "2026-05-13T06:00:00Z",
        "arrived_at": "2026-11-23T08:21:05Z",
        "first_opened_at": None,
        "purge_at": "2026-11-30T08:21:05Z",
        "content_type": "application/pdf",
        "size": 184320,
        "sha256": _HASH,
        "shown_size": 183902,
        "shown_sha256": _HASH,
        "findings": [{"kind": "scripts", "count": 1, "handling": "strip", "text": "scripts"}],
        "receipt": {
            "sha256": _HASH,
            "issuer": _A,
            "issued_at": "2026-11-23T08:21:04Z",
            "leaf_index": 1041,
            "ledger": f"{_A}/exchange/1",
            "ledger_size": 1042,
        },
    },
    "steps_ms": {"asking": 211, "handover": 655, "download": 120},
    "readers": [],
}
_ENTRY: Final = {
    "tree": "exchange",
    "index": 41,
    "type": "asked",
    "at": "2026-11-23T08:21:03Z",
    "peer": _A,
    "outcome": None,
    "reason": None,
    "ref": _LOOKUP_ID,
    "document_sha256": None,
    "leaf_hash": _HASH,
    "destroyed": False,
    "destroyed_at": None,
    "destroyed_by": None,
    "personal": None,
}
_OPPOSITION: Final = {
    "id": _FETCH_ID,
    "matricule": "279035121518989",
    "oid": "1.2.250.1.213.1.4.10",
    "kind": "2",
    "on": "2026-11-20",
    "means": "oral",
    "by": "physician",
    "recorded_at": "2026-11-23T08:21:03Z",
    "recorded_by": "dmst-software",
    "stands": True,
    "lifted": None,
    "to_enter": "objection",
    "text": "Le travailleur s'oppose.",
    "next": "À saisir dans votre logiciel : le travailleur s'oppose.",
}
_COVERAGE: Final = {
    "last": {
        "at": "2026-11-23T01:00:04Z",
        "workers": 106000,
        "with_ins": 98000,
        "qualified": 91000,
        "opposition_known": 90000,
        "document_available": 88000,
        "answerable": 84800,
        "answerable_at_most": False,
        "share": 0.8,
        "fault": "",
        "lacking": [
            {
                "lack": "no_document",
                "workers": 18000,
                "text": "sans document communicable",
                "next": "Préparez la version communicable dans votre logiciel.",
            }
        ],
    },
    "low": False,
    "warn_below": 0.5,
    "since": "2026-10-24T08:21:03Z",
    "withheld": [
        {
            "reason": "no_local_worker",
            "count": 41,
            "text": "Votre logiciel ne connaît personne sous cet INS.",
            "next": "Rien à faire si le travailleur n'a jamais été suivi ici.",
        }
    ],
    "could_not_look": [],
}
_CHECK: Final = {"name": "ledger", "ok": True, "detail": "", "remedy": ""}
_EVENT: Final = (
    "id: 2\nevent: service\n"
    'data: {"number":2,"at":"2026-11-23T08:21:03Z","kind":"service","text":"…","next":"","data":{"reply":"announced"}}'
    "\n\n"
)

EXAMPLES: Final[Mapping[type[BaseModel] | str, Any]] = {
    **EVIDENCE_EXAMPLES,
    **IDENTITY_EXAMPLES,
    **TRUST_EXAMPLES,
    **PEOPLE_EXAMPLES,
    requests.NewFetchIn: _NEW_FETCH,
    requests.ChooseIn: {"member": _A},
    requests.HandOnIn: {"colleague": "899700218896"},
    requests.InsIn: {"matricule": "2 79 03 51 215 189", "key": "89"},
    requests.JournalSearchIn: {"matricule": "279035121518989", "oid": "1.2.250.1.213.1.4.10"},
    requests.ObjectionIn: {
        "matricule": "279035121518989",
        "oid": "1.2.250.1.213.1.4.10",
        "kind": "2",
        "on": "2026-11-20",
        "means": "oral",
        "by": "physician",
        "tell_sink": True,
        "check_only": False,
    },
    requests.LiftIn: {"on": "2026-11-23", "means": "written", "by": "physician", "tell_sink": True},
    requests.WorkerSearchIn: {"matricule": "279035121518989", "oid": "1.2.250.1.213.1.4.10"},
    register_answers.OppositionOut: _OPPOSITION,
    register_answers.OppositionPage: {"items": [_OPPOSITION], "next": None, "authority": "both"},
    register_answers.OppositionAddedOut: {
        "result": "kept",
        "opposition": _OPPOSITION,
        "told_to_sink": False,
        "authority": "both",
    },
    register_answers.CoverageOut: _COVERAGE,
    answers.FetchOut: _FETCH,
    answers.PreparedOut: {"items": [_FETCH]},
    answers.FetchPage: {"items": [_FETCH], "next": None},
    answers.MemberOut: _MEMBER,
    answers.MemberPage: {"items": [_MEMBER], "more": False, "directory": f"file:{_HASH}"},
    answers.InsOut: {
        "ok": False,
        "code": "identity.malformed",
        "field": "matricule",
        "got": "a key that does not match the 13 characters before it",
        "expected": "97 minus their value modulo 97",
        "hint": "compare it with the document it was copied from",
    },
    answers.JournalEntryOut: _ENTRY | {"personal": {"practitioner": "899700366240"}},
    answers.JournalPage: {"items": [_ENTRY], "next": "41"},
    answers.JournalReportOut: {
        "ok": True,
        "trees": [
            {
                "tree": "exchange",
                "origin": f"{_A}/exchange/1",
                "size": 1042,
                "ok": True,
                "faults": [],
            }
        ],
    },
    requests.BlockIn: {"reason": "key-stolen"},
    requests.PauseIn: {"reason": "maintenance"},
    membership_answers.MembershipOut: _DIRECTORY,
    membership_answers.RefreshOut: {
        "changed": True,
        "refused": [
            {"source": _A, "refusal": "frozen", "detail": "timestamp 41: others go on, this copy has stood still"}
        ],
        "directory": _DIRECTORY,
    },
    membership_answers.BlockedOut: {"result": "blocked", "block": _BLOCK},
    membership_answers.AnsweringOut: {
        "paused": True,
        "reason": "maintenance",
        "since": "2026-11-23T09:20:00Z",
        "by": "operations",
    },
    system_answers.StatusOut: {
        "member": _B,
        "name": "Prévention Seine",
        "environment": "test",
        "ready": True,
        "started_at": "2026-11-23T06:00:00Z",
        "checks": [_CHECK],
        "certificates": [{"use": "server", "ends_at": "2028-01-01T00:00:00Z", "days_left": 404}],
        "directory": {"version": f"file:{_HASH}", "members": 3, "active": 3},
        "adapters": [{"half": "source", "name": "demo", "ok": True, "detail": "", "read_at": "2026-11-23T08:59:00Z"}],
        "ledgers": [{"tree": "exchange", "origin": f"{_B}/exchange/1", "size": 88}],
        "outbox": {"acknowledgements": 0, "traces": 0},
        "versions": {"spsti-connector": "0.1.0", "protocol": "1"},
    },
    system_answers.LiveOut: {"live": True},
    system_answers.ReadyOut: {"ready": True, "checks": [_CHECK]},
    system_answers.ProbeOut: {
        "member": _A,
        "name": "Santé au travail des Trois Vallées",
        "ok": False,
        "steps": [
            {
                "name": "lookup",
                "ok": False,
                "elapsed_ms": 31,
                "code": "peer.tls",
                "cause": "the server's certificate has ended",
                "remedy": "tell the service to renew it",
            }
        ],
    },
    "text/event-stream": _EVENT,
    "text/plain": '# HELP spsti_build_info Version of the connector\nspsti_build_info{version="0.1.0"} 1.0\n',
}
