import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.core import b64
from connector.core.codes import Code
from connector.core.errors import ConfigFault, PeerFault
from connector.crypto import keys
from connector.crypto.certificates import Authorities, IssuedSerial, PeerCertificate
from tests.kit.pki import Pki

MEMBER = "318751275100020"


@pytest.fixture(scope="module")
def leaf(pki):
    return pki.issue(MEMBER, "client")


@pytest.fixture(scope="module")
def authorities(pki):
    return Authorities.load([pki.ca_path.read_bytes()])


def self_signed(key, *, subject="CN=x,OU=one,OU=two+CN=y", extensions=(), authority_name=None):
    name = x509.Name.from_rfc4514_string(subject)
    builder = x509.CertificateBuilder(
        subject_name=name,
        issuer_name=authority_name or name,
        public_key=key.public_key(),
        serial_number=7,
        not_valid_before=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        not_valid_after=dt.datetime(2027, 1, 1, tzinfo=dt.UTC),
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, hashes.SHA256())


def der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)


class TestPeerCertificate:
    def test_it_says_what_the_rules_ask_for(self, pki, leaf):
        peer = PeerCertificate.from_der(leaf.der)

        assert peer == PeerCertificate(
            x5t=keys.x5t_s256(leaf.der),
            spki_sha256=b64.encode(keys.spki_sha256(leaf.key)),
            subject_ous=(MEMBER,),
            issuer=pki.issuing.certificate.subject.public_bytes(),
            serial=leaf.certificate.serial_number,
            not_before=int(leaf.certificate.not_valid_before_utc.timestamp()),
            not_after=int(leaf.certificate.not_valid_after_utc.timestamp()),
        )

    def test_every_ou_is_read_by_its_oid_whatever_the_name_looks_like(self, pki):
        issuing = PeerCertificate.from_der(der(pki.issuing.certificate))
        odd = self_signed(ec.generate_private_key(ec.SECP256R1()), subject=r"CN=x\,OU=not,OU=one\,two,OU=three")

        assert issuing.subject_ous == ("IGC-SANTE SANDBOX", "0002 187512751")
        assert sorted(PeerCertificate.from_der(der(odd)).subject_ous) == ["one,two", "three"]

    def test_its_life_has_both_ends(self, leaf):
        peer = PeerCertificate.from_der(leaf.der)

        assert peer.is_valid_at(peer.not_before)
        assert peer.is_valid_at(peer.not_after)
        assert not peer.is_valid_at(peer.not_before - 1)
        assert not peer.is_valid_at(peer.not_after + 1)

    def test_a_short_rsa_key_is_refused(self):
        short = self_signed(rsa.generate_private_key(public_exponent=65537, key_size=1024))
        with pytest.raises(PeerFault, match="1024 bits"):
            PeerCertificate.from_der(der(short))

    def test_an_rsa_key_as_igc_sante_has_them_is_taken(self, pki):
        assert PeerCertificate.from_der(pki.issue(MEMBER, key="rsa2048").der).subject_ous == (MEMBER,)

    def test_every_truncation_is_a_peer_fault(self, leaf):
        for cut in range(0, len(leaf.der), 7):
            with pytest.raises(PeerFault) as caught:
                PeerCertificate.from_der(leaf.der[:cut])
            assert caught.value.code is Code.PEER_TLS

    @given(st.binary(max_size=80))
    @settings(max_examples=50)
    def test_rubbish_is_a_peer_fault(self, data):
        with pytest.raises(PeerFault):
            PeerCertificate.from_der(data)

    # OpenSSL lets such a certificate through, `cryptography` only warns: it is refused here.
    @pytest.mark.filterwarnings("ignore:Parsed a serial number which wasn't positive")
    def test_a_serial_number_that_is_not_positive_is_refused(self, leaf):
        serial = leaf.certificate.serial_number
        at = leaf.der.index(serial.to_bytes(serial.bit_length() // 8 + 1))  # as DER: a bit for the sign
        negative = leaf.der[:at] + bytes([leaf.der[at] | 0x80]) + leaf.der[at + 1 :]
        with pytest.raises(PeerFault, match="not positive"):
            PeerCertificate.from_der(negative)

    # Both are warnings of `cryptography` about values that it takes nevertheless.
    @pytest.mark.filterwarnings("ignore:Parsed a serial number", "ignore:Attribute's length must be")
    @given(st.data())
    @settings(max_examples=150)
    def test_a_changed_byte_of_what_was_signed_gives_another_value_or_a_peer_fault_and_has_no_chain(
        self, leaf, authorities, data
    ):
        signed = leaf.certificate.tbs_certificate_bytes
        at = data.draw(st.integers(0, len(signed) - 1)) + leaf.der.index(signed)
        changed = leaf.der[:at] + bytes([leaf.der[at] ^ data.draw(st.integers(1, 255))]) + leaf.der[at + 1 :]
        try:
            value = PeerCertificate.from_der(changed)
        except PeerFault:
            value = None

        assert value is None or value.x5t != keys.x5t_s256(leaf.der)
        with pytest.raises(PeerFault):
            authorities.chain_of(changed)

    def test_a_kind_of_name_that_is_not_read_is_a_peer_fault(self):
        """An x400Address in the subject alternative names: `cryptography` raises an error of its own over it."""
        other = x509.SubjectAlternativeName([x509.RFC822Name("a@b.invalid")])
        made = der(self_signed(ec.generate_private_key(ec.SECP256R1()), extensions=(other,)))
        with pytest.raises(PeerFault, match="not readable"):
            PeerCertificate.from_der(made.replace(b"\x81\x0ba@b.invalid", b"\xa3\x0ba@b.invalid"))


class TestAuthorities:
    def test_the_chain_names_leaf_and_issuing_authority_and_stops_below_the_root(self, pki, leaf, authorities):
        assert authorities.chain_of(leaf.der) == (
            IssuedSerial(pki.issuing.certificate.subject.public_bytes(), leaf.certificate.serial_number),
            IssuedSerial(pki.root.certificate.subject.public_bytes(), pki.issuing.certificate.serial_number),
        )

    def test_a_certificate_of_another_authority_has_no_chain(self, tmp_path, authorities):
        for name in ("ANOTHER", "IGC-SANTE"):  # the second bears the same names under other keys
            other = Pki(tmp_path / name, name=name).issue(MEMBER, "client")
            with pytest.raises(PeerFault, match="configured authority") as caught:
                authorities.chain_of(other.der)
            assert caught.value.code is Code.PEER_TLS

    def test_of_two_authorities_of_one_name_the_signer_is_taken(self, pki, leaf, tmp_path):
        twin = Pki(tmp_path / "twin")
        both = Authorities.load([twin.ca_path.read_bytes(), pki.ca_path.read_bytes()])

        assert both.chain_of(leaf.der)[1].serial == pki.issuing.certificate.serial_number

    def test_without_its_root_a_chain_is_not_complete(self, pki, leaf):
        alone = Authorities.load([der(pki.issuing.certificate)])
        with pytest.raises(PeerFault, match="configured authority"):
            alone.chain_of(leaf.der)

    def test_authorities_that_sign_each_other_end_at_the_limit(self):
        key = ec.generate_private_key(ec.SECP256R1())
        ca = (x509.BasicConstraints(ca=True, path_length=None),)
        one, two = x509.Name.from_rfc4514_string("CN=one"), x509.Name.from_rfc4514_string("CN=two")
        ring = [
            self_signed(key, subject="CN=one", authority_name=two, extensions=ca),
            self_signed(key, subject="CN=two", authority_name=one, extensions=ca),
        ]
        with pytest.raises(PeerFault, match="configured authority"):
            Authorities.load([der(certificate) for certificate in ring]).chain_of(der(ring[0]))

    def test_a_leaf_is_no_authority(self, leaf):
        with pytest.raises(ConfigFault, match="not one of an authority"):
            Authorities.load([leaf.der])

    def test_a_certificate_without_basic_constraints_is_no_authority(self):
        with pytest.raises(ConfigFault, match="not one of an authority"):
            Authorities.load([der(self_signed(ec.generate_private_key(ec.SECP256R1())))])

    @pytest.mark.parametrize("files", [[], [b""], [b"rubbish"]])
    def test_none_or_rubbish_is_refused(self, files):
        with pytest.raises(ConfigFault):
            Authorities.load(files)

    @given(st.binary(max_size=60))
    @settings(max_examples=30)
    def test_rubbish_has_no_chain(self, authorities, data):
        with pytest.raises(PeerFault):
            authorities.chain_of(data)
