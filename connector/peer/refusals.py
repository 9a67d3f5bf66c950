"""Which HTTP status a code becomes, and the refusals that HTTP alone knows (PROTOCOL section 4).

A refusal that bears a receipt is one of 400, 401, 403, 404, 409. What fails before a mandate is looked at, in the
request's method, path, size or headers, takes the status that HTTP has for it.
"""

from collections.abc import Mapping
from typing import Final

from connector.core.codes import Code
from connector.core.errors import RequestRefused
from connector.core.members import MemberId
from connector.core.outcome import Outcome
from connector.wire.peer_codes import PEER_CODES

_STATUS: Final = {
    Code.MEMBER_UNKNOWN: 403,
    Code.MEMBER_SUSPENDED: 403,
    Code.PRACTITIONER_PROFESSION: 403,
    Code.PRACTITIONER_AUTH_LEVEL: 403,
    Code.FOLLOW_UP_DECLARED: 403,
    Code.UNATTENDED_REFUSED: 403,
    Code.PURPOSE_UNKNOWN: 403,
    Code.IDENTITY_OID: 403,
    Code.HANDOVER_NOT_AVAILABLE: 404,
    Code.DOCUMENT_CHANGED: 409,
    Code.ACK_MISMATCH: 409,
    Code.LIMIT_EXCEEDED: 429,
}
_OF_OUTCOME: Final = {
    Outcome.ANNOUNCED: 200,
    Outcome.WITHHELD: 200,
    Outcome.DEFERRED: 202,
    Outcome.COULD_NOT_LOOK: 503,
    Outcome.GRANTED: 201,
    Outcome.RENDERING: 202,
}


class HttpRefused(RequestRefused):
    """A request that HTTP itself has a status for; `headers` go with the answer."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: Code = Code.REQUEST_NOT_SUPPORTED,
        hint: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.status = status
        self.headers = dict(headers or {})


class NotAdmitted(RequestRefused):
    """The connection's certificate may not be used for this exchange, or not any more. `x5t` names it."""

    def __init__(self, code: Code, message: str, *, x5t: str, member: MemberId | None, hint: str = "") -> None:
        super().__init__(message, code=code, hint=hint)
        self.x5t, self.member = x5t, member


def status_of_code(code: Code) -> int:
    """Give the status of a refusal."""
    if code.startswith("mandate."):
        return 401
    return _STATUS.get(code, 400)


def status_of(outcome: Outcome, code: Code | None) -> int:
    """Give the status of an answer."""
    return _OF_OUTCOME[outcome] if code is None else status_of_code(code)


def peer_code(code: Code) -> Code:
    """Give the protocol's code for one that only this house knows: another member sees no other."""
    if code in PEER_CODES:
        return code
    return Code.REQUEST_MALFORMED if code.startswith("ack.") else Code.LEDGER_UNAVAILABLE
