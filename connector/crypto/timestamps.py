"""Time stamps of a time-stamping authority (RFC 3161): the request for one, and what an answer proves.

The library (Trail of Bits' rfc3161-client) is imported at the first use: most services stamp nothing. An answer is
believed by roots that the reader trusts; its certificates need to have been valid at the time of the stamp, not today.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cryptography import x509

from connector.core.errors import ConfigFault, PeerFault
from connector.core.instant import Instant

MAX_ANSWER: Final = 65_536
"""Bytes of an answer (our rule): one with its certificates takes some 6,000."""

REQUEST_TYPE: Final = "application/timestamp-query"
ANSWER_TYPE: Final = "application/timestamp-reply"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a believed answer says: the data existed at `at`, by the word of `authority`."""

    at: Instant
    authority: str


def make_request(data: bytes) -> bytes:
    """Give the DER of a request to stamp the SHA-256 of the data, with a nonce, asking for the certificates."""
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder  # noqa: PLC0415

    return TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).build().as_bytes()


def read_roots(pem: bytes, name: str) -> tuple[x509.Certificate, ...]:
    """Read the certificates that stamps are believed by.

    Raises:
        ConfigFault: the file holds no certificate.
    """
    try:
        found = tuple(x509.load_pem_x509_certificates(pem))
    except ValueError:
        found = ()
    if not found:
        raise ConfigFault.of("evidence.empty", name=name)
    return found


def open_stamp(answer: bytes, data: bytes, roots: Sequence[x509.Certificate]) -> Stamp:
    """Verify an authority's answer over the data.

    Raises:
        PeerFault: not an answer, refused, over other data, or not signed under one of the roots for time stamping.
    """
    from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response  # noqa: PLC0415

    if len(answer) > MAX_ANSWER:
        raise _fault(f"got {len(answer)} bytes, expected at most {MAX_ANSWER}")
    builder = VerifierBuilder()
    for root in roots:
        builder = builder.add_root_certificate(root)
    try:
        response = decode_timestamp_response(answer)
        builder.build().verify_message(response, data)
        info = response.tst_info
        signer = next(iter(response.signed_data.signer_infos))
        named = {(c.issuer, c.serial_number): c for c in map(x509.load_der_x509_certificate, _certificates(response))}
        leaf = named.get((signer.issuer, signer.serial_number))
        authority = (leaf.subject if leaf is not None else signer.issuer).rfc4514_string()
        return Stamp(Instant(int(info.gen_time.timestamp())), authority)
    except VerificationError as error:
        raise _fault(str(error)) from None
    except (ValueError, TypeError, StopIteration, x509.ExtensionNotFound):
        raise _fault("is no RFC 3161 answer that can be read") from None


def _certificates(response: object) -> list[bytes]:
    return sorted(response.signed_data.certificates)  # type: ignore[attr-defined]  # the library types its values by ABCs


def _fault(what: str) -> PeerFault:
    return PeerFault(f"time stamp: {what}", hint="the stamp proves nothing; the evidence stands without it")
