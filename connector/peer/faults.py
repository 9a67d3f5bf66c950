"""What went wrong with a member, from what TLS and aiohttp say of it: whose turn it is, and what to do.

The texts are for people and name the member; nothing that the other side sent is quoted, save TLS alerts, which are
OpenSSL's own words.
"""

import os
import re
import ssl
from typing import Final

import aiohttp

from connector.core.codes import Code
from connector.core.directory import Member
from connector.core.errors import PeerFault

_ALERT: Final = re.compile(r"(?:ALERT|alert)[_ ]([A-Za-z0-9_ ]+)")

# OpenSSL's X509_V_ERR_* (x509_vfy.h).
_CERTIFICATE: Final = {
    2: "is of an authority that is not configured here",
    3: "cannot be checked: no CRL of its authority is here",
    9: "is not valid yet",
    10: "has expired",
    11: "cannot be checked: the CRL here is not valid yet",
    12: "cannot be checked: the CRL here has expired",
    18: "is of no authority",
    19: "is of an authority that is not configured here",
    20: "is of an authority that is not configured here",
    21: "is of an authority that is not configured here",
    23: "was revoked",
    26: "is not one for a server",
    62: "is not for the host of its address",
    64: "is not for the host of its address",
}
_OURS_TO_DO: Final = {
    3: "fetch the CRLs of both authorities",
    9: "compare both clocks; if they agree, tell that service's IT staff",
    11: "look at this machine's clock",
    12: "fetch the CRLs again",
}


# OpenSSL's alerts (RFC 8446 section 6.2), which is all that the other side tells of why.
_REFUSED_US: Final = {
    "unsupported certificate": "its key usage does not allow TLS clients: SERV_SSL and ORG_SIGN are none, ask for "
    "ORG_AUTH_CLI; spsti-connector keys identify FILE says which a file is",
    "certificate revoked": "it was revoked by its authority: ask for another, and why",
    "certificate expired": "it has expired, or a revocation list there has: renew it, or tell that service's IT staff",
    "unknown ca": "its authority is not believed there: compare the authorities with those of the federation",
    "bad certificate": "it is not valid yet, or cannot be checked there: compare both clocks",
}


def fault_of(member: Member, error: BaseException, *, seconds: float) -> PeerFault:
    """Give the fault of a failed exchange; `seconds` is how long it was waited for.

    `peer.unreachable` no way to it, `peer.tls` its certificate, `peer.refused_us` it does not take ours,
    `peer.timeout` connected and silent, `peer.misbehaved` not HTTP, or more than the limits.
    """
    match error:
        case PeerFault():
            return error
        case aiohttp.ClientConnectorCertificateError():
            return _certificate(member, error.certificate_error)
        case aiohttp.ClientConnectorSSLError():
            return _handshake(member, error.os_error)
        case aiohttp.ClientConnectorDNSError():
            return _unreachable(
                member, f"its host {member.endpoint} has no address", "compare it with the directory; check the DNS"
            )
        case aiohttp.ClientConnectorError():
            number = error.os_error.errno
            why = os.strerror(number) if number else type(error.os_error).__name__
            return _unreachable(member, f"no connection to {member.endpoint} ({why})", "it may be down: ask it later")
        case aiohttp.ConnectionTimeoutError():
            return _unreachable(
                member, f"no connection to {member.endpoint} within its time", "it may be down: ask it later"
            )
        case TimeoutError():
            return PeerFault(
                f"{member.name}: did not answer within {seconds:g} s", code=Code.PEER_TIMEOUT, hint="ask it later"
            )
        case aiohttp.ClientResponseError():
            return PeerFault(
                f"{member.name}: its answer is not HTTP within our limits", hint="tell that service's IT staff"
            )
        case aiohttp.ClientPayloadError():
            return _unreachable(member, "the connection was cut within the answer", "ask it again")
        case _:
            return _lost(member, error)


def _certificate(member: Member, error: Exception) -> PeerFault:
    code = error.verify_code if isinstance(error, ssl.SSLCertVerificationError) else 0
    return PeerFault(
        f"{member.name}: its certificate {_CERTIFICATE.get(code, 'was not accepted')}",
        code=Code.PEER_TLS,
        hint="nothing was asked; " + _OURS_TO_DO.get(code, "tell that service's IT staff"),
    )


def _handshake(member: Member, error: OSError) -> PeerFault:
    """What fails here is not our certificate: with TLS 1.3 that is looked at after the handshake."""
    return PeerFault(
        f"{member.name}: no TLS 1.3 with its address ({_alert(error) or 'the handshake failed'})",
        code=Code.PEER_TLS,
        hint="nothing was asked; compare the address with the directory",
    )


def _lost(member: Member, error: BaseException) -> PeerFault:
    """With TLS 1.3 a client learns at its first read that its certificate was refused (security.md section 4)."""
    alert = _alert(error) or (_alert(error.__cause__) if error.__cause__ is not None else None)
    if alert is not None:
        return PeerFault(
            f"{member.name}: did not take our certificate ({alert})",
            code=Code.PEER_REFUSED_US,
            hint=_REFUSED_US.get(alert, "compare our client certificate, its end and its authority with the directory"),
        )
    return _unreachable(
        member,
        "closed the connection without an answer",
        "ask it again; if this stays, it may not take our certificate",
    )


def _alert(error: BaseException) -> str | None:
    found = _ALERT.search(" ".join(str(part) for part in error.args))
    return found[1].replace("_", " ").strip().lower() if found else None


def _unreachable(member: Member, what: str, hint: str) -> PeerFault:
    return PeerFault(f"{member.name}: {what}", code=Code.PEER_UNREACHABLE, hint=hint)
