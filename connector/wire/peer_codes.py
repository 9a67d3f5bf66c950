"""Which codes may stand in a token or an OperationOutcome for another member: the protocol's, and no other.

`core.codes` also names what goes wrong inside one house; a peer must not learn that a vendor's adapter timed out.
"""

from typing import Final

from connector.core.codes import Code
from connector.wire.claims import Claims

PEER_CODES: Final = frozenset(list(Code)[: list(Code).index(Code.LEDGER_UNAVAILABLE) + 1])
"""PROTOCOL section 4: the first block of `core.codes`, in an answer to a peer; a test compares it with the text."""

DOCUMENT_CODES: Final = (
    frozenset(code for code in Code if code.startswith("document.")) - PEER_CODES - {Code.DOCUMENT_REPLACED}
)
"""Why a requester rejected a document, in its acknowledgement; that a page shows another one is not told them."""


def read_code(claims: Claims, among: frozenset[Code]) -> Code | None:
    """Read `code`, null where there is none.

    Raises:
        ClaimFault: no text, or a code that is not among these.
    """
    if not claims.has("code"):
        return None
    text = claims.string("code")
    if text not in among:
        raise claims.fault("code", "a code of the protocol")
    return Code(text)


def write_code(code: Code | None, among: frozenset[Code]) -> str | None:
    """Give the text of a code.

    Raises:
        ValueError: a code that another member must not see.
    """
    if code is None:
        return None
    if code not in among:
        raise ValueError(f"code {code} does not belong into a token for another member")
    return code.value
