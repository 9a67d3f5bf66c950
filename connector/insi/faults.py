"""INSi's faults in our codes, and in words for the person who waits (reference/ins.md 4.5).

The national list of codes could not be read: those that were recorded or quoted have words of their own, the others go
by their prefix (`desir` is the access layer, `insi` the service, `siram` the envelope) and by whether INSi blames the
sender or itself. The texts that INSi sends are never passed on: they may hold anything. Its code is, for its support.
"""

import re
from typing import Final

from connector.core.codes import Code
from connector.core.errors import InsiFault
from connector.insi.xml import SOAP, Element, children, text_of

SIRAM: Final = "urn:siram"
_CODE = re.compile(r"(?:siram|desir|insi)_[0-9]{1,5}")
_SUPPORT = "the identity stays as it is; try again in some minutes; if it lasts, call the software's support"
_ADMINISTRATOR = (
    "the identity stays as it is; call the administrator of the connector: nobody at the desk can settle it"
)

# [B]: recorded (desir_550, insi_102) or quoted by an editor (desir_560).
_KNOWN: Final = {
    "desir_550": (Code.INSI_NOT_AUTHORISED, "does not know the authorisation number of the software", _ADMINISTRATOR),
    "desir_560": (
        Code.INSI_NOT_AUTHORISED,
        "does not accept the certificate of this service (its CN must be INSI-MANU or INSI-AUTO)",
        _ADMINISTRATOR,
    ),
    "insi_102": (
        Code.INSI_UNAVAILABLE,
        "is out of order for searches by traits (on the qualification platform also: the person is not loaded there)",
        _SUPPORT,
    ),
}


def fault_of(fault: Element) -> InsiFault:
    """Turn a SOAP 1.2 fault into one of ours.

    The codes are read from `Code/Value` and `Subcode/Value` by their local part and from `siram:Erreur/@code`; the
    detail is not held against the schema, which the service itself breaks (`severite="fatal"`).

    Raises:
        InsiFault: `insi.unreadable`: the fault says neither Sender nor Receiver.
    """
    codes = children(fault, SOAP, "Code")
    blamed = _local(codes[0], "Value") if codes else ""
    subcodes = children(codes[0], SOAP, "Subcode") if codes else []
    subcode = _national(_local(subcodes[0], "Value")) if subcodes else ""
    detail = [error for part in children(fault, SOAP, "Detail") for error in children(part, SIRAM, "Erreur")]
    code = _national(detail[0].get("code", "")) if detail else ""
    told = code or subcode
    if code in _KNOWN:
        ours, what, hint = _KNOWN[code]
    elif blamed == "Receiver":
        ours, what, hint = Code.INSI_UNAVAILABLE, "is out of order for now", _SUPPORT
    elif blamed != "Sender":
        ours, what, hint = Code.INSI_UNREADABLE, "sent a fault that says neither whose it is nor which", _SUPPORT
    elif told.startswith("desir"):
        ours, what, hint = Code.INSI_NOT_AUTHORISED, "does not let this service or its software in", _ADMINISTRATOR
    else:
        ours, what, hint = Code.INSI_REQUEST_REFUSED, "does not accept the search as it was sent", _ADMINISTRATOR
    return InsiFault(f"INSi: it {what}{f' ({told})' if told else ''}", code=ours, hint=hint, service_code=told)


def _local(parent: Element, name: str) -> str:
    """The last part of a qualified name (`soap:Sender`), the prefix being free."""
    found = children(parent, SOAP, name)
    return text_of(found[0]).rpartition(":")[2] if found else ""


def _national(text: str) -> str:
    lowered = text.strip().lower()
    return lowered if _CODE.fullmatch(lowered) else ""
