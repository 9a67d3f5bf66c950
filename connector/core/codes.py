"""The stable codes that errors carry on the wire, in the local API, in the ledgers and in the documentation.

The first block is the peer protocol's (PROTOCOL section 4) and cannot change alone; the rest is ours, local to one
member. `docs/errors.md` says for each one what it means and what to do: a test compares the two lists. What a code
becomes in HTTP belongs to the rooms that speak HTTP.
"""

from enum import StrEnum


class Code(StrEnum):
    """Every code that may leave an error of this program."""

    # Peer protocol, section 4
    MANDATE_MALFORMED = "mandate.malformed"
    MANDATE_SIGNATURE = "mandate.signature"
    MANDATE_EXPIRED = "mandate.expired"
    MANDATE_NOT_YET_VALID = "mandate.not_yet_valid"
    MANDATE_REPLAYED = "mandate.replayed"
    MANDATE_AUDIENCE = "mandate.audience"
    MANDATE_KIND = "mandate.kind"
    MANDATE_CERTIFICATE = "mandate.certificate"
    MANDATE_MEMBER = "mandate.member"
    MANDATE_CLAIM_MISSING = "mandate.claim_missing"
    MEMBER_UNKNOWN = "member.unknown"
    MEMBER_SUSPENDED = "member.suspended"
    PRACTITIONER_PROFESSION = "practitioner.profession"
    PRACTITIONER_AUTH_LEVEL = "practitioner.auth_level"
    FOLLOW_UP_DECLARED = "follow_up.declared"
    UNATTENDED_REFUSED = "unattended.refused"
    IDENTITY_MALFORMED = "identity.malformed"
    IDENTITY_OID = "identity.oid"
    IDENTITY_NOT_QUALIFIED = "identity.not_qualified"
    PURPOSE_UNKNOWN = "purpose.unknown"
    VERSION_UNSUPPORTED = "version.unsupported"
    REQUEST_MALFORMED = "request.malformed"
    REQUEST_TOO_LARGE = "request.too_large"
    REQUEST_NOT_SUPPORTED = "request.not_supported"
    HANDOVER_NOT_AVAILABLE = "handover.not_available"
    DOCUMENT_CHANGED = "document.changed"
    LIMIT_EXCEEDED = "limit.exceeded"
    LEDGER_UNAVAILABLE = "ledger.unavailable"

    # A peer that did not do its part (seen by the requester)
    PEER_UNREACHABLE = "peer.unreachable"
    PEER_TIMEOUT = "peer.timeout"
    PEER_TLS = "peer.tls"
    PEER_REFUSED_US = "peer.refused_us"
    PEER_MISBEHAVED = "peer.misbehaved"
    PEER_UNAVAILABLE = "peer.unavailable"
    RECEIPT_MALFORMED = "receipt.malformed"
    RECEIPT_SIGNATURE = "receipt.signature"
    RECEIPT_MISMATCH = "receipt.mismatch"
    RECEIPT_NOT_IN_LEDGER = "receipt.not_in_ledger"
    ACK_MALFORMED = "ack.malformed"
    ACK_SIGNATURE = "ack.signature"
    ACK_MISMATCH = "ack.mismatch"

    # A document that is not shown
    DOCUMENT_DIGEST = "document.digest"
    DOCUMENT_SIZE = "document.size"
    DOCUMENT_EMPTY = "document.empty"
    DOCUMENT_NOT_PDF = "document.not_pdf"
    DOCUMENT_TOO_LARGE = "document.too_large"
    DOCUMENT_ACTIVE_CONTENT = "document.active_content"
    DOCUMENT_ENCRYPTED = "document.encrypted"
    DOCUMENT_UNREADABLE = "document.unreadable"
    DOCUMENT_INSPECTION_FAILED = "document.inspection_failed"

    # The vendor's adapter
    ADAPTER_ABSENT = "adapter.absent"
    ADAPTER_FAILED = "adapter.failed"
    ADAPTER_TIMEOUT = "adapter.timeout"
    ADAPTER_BUSY = "adapter.busy"
    ADAPTER_CONTRACT = "adapter.contract"

    # This house cannot let anything leave, or cannot keep anything
    VAULT_UNAVAILABLE = "vault.unavailable"
    VAULT_DAMAGED = "vault.damaged"
    STATE_UNAVAILABLE = "state.unavailable"
    CLOCK_BACKWARDS = "clock.backwards"
    ANSWERING_PAUSED = "answering.paused"
    DIRECTORY_UNAVAILABLE = "directory.unavailable"
    DIRECTORY_REFUSED = "directory.refused"
    DIRECTORY_EXPIRED = "directory.expired"

    # INSi, the national identity service, and the identities it is asked about
    INSI_OFF = "insi.off"
    INSI_UNREACHABLE = "insi.unreachable"
    INSI_TIMEOUT = "insi.timeout"
    INSI_TLS = "insi.tls"
    INSI_BUSY = "insi.busy"
    INSI_UNAVAILABLE = "insi.unavailable"
    INSI_NOT_AUTHORISED = "insi.not_authorised"
    INSI_REQUEST_REFUSED = "insi.request_refused"
    INSI_UNREADABLE = "insi.unreadable"
    INSI_ANSWER_INVALID = "insi.answer_invalid"
    INSI_ANSWER_OID = "insi.answer_oid"
    INSI_OTHER_PERSON = "insi.other_person"
    INSI_NONE = "insi.none"
    INSI_SEVERAL = "insi.several"
    IDENTITY_CALL_FORBIDDEN = "identity.call_forbidden"
    IDENTITY_STATUS = "identity.status"
    IDENTITY_EVIDENCE = "identity.evidence"
    IDENTITY_DISCREPANCY = "identity.discrepancy"
    DATAMATRIX_MALFORMED = "datamatrix.malformed"
    DATAMATRIX_AMBIGUOUS = "datamatrix.ambiguous"

    # Configuration
    CONFIG_FAULT = "config.fault"

    # The local side
    LOCAL_MALFORMED = "local.malformed"
    LOCAL_UNAUTHENTICATED = "local.unauthenticated"
    LOCAL_FORBIDDEN = "local.forbidden"
    LOCAL_NOT_FOUND = "local.not_found"
    LOCAL_CONFLICT = "local.conflict"
    FETCH_TOO_MANY_MEMBERS = "fetch.too_many_members"
    FETCH_OPPOSED = "fetch.opposed"
    FETCH_NOT_FOLLOWED = "fetch.not_followed"
    FETCH_STATE = "fetch.state"
    FETCH_EXPIRED = "fetch.expired"
    FETCH_NO_DOCUMENT = "fetch.no_document"
    INTERNAL = "internal"
