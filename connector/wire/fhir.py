"""The FHIR R4 (4.0.1) resources that a holder answers with, as JSON bytes (PROTOCOL 1, documents.md 4.3 to 4.5).

A withheld answer is one constant, so that nothing of it can depend on why. An announced one tells what the requester
needs for choosing and no more: neither the vendor's own references nor the author leave this house, and there is no
url, size or hash before the handover. Reading what a peer answered is `wire.fhir_read`.
"""

import re
from functools import lru_cache
from typing import Any, Final, NamedTuple

from connector.core.coded import Coded
from connector.core.codes import Code
from connector.core.days import Day
from connector.core.directory import Member
from connector.core.instant import rfc3339
from connector.core.matricule import Ins
from connector.core.records import Announcement, Extent
from connector.wire import fhir_terms as terms
from connector.wire.json_strict import write_object

CONTENT_TYPE: Final = terms.CONTENT_TYPE
MAX_TEXT: Final = 500
"""Characters of an OperationOutcome's text, written and read (our rule)."""

# Private-use characters: no text that is let in holds one, since they are not printable.
_ID, _SUBJECT_SYSTEM, _SUBJECT_VALUE, _UPDATED_AT, _LAST_ACT_ON = "\ue000", "\ue001", "\ue002", "\ue003", "\ue004"
_FIELDS: Final = {
    _ID: "%(id)b",
    _SUBJECT_SYSTEM: "%(oid)b",
    _SUBJECT_VALUE: "%(matricule)b",
    _UPDATED_AT: "%(updated_at)b",
    _LAST_ACT_ON: "%(last_act_on)b",
}
_PLACE: Final = re.compile(f"[{''.join(_FIELDS)}]")

_WITHHELD: Final = write_object({"resourceType": "Bundle", "type": "searchset", "total": 0})


class Offer(NamedTuple):
    """What one requester is told it may fetch; `ins` is None for a probe's fixed document, which is about nobody."""

    id: str
    announcement: Announcement
    ins: Ins | None


def search_bundle(member: Member, offer: Offer | None, *, base_url: str) -> bytes:
    """Give the answer to a lookup: `total` 1 with the offer, or `total` 0.

    Args:
        member: the holder, as custodian.
        offer: None for every withheld answer, whose bytes are always the same.
        base_url: of the FHIR endpoint, `https://…/fhir`, for `fullUrl`.

    Raises:
        ValueError: a name or a code holds a private-use character.
    """
    if offer is None:
        return _WITHHELD
    announcement = offer.announcement
    form = _form(
        member.id.value,
        member.name,
        base_url,
        announcement.extent,
        announcement.document_type,
        announcement.content_type,
        offer.ins is not None,
    )
    values = {
        b"id": offer.id.encode(),
        b"updated_at": rfc3339(announcement.updated_at).encode(),
        b"last_act_on": str(announcement.last_act_on).encode(),
    }
    if offer.ins is not None:
        values |= {b"oid": offer.ins.oid.urn.encode(), b"matricule": offer.ins.matricule.value.encode()}
    return form % values


def operation_outcome(code: Code | None, text: str) -> bytes:
    """Give an error as OperationOutcome; `code` is None where the adapter could not look.

    `text` is for people at the other member; it must not tell what this house holds.

    Raises:
        ValueError: a code that another member must not see.
    """
    details: dict[str, Any] = {"text": text[:MAX_TEXT]}
    if code is not None:
        details = {"coding": [{"system": terms.ERROR_SYSTEM, "code": code.value}], **details}
    issue = {"severity": "error", "code": terms.issue_type(code), "details": details}
    return write_object({"resourceType": "OperationOutcome", "issue": [issue]})


def capability_statement(member: Member, *, base_url: str, version: str, released_on: Day) -> bytes:
    """Give the answer to `GET /fhir/metadata`: what is served, where FHIR has words for it.

    It informs; which protocol versions a member speaks is what the directory says. No profile of PDSm or MHD is
    claimed (documents.md 6).
    """
    search = {
        "type": "DocumentReference",
        "interaction": [
            {"code": "search-type", "documentation": "POST _search only: an INS never stands in a URL"},
        ],
        "searchParam": [
            {"name": "patient.identifier", "type": "token", "documentation": "required: urn:oid:<OID>|<matricule>"},
            {"name": "status", "type": "token", "documentation": "required: current"},
        ],
    }
    binary = {
        "type": "Binary",
        "interaction": [{"code": "read", "documentation": "by handover id, as application/pdf"}],
    }
    rest = {
        "mode": "server",
        "documentation": "Mutual TLS 1.3; each request bears a mandate of the asking member",
        "resource": [search, binary],
    }
    return write_object(
        {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": str(released_on),
            "kind": "instance",
            "software": {"name": "spsti-connector", "version": version},
            "implementation": {"description": member.name, "url": base_url},
            "fhirVersion": "4.0.1",
            "format": ["application/fhir+json"],
            "rest": [rest],
        }
    )


@lru_cache(maxsize=64)
def _form(
    member_id: str,
    member_name: str,
    base_url: str,
    extent: Extent,
    document_type: Coded,
    content_type: str,
    is_about_somebody: bool,  # noqa: FBT001 (a cache's key)
) -> bytes:
    """Give the Bundle for `%`, with the places of what differs between two answers; nothing of a person is in it.

    What stands at the places is made of characters that JSON does not escape.
    """
    resource: dict[str, Any] = {
        "resourceType": "DocumentReference",
        "id": _ID,
        "extension": [{"url": terms.EXTENT_URL, "valueCode": extent.value}],
        "status": "current",
        "type": {"coding": [document_type.to_json()]},
    }
    if is_about_somebody:
        resource["subject"] = {"type": "Patient", "identifier": {"system": _SUBJECT_SYSTEM, "value": _SUBJECT_VALUE}}
    resource |= {
        "date": _UPDATED_AT,
        "custodian": {
            "type": "Organization",
            "identifier": {"system": terms.STRUCTURE_SYSTEM, "value": member_id},
            "display": member_name,
        },
        "securityLabel": [{"coding": [{"system": terms.CONFIDENTIALITY_SYSTEM, "code": "N"}]}],
        "content": [
            {
                "attachment": {"contentType": content_type, "language": "fr-FR"},
                "format": {"system": terms.FORMAT_SYSTEM, "code": terms.FORMAT_BY_MIME},
            }
        ],
        "context": {"period": {"end": _LAST_ACT_ON}},
    }
    entry = {
        "fullUrl": f"{base_url}/DocumentReference/{_ID}",
        "resource": resource,
        "search": {"mode": "match"},
    }
    bundle = write_object({"resourceType": "Bundle", "type": "searchset", "total": 1, "entry": [entry]})
    form, places = _PLACE.subn(lambda place: _FIELDS[place[0]], bundle.decode().replace("%", "%%"))
    if places != (6 if is_about_somebody else 4):
        raise ValueError("a name or a code holds a private-use character")
    return form.encode()
