"""Which HTTP status each code has on the local side; `docs/errors.md` shows the same table, a test compares.

The caller's own faults are 4xx. What another service did is 502, 503 or 504, like any gateway's. What this house cannot
do now is 503: nothing left it. The peer side has its own table.
"""

from collections.abc import Mapping
from typing import Final

from connector.core.codes import Code

_BY_STATUS: Final[Mapping[int, tuple[Code, ...]]] = {
    400: (Code.LOCAL_MALFORMED, Code.REQUEST_MALFORMED, Code.LAUNCH_MALFORMED),
    401: (
        Code.LOCAL_UNAUTHENTICATED,
        Code.SIGN_IN_REQUIRED,
        Code.SIGN_IN_LOCKED,
        Code.SIGN_IN_OTHER_BROWSER,
        Code.SIGN_IN_FAILED,
    ),
    403: (
        Code.LOCAL_FORBIDDEN,
        Code.SIGN_IN_WITHDRAWN,
        Code.SIGN_IN_NOT_LISTED,
        Code.SIGN_IN_ROLE,
        Code.SIGN_IN_FORGED,
        Code.SIGN_IN_INTERRUPTED,
        Code.SIGN_IN_UNPROVEN,
        Code.SIGN_IN_NOT_FRESH,
        Code.LAUNCH_SIGNATURE,
        Code.LAUNCH_AUDIENCE,
        Code.LAUNCH_PERSON,
        Code.FETCH_OPPOSED,
        Code.FETCH_NOT_FOLLOWED,
        Code.PRACTITIONER_PROFESSION,
        Code.PRACTITIONER_AUTH_LEVEL,
    ),
    404: (Code.LOCAL_NOT_FOUND, Code.FETCH_NO_DOCUMENT),
    409: (
        Code.LOCAL_CONFLICT,
        Code.FETCH_COPY_KEPT,
        Code.FETCH_STATE,
        Code.DOCUMENT_CHANGED,
        Code.DOCUMENT_REPLACED,
        Code.IDENTITY_STATUS,
        Code.IDENTITY_CALL_FORBIDDEN,
    ),
    410: (Code.FETCH_EXPIRED, Code.SIGN_IN_ENROLMENT, Code.LAUNCH_EXPIRED, Code.LAUNCH_REPLAYED),
    413: (Code.REQUEST_TOO_LARGE,),
    415: (Code.REQUEST_NOT_SUPPORTED,),
    422: (
        Code.SIGN_IN_PASSWORD,
        Code.IDENTITY_MALFORMED,
        Code.IDENTITY_OID,
        Code.IDENTITY_NOT_QUALIFIED,
        Code.IDENTITY_EVIDENCE,
        Code.IDENTITY_DISCREPANCY,
        Code.INSI_NONE,
        Code.INSI_SEVERAL,
        Code.DATAMATRIX_MALFORMED,
        Code.DATAMATRIX_AMBIGUOUS,
        Code.MEMBER_UNKNOWN,
        Code.MEMBER_SUSPENDED,
        Code.FETCH_TOO_MANY_MEMBERS,
    ),
    429: (Code.LIMIT_EXCEEDED, Code.SIGN_IN_LOCKED_OUT),
    500: (Code.INTERNAL, Code.CONFIG_FAULT),
    503: (
        Code.LEDGER_UNAVAILABLE,
        Code.VAULT_UNAVAILABLE,
        Code.VAULT_DAMAGED,
        Code.STATE_UNAVAILABLE,
        Code.CLOCK_BACKWARDS,
        Code.ANSWERING_PAUSED,
        Code.CRL_UNAVAILABLE,
        Code.CRL_REFUSED,
        Code.SIGNER_UNAVAILABLE,
        Code.DIRECTORY_UNAVAILABLE,
        Code.DIRECTORY_EXPIRED,
        Code.DIRECTORY_REFUSED,
        Code.ADAPTER_ABSENT,
        Code.ADAPTER_BUSY,
        Code.PEER_UNAVAILABLE,
        Code.INSI_OFF,
        Code.INSI_BUSY,
        Code.INSI_UNAVAILABLE,
    ),
    504: (Code.ADAPTER_TIMEOUT, Code.PEER_TIMEOUT, Code.INSI_TIMEOUT),
}
_NAMED: Final = {code: status for status, codes in _BY_STATUS.items() for code in codes}

OTHERS: Final = 502
"""Every code not named above: another member, or the vendor's software, did something that cannot be used."""


def status_of(code: Code) -> int:
    """Give the HTTP status under which the local side answers with this code."""
    return _NAMED.get(code, OTHERS)
