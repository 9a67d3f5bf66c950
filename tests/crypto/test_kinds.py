"""Which product of ANS a certificate is, and the uses that it is refused for."""

import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku
from cryptography.x509.oid import NameOID

from connector.core.errors import ConfigFault
from connector.crypto.kinds import Product, Use, kind_of, require_fit

MEMBER = "318751275100020"


def certificate(*extensions):
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "AC")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + dt.timedelta(days=1))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, hashes.SHA256())


@pytest.mark.parametrize(
    ("use", "product", "is_confirmed"),
    [
        ("server", Product.SERV_SSL, False),
        ("both", Product.SERV_SSL, False),
        ("client", Product.ORG_AUTH_CLI, False),
        ("sign", Product.ORG_SIGN, True),
    ],
)
def test_each_product_is_known_by_its_key_usage(pki, use, product, is_confirmed):
    kind = kind_of(pki.issue(MEMBER, use).certificate)

    assert (kind.product, kind.is_confirmed, kind.units) == (product, is_confirmed, (MEMBER,))
    assert ("not confirmed" in str(kind)) is not is_confirmed


def test_an_authority_is_told_apart(pki):
    assert kind_of(pki.issuing.certificate).product is Product.AUTHORITY


def test_a_certificate_of_igc_sante_is_known_by_its_issuer_or_its_policy(pki):
    policy = x509.PolicyInformation(x509.ObjectIdentifier("1.2.250.1.213.1.7.2.1.1.1.1"), None)

    assert kind_of(pki.issue(MEMBER, "sign").certificate).is_igc_sante
    assert kind_of(certificate(x509.CertificatePolicies([policy]))).is_igc_sante
    assert not kind_of(certificate()).is_igc_sante


def test_a_certificate_without_restriction_may_be_used_for_all_and_is_no_product():
    kind = kind_of(certificate())

    assert (kind.product, kind.is_server, kind.is_client, kind.is_signer) == (Product.OTHER, True, True, True)


@pytest.mark.parametrize(
    ("given", "use", "said"),
    [
        ("sign", Use.CLIENT, "an? ORG_SIGN certificate is no TLS client"),
        ("server", Use.CLIENT, "a SERV_SSL certificate is no TLS client"),
        ("sign", Use.SERVER, "ORG_SIGN certificate is no TLS server"),
        ("client", Use.SERVER, "ORG_AUTH_CLI certificate is no TLS server"),
    ],
)
def test_a_product_is_refused_for_another_use_with_the_one_that_is_needed(pki, given, use, said):
    with pytest.raises(ConfigFault, match=said) as caught:
        require_fit(pki.issue(MEMBER, given).certificate, use)

    assert {"client": "ORG_AUTH_CLI", "server": "SERV_SSL"}[use] in caught.value.hint


def test_a_host_in_the_common_name_alone_is_refused(pki):
    with pytest.raises(ConfigFault, match="no subject alternative name"):
        require_fit(pki.issue(MEMBER, "server", hosts=()).certificate, Use.SERVER)


def test_a_key_that_may_not_sign_is_refused_for_signing():
    usage = x509.KeyUsage(False, False, True, False, False, False, False, False, False)

    with pytest.raises(ConfigFault, match="does not allow signatures"):
        require_fit(certificate(usage), Use.SIGNING)


@pytest.mark.parametrize("use", Use)
def test_each_product_is_taken_for_its_own_use(pki, use):
    given = {"signing": "sign"}.get(use.value, use.value)

    assert require_fit(pki.issue(MEMBER, given).certificate, use).is_signer


def test_extensions_that_cannot_be_read_are_a_fault_of_the_file():
    broken = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.37"), b"\x04\x00junk")

    with pytest.raises(ConfigFault, match="cannot be read"):
        kind_of(certificate(broken))


def test_any_purpose_is_every_purpose():
    kind = kind_of(certificate(x509.ExtendedKeyUsage([Eku.ANY_EXTENDED_KEY_USAGE])))

    assert (kind.is_server, kind.is_client) == (True, True)
