"""Whether a file holds its chain as TLS is to send it: the leaf first, each certificate signed by the next."""

from collections.abc import Sequence
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm


def is_self_issued(certificate: x509.Certificate) -> bool:
    """Whether issuer and subject are one."""
    return certificate.subject == certificate.issuer


def chain_fault(chain: Sequence[x509.Certificate]) -> str:
    """Say what is wrong with the order of a chain, or that the authority between is missing; empty where nothing is.

    Authorities sign with a root that others hold already; what it signed directly needs nothing more. Which that is
    cannot be seen from here, so a leaf that stands alone is told of.
    """
    for lower, upper in pairwise(chain):
        try:
            lower.verify_directly_issued_by(upper)
        except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
            return "its certificates do not stand in order, each followed by the authority that signed it"
    if len(chain) == 1 and not is_self_issued(chain[0]):
        return "it stands alone in its file: unless a root signed it directly, add the authority that did"
    return ""
