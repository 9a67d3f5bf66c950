import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.core.errors import ConfigFault, PeerFault
from connector.crypto.certificates import Authorities, IssuedSerial, PeerCertificate
from connector.crypto.crls import CrlSet, believable, distribution_points
from tests.kit.pki import Pki

MEMBER = "318751275100020"
HOUR = dt.timedelta(hours=1)
CN = x509.NameAttribute(x509.NameOID.COMMON_NAME, "AC")
WEB = x509.UniformResourceIdentifier("http://lists.invalid/a.crl")


def read(paths):
    return [path.read_bytes() for path in paths]


def load(pki, files=None):
    return CrlSet.load(read(pki.crl_paths) if files is None else files, [pki.ca_path.read_bytes()])


def der(crl):
    return crl.public_bytes(serialization.Encoding.DER)


def forged(pki, authority, **changes):
    terms = {"last_update": pki.now - HOUR, "next_update": pki.now + HOUR} | changes
    return der(pki.crl(authority, **terms))


def instant(moment):
    return int(moment.timestamp())


def without_next_update(data, key):
    """The same list without its nextUpdate field, signed again."""
    crl = x509.load_der_x509_crl(data)
    field = b"\x17\x0d" + f"{crl.next_update_utc:%y%m%d%H%M%SZ}".encode()
    whole = crl.tbs_certlist_bytes
    head = 2 + (whole[1] & 0x7F) if whole[1] & 0x80 else 2  # tag and length of the outer sequence
    assert whole.count(field) == 1
    body = sequence(whole[head:].replace(field, b""))
    algorithm = sequence(bytes.fromhex("06082a8648ce3d040302"))  # ecdsa-with-SHA256
    signature = key.sign(body, ec.ECDSA(hashes.SHA256()))
    return sequence(body + algorithm + b"\x03" + bytes([len(signature) + 1]) + b"\0" + signature)


def sequence(content):
    size = len(content)
    if size < 0x80:
        return b"\x30" + bytes([size]) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return b"\x30" + bytes([0x80 | len(octets)]) + octets + content


class TestRevocation:
    def test_a_revoked_leaf_is_known_and_the_others_are_not(self, own_pki):
        kept, lost = own_pki.issue(MEMBER), own_pki.issue(MEMBER)
        own_pki.revoke(lost)
        crls = load(own_pki)

        for leaf, expected in ((kept, False), (lost, True)):
            peer = PeerCertificate.from_der(leaf.der)
            assert crls.is_revoked(peer.issuer, peer.serial) is expected

    def test_a_revoked_issuing_authority_is_found_in_the_chain_of_its_leaves(self, own_pki):
        authorities = Authorities.load([own_pki.ca_path.read_bytes()])
        chain = authorities.chain_of(own_pki.issue(MEMBER).der)
        before = load(own_pki)
        own_pki.revoke_issuing()

        assert before.revoked_in(chain) is None
        assert load(own_pki).revoked_in(chain) == chain[1]

    def test_a_revoked_leaf_is_found_in_its_chain(self, own_pki):
        leaf = own_pki.issue(MEMBER)
        own_pki.revoke(leaf)
        chain = Authorities.load([own_pki.ca_path.read_bytes()]).chain_of(leaf.der)

        assert load(own_pki).revoked_in(chain) == chain[0]

    def test_a_serial_counts_only_under_its_own_issuer(self, own_pki):
        leaf = own_pki.issue(MEMBER)
        own_pki.revoke(leaf)
        root = own_pki.root.certificate.subject.public_bytes()

        assert not load(own_pki).is_revoked(root, leaf.certificate.serial_number)

    def test_nothing_is_said_about_an_issuer_without_a_list(self, pki):
        with pytest.raises(PeerFault, match="none of the authorities"):
            load(pki).is_revoked(b"other", 1)
        with pytest.raises(PeerFault, match="none of the authorities"):
            load(pki).revoked_in([IssuedSerial(b"other", 1)])

    def test_the_newer_of_two_lists_counts_in_any_order(self, own_pki):
        leaf = own_pki.issue(MEMBER)
        old = read(own_pki.crl_paths)
        own_pki.revoke(leaf)
        own_pki.write_crls(last_update=own_pki.now)
        new = read(own_pki.crl_paths)
        issuer = own_pki.issuing.certificate.subject.public_bytes()

        assert load(own_pki, old + new).is_revoked(issuer, leaf.certificate.serial_number)
        assert load(own_pki, new + old).is_revoked(issuer, leaf.certificate.serial_number)

    def test_while_an_authority_renews_its_key_the_lists_under_both_keys_count(self, own_pki, tmp_path):
        twin = Pki(tmp_path / "twin", now=own_pki.now)
        lost, lost_too = own_pki.issue(MEMBER), twin.issue(MEMBER)
        own_pki.revoke(lost)
        twin.revoke(lost_too)
        files = read(own_pki.crl_paths) + read(twin.crl_paths)
        crls = CrlSet.load(files, [own_pki.ca_path.read_bytes(), twin.ca_path.read_bytes()])
        issuer = own_pki.issuing.certificate.subject.public_bytes()

        assert crls.is_revoked(issuer, lost.certificate.serial_number)
        assert crls.is_revoked(issuer, lost_too.certificate.serial_number)


class TestLoading:
    def test_pem_files_with_several_lists_are_read(self, pki):
        lists = [x509.load_der_x509_crl(data) for data in read(pki.crl_paths)]
        pem = b"".join(crl.public_bytes(serialization.Encoding.PEM) for crl in lists)

        assert load(pki, [pem]) == load(pki)

    def test_authorities_may_be_given_as_certificates(self, pki):
        given_as = [pki.root.certificate, pki.issuing.certificate]

        assert CrlSet.load(read(pki.crl_paths), given_as) == load(pki)

    def test_both_lists_are_needed(self, pki):
        for one in read(pki.crl_paths):
            with pytest.raises(ConfigFault, match="CRL: none of authority"):
                load(pki, [one])
        with pytest.raises(ConfigFault, match="CRL: none of authority"):
            load(pki, [])

    def test_a_list_that_its_authority_did_not_sign_is_refused(self, pki):
        root, issuing = read(pki.crl_paths)
        stranger = ec.generate_private_key(ec.SECP256R1())
        for key in (stranger, pki.root.key):
            with pytest.raises(ConfigFault, match="not signed by"):
                load(pki, [root, issuing, forged(pki, pki.issuing, signed_by=key)])

    def test_a_list_of_no_configured_authority_is_refused(self, pki, tmp_path):
        other = Pki(tmp_path / "other", name="ANOTHER")
        with pytest.raises(ConfigFault, match="no configured authority"):
            load(pki, read(pki.crl_paths) + read(other.crl_paths))

    def test_an_authority_that_may_not_sign_lists_is_not_believed(self, pki):
        leaf = pki.issue(MEMBER)
        crl = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(leaf.certificate.subject)
            .last_update(pki.now - HOUR)
            .next_update(pki.now + HOUR)
            .sign(leaf.key, hashes.SHA256())
        )
        with pytest.raises(ConfigFault, match="not signed by"):
            CrlSet.load([der(crl)], [leaf.der])

    @pytest.mark.parametrize(
        "extension",
        [
            x509.DeltaCRLIndicator(1),
            x509.IssuingDistributionPoint(None, None, True, False, None, False, False),
            x509.IssuingDistributionPoint(None, None, False, True, None, False, False),
            x509.IssuingDistributionPoint(
                None, None, False, False, frozenset({x509.ReasonFlags.key_compromise}), False, False
            ),
            x509.IssuingDistributionPoint(None, None, False, False, None, True, False),
            x509.IssuingDistributionPoint(None, None, False, False, None, False, True),
            x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"),
        ],
    )
    def test_a_list_that_leaves_certificates_uncovered_is_refused(self, pki, extension):
        root, _ = read(pki.crl_paths)
        with pytest.raises(ConfigFault, match="not understood|covers a part"):
            load(pki, [root, forged(pki, pki.issuing, extension=extension)])

    def test_a_distribution_point_that_only_has_a_name_is_taken(self, pki):
        root, _ = read(pki.crl_paths)
        point = x509.IssuingDistributionPoint(
            [x509.UniformResourceIdentifier("http://crl.invalid/x.crl")], None, False, False, None, False, False
        )

        assert load(pki, [root, forged(pki, pki.issuing, extension=point)])

    def test_a_list_without_the_date_of_the_next_is_refused(self, pki):
        root, issuing = read(pki.crl_paths)
        with pytest.raises(ConfigFault, match="no date of the next one"):
            load(pki, [root, without_next_update(issuing, pki.issuing.key)])

    def test_a_list_under_another_kind_of_key_is_refused(self, pki, tmp_path):
        twin = Pki(tmp_path / "rsa", key="rsa2048")
        with pytest.raises(ConfigFault, match="not signed by"):
            CrlSet.load(read(pki.crl_paths), [twin.ca_path.read_bytes()])

    def test_an_authority_without_key_usage_may_sign_lists(self, pki):
        """RFC 5280 section 4.2.1.3: the extension restricts where it stands."""
        name, key = x509.Name.from_rfc4514_string("CN=old"), ec.generate_private_key(ec.SECP256R1())
        authority = (
            x509.CertificateBuilder(name, name, key.public_key(), 1, pki.now - HOUR, pki.now + HOUR)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        crl = (
            x509.CertificateRevocationListBuilder(name, pki.now - HOUR, pki.now + HOUR)
            .add_revoked_certificate(x509.RevokedCertificateBuilder(5, pki.now - HOUR).build())
            .sign(key, hashes.SHA256())
        )
        crls = CrlSet.load([der(crl)], [authority])

        assert crls.is_revoked(name.public_bytes(), 5)
        assert not crls.is_revoked(name.public_bytes(), 6)

    def test_no_authority_at_all_is_refused(self, pki):
        with pytest.raises(ConfigFault, match="no authority"):
            CrlSet.load(read(pki.crl_paths), [])

    @given(st.binary(max_size=60))
    @settings(max_examples=40)
    def test_rubbish_is_a_config_fault(self, pki, data):
        for file in (data, b"-----BEGIN X509 CRL-----\n" + data + b"\n-----END X509 CRL-----\n", b"-----BEGIN" + data):
            with pytest.raises(ConfigFault):
                load(pki, [file])

    def test_every_truncation_is_a_config_fault(self, pki):
        root, issuing = read(pki.crl_paths)
        for cut in range(0, len(issuing), 5):
            with pytest.raises(ConfigFault):
                load(pki, [root, issuing[:cut]])

    @pytest.mark.filterwarnings("ignore:Attribute's length must be")
    @given(st.data())
    @settings(max_examples=100)
    def test_any_changed_byte_of_what_was_signed_is_a_config_fault(self, pki, data):
        root, issuing = read(pki.crl_paths)
        signed = x509.load_der_x509_crl(issuing).tbs_certlist_bytes
        at = data.draw(st.integers(0, len(signed) - 1)) + issuing.index(signed)
        changed = issuing[:at] + bytes([issuing[at] ^ data.draw(st.integers(1, 255))]) + issuing[at + 1 :]
        with pytest.raises(ConfigFault):
            load(pki, [root, changed])


class TestAge:
    def test_the_first_list_to_end_makes_the_set_stale(self, own_pki):
        root, _ = read(own_pki.crl_paths)
        end = own_pki.now + HOUR
        crls = load(own_pki, [root, forged(own_pki, own_pki.issuing, next_update=end)])

        assert crls.next_update == instant(end)
        assert not crls.is_stale(instant(end) - 1)
        assert crls.is_stale(instant(end))

    def test_a_stale_set_still_answers(self, own_pki):
        leaf = own_pki.issue(MEMBER)
        own_pki.revoke(leaf)
        own_pki.write_crls(last_update=own_pki.now - 10 * HOUR, life=HOUR)
        crls = load(own_pki)

        assert crls.is_stale(instant(own_pki.now))
        assert crls.is_revoked(own_pki.issuing.certificate.subject.public_bytes(), leaf.certificate.serial_number)


class TestFetched:
    def test_the_addresses_are_those_of_full_lists_on_the_web(self, tmp_path):
        pki = Pki(tmp_path / "pki", crl_base="http://lists.invalid/")
        leaf = pki.issue(MEMBER).certificate

        found = distribution_points((leaf, pki.issuing.certificate, leaf, pki.root.certificate))

        assert found == ("http://lists.invalid/issuing.crl", "http://lists.invalid/root.crl")

    @pytest.mark.parametrize(
        "point",
        [
            x509.DistributionPoint([x509.DirectoryName(x509.Name([]))], None, None, None),
            x509.DistributionPoint(None, x509.RelativeDistinguishedName([CN]), None, None),
            x509.DistributionPoint([WEB], None, frozenset([x509.ReasonFlags.key_compromise]), None),
            x509.DistributionPoint([WEB], None, None, [x509.DirectoryName(x509.Name([CN]))]),
            x509.DistributionPoint([x509.UniformResourceIdentifier("file:///etc/passwd")], None, None, None),
        ],
        ids=["directory", "relative", "some-reasons", "indirect", "file"],
    )
    def test_other_points_name_no_address(self, point):
        key = ec.generate_private_key(ec.SECP256R1())
        now = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
        builder = x509.CertificateBuilder(x509.Name([CN]), x509.Name([CN]), key.public_key(), 1, now, now + HOUR)
        builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)

        assert distribution_points([builder.sign(key, hashes.SHA256())]) == ()

    def test_an_awaited_list_may_be_missing_and_is_named(self, pki):
        crls = CrlSet.load([pki.crl_paths[0].read_bytes()], [pki.ca_path.read_bytes()], may_miss=True)

        assert ["ORGANISATIONS" in name for name in crls.missing] == [True]

    def test_damaged_copies_and_those_of_others_are_passed_over(self, pki, tmp_path):
        good, other = pki.crl_paths[0].read_bytes(), Pki(tmp_path / "o", name="AUTRE").crl_paths[0].read_bytes()

        found = believable([good[:-9], good, other, b""], Authorities.load([pki.ca_path.read_bytes()]).certificates)

        assert [crl.der for crl in found] == [good]
