"""The certificate of this service's own pages and API, and whether the browsers here will take it."""

from dataclasses import dataclass
from pathlib import Path

from connector.core.errors import ConfigFault, PeerFault
from connector.core.faults import Fault
from connector.crypto.certificates import PeerCertificate
from connector.crypto.chains import ChainFault, chain_fault, is_self_issued
from connector.crypto.keys import load_certificates
from connector.crypto.names import hosts_of
from connector.crypto.pem import certificates_to_pem, der_of
from connector.local.site import local_context


@dataclass(frozen=True, slots=True)
class LocalCertificate:
    """The local side's own certificate, whose authority is one that the browsers here trust."""

    certificate: PeerCertificate
    names: tuple[str, ...]
    fault: Fault | None


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
    kind = _local_fault(chain_fault(chain), has_names=bool(names), is_self_issued=is_self_issued(chain[0]))
    return LocalCertificate(own, names, Fault(kind) if kind else None)


def _local_fault(chain: ChainFault | None, *, has_names: bool, is_self_issued: bool) -> str:
    if not has_names:
        return "own.local-names"
    if chain is not None:
        return "own.local-order" if chain is ChainFault.ORDER else "own.local-alone"
    return "own.local-self" if is_self_issued else ""
