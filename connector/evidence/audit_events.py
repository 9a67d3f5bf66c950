"""Entries as FHIR R4 AuditEvents after IHE BALP 1.1.5 (reference/documents.md 4.8), one JSON object a line.

Lookups follow *PatientQuery* (ITI-67), handed-over documents *PatientRead* (ITI-68); everything else is an application
activity of this service, so that nothing of the journal is missing. The line is as confidential as the journal.
"""

import json
from base64 import b64encode
from typing import Any, Final

from connector.core.instant import rfc3339
from connector.core.ledger import EntryType
from connector.core.members import MemberId
from connector.core.outcome import Outcome
from connector.evidence.reading import mandate_of, practitioner_of
from connector.ledger.find import JournalEntry
from connector.wire.fhir_terms import STRUCTURE_SYSTEM

DCM: Final = "http://dicom.nema.org/resources/ontology/DCM"
_TYPE: Final = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_RESTFUL: Final = "http://hl7.org/fhir/restful-interaction"
_IHE: Final = "urn:ihe:event-type-code"
_ROLE: Final = "http://terminology.hl7.org/CodeSystem/object-role"
_ENTITY: Final = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_PROFILE: Final = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.{name}"
_PERSON: Final = "urn:oid:1.2.250.1.71.4.2.1"
"""PS_IdNat (reference/documents.md 1.2)."""

_SOURCE, _DESTINATION, _ACTIVITY = (DCM, "110153"), (DCM, "110152"), (DCM, "110100")
_LOOKUPS: Final = frozenset({EntryType.ASKED, EntryType.ANSWERED})
_DOCUMENTS: Final = frozenset({EntryType.RELEASE, EntryType.RESUME, EntryType.ARRIVED})
_OURS: Final = frozenset({EntryType.ASKED, EntryType.ARRIVED})
_FAILED: Final = {Outcome.COULD_NOT_LOOK.value: "8", Outcome.REFUSED.value: "4", "rejected": "4", "aborted": "8"}


def fhir_line(entry: JournalEntry, member: MemberId) -> bytes:
    """Give an entry as one line."""
    return json.dumps(audit_event(entry, member), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def audit_event(entry: JournalEntry, member: MemberId) -> dict[str, Any]:
    """Give an entry as an AuditEvent."""
    exchange = entry.type in _LOOKUPS | _DOCUMENTS and entry.peer is not None
    event: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "id": f"{entry.tree.value}-{entry.index}",
        "type": _coding((_TYPE, "rest") if exchange else _ACTIVITY),
        "recorded": rfc3339(entry.at),
        "outcome": _FAILED.get(entry.outcome or "", "0"),
        "source": {"observer": _who(member)},
    }
    if entry.outcome:
        event["outcomeDesc"] = entry.outcome
    if exchange and entry.type in _LOOKUPS:
        if event["outcome"] == "0":
            event["meta"] = {"profile": [_PROFILE.format(name="PatientQuery")]}
        event |= {"subtype": [_coding((_RESTFUL, "search")), _coding((_IHE, "ITI-67"))], "action": "E"}
    elif exchange:
        if event["outcome"] == "0":
            event["meta"] = {"profile": [_PROFILE.format(name="PatientRead")]}
        event |= {"subtype": [_coding((_RESTFUL, "read")), _coding((_IHE, "ITI-68"))], "action": "R"}
    else:
        event |= {"subtype": [_coding(("urn:spsti-connector:entry", entry.type.value))], "action": "E"}
    event["agent"] = _agents(entry, member, exchange=exchange)
    event["entity"] = _entities(entry)
    return event


def _agents(entry: JournalEntry, member: MemberId, *, exchange: bool) -> list[dict[str, Any]]:
    user = _user(entry)
    if not exchange or entry.peer is None:
        own = {"type": _concept(_ACTIVITY[0], "110150"), "who": _who(member), "requestor": user is None}
        return [own, *([user] if user else [])]
    client, server = (member, entry.peer) if entry.type in _OURS else (entry.peer, member)
    roles = (_SOURCE, _DESTINATION) if entry.type in _LOOKUPS else (_DESTINATION, _SOURCE)
    agents = [
        {"type": _concept(*role), "who": _who(who), "requestor": False, "network": {"address": who.value, "type": "1"}}
        for role, who in zip(roles, (client, server), strict=True)
    ]
    return [*agents, *([user] if user else [])]


def _user(entry: JournalEntry) -> dict[str, Any] | None:
    who, mandate = practitioner_of(entry), mandate_of(entry)
    if who is None:
        return None
    agent: dict[str, Any] = {
        "type": _concept(_PARTICIPATION, "IRCP"),
        "who": {"identifier": {"system": _PERSON, "value": who[0]}},
        "name": who[1],
        "requestor": True,
    }
    purpose = (entry.personal or {}).get("purpose") or mandate.get("purpose")
    if isinstance(purpose, dict):
        agent["purposeOfUse"] = [{"coding": [dict(purpose)]}]
    if isinstance(mandate.get("jti"), str):
        agent["policy"] = [f"urn:ietf:params:oauth:jti:{mandate['jti']}"]
    return agent


def _entities(entry: JournalEntry) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for ins in entry.workers[:1]:
        identifier = {"system": f"urn:oid:{ins.oid.value}", "value": ins.matricule.value}
        found.append(
            {
                "what": {"type": "Patient", "identifier": identifier},
                "type": _coding((_ENTITY, "1")),
                "role": _coding((_ROLE, "1")),
            }
        )
        if entry.type in _LOOKUPS:
            query = f"patient.identifier={identifier['system']}|{ins.matricule.value}&status=current"
            found.append(
                {
                    "type": _coding((_ENTITY, "2")),
                    "role": _coding((_ROLE, "24")),
                    "query": b64encode(query.encode()).decode("ascii"),
                }
            )
    if entry.document_sha256 is not None:
        name = f"urn:spsti-connector:handover:{entry.ref}"
        found.append(
            {
                "what": {"identifier": {"system": "urn:spsti-connector:handover", "value": entry.ref}, "display": name},
                "type": _coding((_ENTITY, "2")),
                "role": _coding((_ROLE, "3")),
                "description": f"sha-256 {entry.document_sha256.hex()}",
            }
        )
    leaf = {"type": "leaf", "valueString": entry.leaf_hash.hex()}
    place = {"system": "urn:spsti-connector:ledger", "value": f"{entry.tree.value}/{entry.index}"}
    found.append({"what": {"identifier": place}, "type": _coding((_ENTITY, "4")), "detail": [leaf]})
    return found


def _who(member: MemberId) -> dict[str, Any]:
    return {"identifier": {"system": STRUCTURE_SYSTEM, "value": member.value}}


def _concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [_coding((system, code))]}


def _coding(of: tuple[str, str]) -> dict[str, str]:
    return {"system": of[0], "code": of[1]}
