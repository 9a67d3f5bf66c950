"""Names that our FHIR resources use, and how the protocol's codes read as FHIR issue types (documents.md 1.2, 4.4).

The issue type is for software that knows FHIR only; ours reads the code itself, under `ERROR_SYSTEM`.
"""

from typing import Final

from connector.core.codes import Code

CONTENT_TYPE: Final = "application/fhir+json; fhirVersion=4.0"
ERROR_SYSTEM: Final = "urn:spsti-connector:error"
EXTENT_URL: Final = "urn:spsti-connector:extent"
"""Our extension, `valueCode` full or summary: whether the document is the whole record (DESIGN section 5)."""

STRUCTURE_SYSTEM: Final = "urn:oid:1.2.250.1.71.4.2.2"
FORMAT_SYSTEM: Final = "http://ihe.net/fhir/ihe.formatcode.fhir/CodeSystem/formatcode"
FORMAT_BY_MIME: Final = "urn:ihe:iti:xds:2017:mimeTypeSufficient"
CONFIDENTIALITY_SYSTEM: Final = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"

_ISSUE_TYPES: Final = {
    Code.MANDATE_MALFORMED: "structure",
    Code.MANDATE_SIGNATURE: "security",
    Code.MANDATE_EXPIRED: "expired",
    Code.MANDATE_NOT_YET_VALID: "security",
    Code.MANDATE_REPLAYED: "security",
    Code.MANDATE_AUDIENCE: "security",
    Code.MANDATE_KIND: "security",
    Code.MANDATE_CERTIFICATE: "security",
    Code.MANDATE_MEMBER: "security",
    Code.MANDATE_CLAIM_MISSING: "required",
    Code.MEMBER_UNKNOWN: "forbidden",
    Code.MEMBER_SUSPENDED: "forbidden",
    Code.PRACTITIONER_PROFESSION: "forbidden",
    Code.PRACTITIONER_AUTH_LEVEL: "forbidden",
    Code.FOLLOW_UP_DECLARED: "business-rule",
    Code.UNATTENDED_REFUSED: "business-rule",
    Code.IDENTITY_MALFORMED: "value",
    Code.IDENTITY_OID: "value",
    Code.IDENTITY_NOT_QUALIFIED: "business-rule",
    Code.PURPOSE_UNKNOWN: "not-supported",
    Code.VERSION_UNSUPPORTED: "not-supported",
    Code.REQUEST_MALFORMED: "structure",
    Code.REQUEST_TOO_LARGE: "too-long",
    Code.REQUEST_NOT_SUPPORTED: "not-supported",
    Code.HANDOVER_NOT_AVAILABLE: "not-found",
    Code.DOCUMENT_CHANGED: "conflict",
    Code.LIMIT_EXCEEDED: "throttled",
    Code.LEDGER_UNAVAILABLE: "transient",
}


def issue_type(code: Code | None) -> str:
    """Give the FHIR issue type; without a code nothing can be said but that it may pass.

    Raises:
        ValueError: a code that another member must not see.
    """
    if code is None:
        return "transient"
    if code not in _ISSUE_TYPES:
        raise ValueError(f"code {code} does not belong into an answer to another member")
    return _ISSUE_TYPES[code]
