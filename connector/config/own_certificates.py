"""What is to be said of this service's own certificates: which products they are, when they end, what browsers want.

`check`, the status and `init` tell it; none of it stops a start. What would, `config.material` refuses.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from connector.core.errors import ConfigFault, PeerFault
from connector.core.instant import Instant, rfc3339
from connector.crypto.certificates import PeerCertificate
from connector.crypto.chains import chain_fault, is_self_issued
from connector.crypto.keys import load_certificates
from connector.crypto.kinds import kind_of
from connector.crypto.names import hosts_of
from connector.crypto.pem import certificates_to_pem, der_of
from connector.local.site import local_context

if TYPE_CHECKING:
    from connector.config.material import Material

DAY: Final = 86_400
STAGES: Final = (60, 30, 7)
"""Days before its end at which a certificate is warned of: ask for its successor, install it, or stop everything."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is right today and will not stay so, or could be better; and what to do."""

    what: str
    remedy: str


@dataclass(frozen=True, slots=True)
class LocalCertificate:
    """The local side's own certificate, whose authority is one that the browsers here trust."""

    certificate: PeerCertificate
    names: tuple[str, ...]
    fault: str


def read_local(certificate: Path, key: Path) -> LocalCertificate:
    """Read the local side's certificate.

    Raises:
        ConfigFault: certificate and key cannot be read, or are no pair.
    """
    local_context(certificate, key)
    chain = load_certificates(certificate.read_bytes())
    try:
        own = PeerCertificate.from_der(der_of(chain[0]))
    except PeerFault:
        raise ConfigFault.of("certificate.not-x509") from None
    names = hosts_of(certificates_to_pem(chain[:1]))
    fault = chain_fault(chain)
    if not names:
        fault = "it bears no subject alternative name, which browsers want"
    elif not fault and is_self_issued(chain[0]):
        fault = "it is signed by itself: browsers warn of it unless it is installed on each machine"
    return LocalCertificate(own, names, fault)


def stage_of(not_after: Instant, now: Instant) -> int | None:
    """Give the last of 60, 30 and 7 days that a certificate's end has come within, 0 when it has ended, else None."""
    if now >= not_after:
        return 0
    return min((days for days in STAGES if not_after - now <= days * DAY), default=None)


def ending(use: str, not_after: Instant, now: Instant) -> Finding | None:
    """Warn of a certificate's end, more urgently as it nears."""
    stage = stage_of(not_after, now)
    if stage is None:
        return None
    left = (not_after - now) // DAY
    what = f"the {use} certificate ends on {rfc3339(not_after)}, in {left} days"
    if stage == 0:
        return Finding(f"the {use} certificate ended on {rfc3339(not_after)}", _remedy(use))
    if stage == STAGES[-1]:
        return Finding(f"{what}: then nobody is answered", "urgent: " + _remedy(use))
    return Finding(what, ("now: " if stage == STAGES[1] else "") + _remedy(use))


def _remedy(use: str) -> str:
    if use in {"server", "client"}:
        return f"spsti-connector keys rotate {use} makes a key and a request, or takes the new PKCS#12 file"
    return "put its successor in its place, then reload"


def described(material: "Material") -> tuple[str, ...]:
    """Say of each certificate which product it is, and until when it holds."""
    following = material.prepared
    named = (
        ("server", material.server_tls),
        ("client", material.client_tls),
        ("server, prepared", following.server_tls),
        ("client, prepared", following.client_tls),
    )
    return tuple(
        f"{use}: {kind_of(load_certificates(tls.chain)[0])}, until {rfc3339(tls.certificate.not_after)}"
        for use, tls in named
        if tls is not None
    )


def findings(material: "Material", now: Instant) -> tuple[Finding, ...]:
    """Say everything that `check` warns of about this service's own certificates and the lists that revoke others."""
    used = {"server": material.server_tls.certificate, "client": material.client_tls.certificate}
    if material.insi is not None:
        used["insi"] = material.insi.certificate
    if material.local is not None:
        used["local"] = material.local.certificate
    found = [said for use, one in used.items() if (said := ending(use, one.not_after, now)) is not None]
    host = urlsplit(material.member.endpoint).hostname
    names = hosts_of(material.server_tls.chain)
    if host and host not in names:
        what = f"the server certificate names {', '.join(names)}, and the list gives {host}: other services will refuse"
        found.append(Finding(what, "ask for a certificate with that DNS name, or correct the endpoint in your entry"))
    if material.local is not None and material.local.fault:
        found.append(Finding(f"[local] certificate: {material.local.fault}", "ask your IT for one from its authority"))
    if not material.server_tls.checks_crls:
        what = "no CRL is configured or named by the certificates: a revoked one would be believed"
        found.append(Finding(what, "set [peer] crls, or [peer.crl] addresses"))
    return tuple(found)
