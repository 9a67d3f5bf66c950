"""The test PKI itself, in a real TLS 1.3 handshake: what security.md section 4 found of Python's ssl holds for it."""

import ssl

import pytest

from connector.crypto.pem import crl_to_pem
from tests.kit.pki import Pki

A, B = "318751275100020", "1754567860"


def context(side, pki, leaf):
    made = ssl.SSLContext(side)
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    made.verify_mode = ssl.CERT_REQUIRED
    made.load_verify_locations(cafile=pki.ca_path)
    made.load_cert_chain(leaf.cert_pem_path, leaf.key_pem_path)
    return made


def check_crls(made, pki):
    for path in pki.crl_paths:
        pem = path.with_suffix(".pem")
        pem.write_bytes(crl_to_pem(path.read_bytes()))
        made.load_verify_locations(cafile=pem)
    made.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_CHAIN
    return made


def handshake(server, client, host="localhost"):
    """Two ends joined without a socket; gives the client's certificate as the server saw it."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    at_client = client.wrap_bio(to_client, to_server, server_hostname=host)
    at_server = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for end in (at_client, at_server):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return at_server.getpeercert(binary_form=True)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize("key", ["p256", "rsa2048"])
def test_server_and_client_certificates_meet(pki, host, key):
    server, client = pki.issue(A, "server", key=key), pki.issue(B, "client", key=key)
    ends = context(ssl.PROTOCOL_TLS_SERVER, pki, server), context(ssl.PROTOCOL_TLS_CLIENT, pki, client)

    assert handshake(*ends, host) == client.der


def test_a_certificate_for_both_uses_serves_and_asks(pki):
    leaf = pki.issue(A, "both")
    ends = context(ssl.PROTOCOL_TLS_SERVER, pki, leaf), context(ssl.PROTOCOL_TLS_CLIENT, pki, leaf)

    assert handshake(*ends) == leaf.der


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda pki: pki.issue(B, "server"), "unsuitable certificate purpose"),
        (lambda pki: pki.issue(B, "sign"), "unsuitable certificate purpose"),
        (lambda pki: pki.issue_expired(B, "client"), "certificate has expired"),
        (lambda pki: pki.issue_not_yet_valid(B, "client"), "not yet valid"),
    ],
    ids=["server", "sign", "expired", "not-yet-valid"],
)
def test_a_client_with_another_certificate_is_refused(pki, make, reason):
    ends = (
        context(ssl.PROTOCOL_TLS_SERVER, pki, pki.issue(A)),
        context(ssl.PROTOCOL_TLS_CLIENT, pki, make(pki)),
    )
    with pytest.raises(ssl.SSLCertVerificationError, match=reason):
        handshake(*ends)


def test_a_client_of_another_authority_is_refused(pki, tmp_path):
    other = Pki(tmp_path / "other", name="ANOTHER")
    client = context(ssl.PROTOCOL_TLS_CLIENT, pki, other.issue(B, "client"))
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer"):
        handshake(context(ssl.PROTOCOL_TLS_SERVER, pki, pki.issue(A)), client)


def test_the_lists_of_both_authorities_let_a_good_client_in(own_pki):
    client = own_pki.issue(B, "client")
    server = check_crls(context(ssl.PROTOCOL_TLS_SERVER, own_pki, own_pki.issue(A)), own_pki)

    assert handshake(server, context(ssl.PROTOCOL_TLS_CLIENT, own_pki, client)) == client.der


@pytest.mark.parametrize("what", ["leaf", "issuing"])
def test_a_revoked_leaf_and_a_revoked_authority_are_refused(own_pki, what):
    client = own_pki.issue(B, "client")
    if what == "leaf":
        own_pki.revoke(client)
    else:
        own_pki.revoke_issuing()
    server = check_crls(context(ssl.PROTOCOL_TLS_SERVER, own_pki, own_pki.issue(A)), own_pki)
    with pytest.raises(ssl.SSLCertVerificationError, match="revoked"):
        handshake(server, context(ssl.PROTOCOL_TLS_CLIENT, own_pki, client))


def test_private_keys_are_readable_by_their_owner_only(pki):
    assert pki.issue(A).key_pem_path.stat().st_mode & 0o777 == 0o600
