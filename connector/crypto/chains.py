"""Whether a file holds its chain as TLS is to send it: the leaf first, each certificate signed by the next."""

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm


def is_self_issued(certificate: x509.Certificate) -> bool:
    """Whether issuer and subject are one."""
    return certificate.subject == certificate.issuer


class ChainFault(StrEnum):
    """What is wrong with a chain: the order of its certificates, or that the leaf stands alone."""

    ORDER = "order"
    ALONE = "alone"


def chain_fault(chain: Sequence[x509.Certificate]) -> ChainFault | None:
    """Say what is wrong with the order of a chain, or that the authority between is missing; None where nothing is.

    Authorities sign with a root that others hold already; what it signed directly needs nothing more. Which that is
    cannot be seen from here, so a leaf that stands alone is told of.
    """
    for lower, upper in pairwise(chain):
        try:
            lower.verify_directly_issued_by(upper)
        except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
            return ChainFault.ORDER
    if len(chain) == 1 and not is_self_issued(chain[0]):
        return ChainFault.ALONE
    return None
