import hashlib
import json
import subprocess

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from connector.core import b64
from connector.core.errors import ConfigFault
from connector.crypto import keys
from connector.crypto.keys import PrivateKeySigner, SigningAlgorithm

ALGORITHMS = list(SigningAlgorithm)
PAIRS = {algorithm: keys.generate(algorithm) for algorithm in ALGORITHMS}
STRANGERS = {algorithm: keys.generate(algorithm) for algorithm in ALGORITHMS}
JOSERFC = {SigningAlgorithm.ES256: ECKey, SigningAlgorithm.PS256: RSAKey, SigningAlgorithm.ED25519: OKPKey}
SMALL_RSA = rsa.generate_private_key(public_exponent=65537, key_size=1024)


def signer(algorithm, kid="key-1"):
    return PrivateKeySigner(kid, algorithm, PAIRS[algorithm])


def public_pem(key):
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


class TestSigning:
    @pytest.mark.parametrize("algorithm", ALGORITHMS)
    @given(data=st.binary(max_size=200))
    @settings(max_examples=8)
    def test_what_is_signed_verifies_and_nothing_else_does(self, algorithm, data):
        own = signer(algorithm)
        signature = own.sign(data)

        assert keys.verify(own.public_key, algorithm, data, signature)
        assert not keys.verify(own.public_key, algorithm, data + b".", signature)
        assert not keys.verify(STRANGERS[algorithm].public_key(), algorithm, data, signature)
        flipped = bytes([signature[0] ^ 1]) + signature[1:]
        assert not keys.verify(own.public_key, algorithm, data, flipped)

    def test_signatures_have_the_raw_form_of_jws(self):
        assert len(signer(SigningAlgorithm.ES256).sign(b"x")) == 64
        assert len(signer(SigningAlgorithm.PS256).sign(b"x")) == 384
        assert len(signer(SigningAlgorithm.ED25519).sign(b"x")) == 64

    def test_an_es256_signature_is_64_bytes_whatever_the_leading_zeros(self):
        assert {len(signer(SigningAlgorithm.ES256).sign(bytes([at]))) for at in range(255)} == {64}

    @pytest.mark.parametrize("listed", ALGORITHMS)
    @pytest.mark.parametrize("used", ALGORITHMS)
    def test_a_signature_counts_only_under_the_algorithm_listed_for_its_key(self, listed, used):
        own = signer(used)

        assert keys.verify(own.public_key, listed, b"data", own.sign(b"data")) is (listed is used)

    @pytest.mark.parametrize("listed", ["none", "HS256", "RS256", "ES384", "", "es256"])
    def test_another_algorithm_verifies_nothing(self, listed):
        for own in map(signer, ALGORITHMS):
            assert not keys.verify(own.public_key, listed, b"data", own.sign(b"data"))

    @pytest.mark.parametrize("algorithm", ALGORITHMS)
    @pytest.mark.parametrize("rubbish", [b"", b"\0", bytes(64), b"\xff" * 64, bytes(256), bytes(384), b"x" * 4096])
    def test_a_rubbish_signature_is_false_and_does_not_raise(self, algorithm, rubbish):
        assert not keys.verify(PAIRS[algorithm].public_key(), algorithm, b"data", rubbish)

    def test_a_der_signature_is_not_taken_for_a_raw_one(self):
        key = PAIRS[SigningAlgorithm.ES256]
        der = key.sign(b"data", ec.ECDSA(hashes.SHA256()))

        assert not keys.verify(key.public_key(), SigningAlgorithm.ES256, b"data", der)

    def test_pss_with_another_salt_length_is_refused(self):
        """RFC 7518 section 3.5: the salt is as long as the hash."""
        key = PAIRS[SigningAlgorithm.PS256]
        short = key.sign(b"data", padding.PSS(padding.MGF1(hashes.SHA256()), 20), hashes.SHA256())

        assert not keys.verify(key.public_key(), SigningAlgorithm.PS256, b"data", short)

    @pytest.mark.parametrize(
        "key", [ec.generate_private_key(ec.SECP384R1()), PAIRS[SigningAlgorithm.ED25519], PAIRS[SigningAlgorithm.PS256]]
    )
    def test_a_signer_refuses_a_key_of_another_kind(self, key):
        with pytest.raises(ConfigFault, match="cannot sign ES256"):
            PrivateKeySigner("k", SigningAlgorithm.ES256, key)

    def test_a_signer_does_not_print_its_key(self):
        assert "key=" not in repr(signer(SigningAlgorithm.ES256))

    def test_another_implementation_verifies_our_signatures(self):
        for algorithm in ALGORITHMS:
            own = signer(algorithm)
            name = "Ed25519" if algorithm is SigningAlgorithm.ED25519 else algorithm.value  # RFC 9864 renamed EdDSA
            signed = f"{b64.encode(json.dumps({'alg': name}).encode())}.{b64.encode(b'payload')}"
            token = f"{signed}.{b64.encode(own.sign(signed.encode()))}"
            key = JOSERFC[algorithm].import_key(own.public_key)

            assert jws.deserialize_compact(token, key, algorithms=[name]).payload == b"payload"


class TestPrivateKeys:
    @pytest.mark.parametrize("algorithm", ALGORITHMS)
    @pytest.mark.parametrize("password", [None, b"correct horse"])
    def test_a_key_written_as_pem_reads_back(self, algorithm, password):
        pem = keys.to_pem(PAIRS[algorithm], password)
        loaded = keys.load_private_key(pem, password)

        assert (b"ENCRYPTED" in pem) is (password is not None)
        assert loaded.public_key() == PAIRS[algorithm].public_key()

    def test_rsa_under_2048_bits_is_refused(self):
        with pytest.raises(ConfigFault, match="RSA of 1024 bits"):
            keys.load_private_key(keys.to_pem(SMALL_RSA, None))
        with pytest.raises(ConfigFault, match="RSA of 1024 bits"):
            keys.public_key_from_pem(public_pem(SMALL_RSA.public_key()))
        with pytest.raises(ConfigFault, match="RSA of 1024 bits"):
            keys.public_key_from_der(keys.public_key_to_der(SMALL_RSA.public_key()))

    @pytest.mark.parametrize(
        "generate",
        [
            ed448.Ed448PrivateKey.generate,
            lambda: dsa.generate_private_key(1024),  # longer parameters take seconds to find
            lambda: ec.generate_private_key(ec.SECP256K1()),
        ],
    )
    def test_a_kind_of_key_that_is_not_used_is_refused(self, generate):
        other = generate()
        with pytest.raises(ConfigFault, match="expected EC P-256"):
            keys.load_private_key(keys.to_pem(other, None))
        with pytest.raises(ConfigFault, match="expected EC P-256"):
            keys.public_key_from_pem(public_pem(other.public_key()))

    @pytest.mark.parametrize(
        ("written", "given"), [(b"s3cr3t-one", None), (b"s3cr3t-one", b"s3cr3t-two"), (None, b"s3cr3t-two")]
    )
    def test_a_wrong_password_is_refused_and_not_repeated(self, written, given):
        pem = keys.to_pem(PAIRS[SigningAlgorithm.ES256], written)
        with pytest.raises(ConfigFault) as caught:
            keys.load_private_key(pem, given)

        assert "s3cr3t" not in str(caught.value)
        assert caught.value.__suppress_context__

    @pytest.mark.parametrize("algorithm", ALGORITHMS)
    def test_no_truncation_of_a_pem_raises_anything_else(self, algorithm):
        pem = keys.to_pem(PAIRS[algorithm], None)
        for cut in range(0, len(pem) - 2, 97):
            with pytest.raises(ConfigFault):
                keys.load_private_key(pem[:cut])

    @given(st.binary(max_size=60), st.none() | st.binary(max_size=8))
    @settings(max_examples=40)
    def test_rubbish_is_a_config_fault(self, data, password):
        for read in (
            lambda: keys.load_private_key(data, password),
            lambda: keys.load_private_key(b"-----BEGIN PRIVATE KEY-----\n" + data, password),
            lambda: keys.load_pkcs12(data, password),
            lambda: keys.load_certificates(data),
            lambda: keys.load_certificates(b"-----BEGIN CERTIFICATE-----\n" + data),
            lambda: keys.public_key_from_pem(data),
            lambda: keys.public_key_from_der(data),
        ):
            with pytest.raises(ConfigFault):
                read()


class TestPkcs12:
    @pytest.mark.parametrize("password", [b"s3cr3t", None])
    @pytest.mark.parametrize("kind", ["p256", "rsa2048"])
    def test_it_gives_key_certificate_and_chain(self, pki, kind, password):
        leaf = pki.issue("318751275100020", "client", key=kind)
        loaded = keys.load_pkcs12(pki.pkcs12(leaf, password), password)

        assert loaded.key.public_key() == leaf.key.public_key()
        assert loaded.certificate == leaf.certificate
        assert loaded.chain == (pki.issuing.certificate,)
        assert keys.load_private_key(pki.pkcs12(leaf, password), password).public_key() == leaf.key.public_key()

    def test_one_made_by_openssl_reads(self, pki, tmp_path):
        leaf = pki.issue("318751275100020", "client")
        made = tmp_path / "made.p12"
        command = ["openssl", "pkcs12", "-export", "-in", leaf.cert_pem_path, "-inkey", leaf.key_pem_path]
        subprocess.run([*command, "-out", made, "-passout", "pass:s3cr3t"], check=True)

        assert keys.load_pkcs12(made.read_bytes(), b"s3cr3t").certificate == leaf.certificate

    @pytest.mark.parametrize("password", [None, b"", b"s3cr3t-two"])
    def test_a_wrong_password_is_refused_and_not_repeated(self, pki, password):
        data = pki.pkcs12(pki.issue("318751275100020", "sign"), b"s3cr3t-one")
        with pytest.raises(ConfigFault, match="not readable with this password") as caught:
            keys.load_pkcs12(data, password)

        assert "s3cr3t" not in str(caught.value)

    def test_one_without_key_or_certificate_is_refused(self, pki):
        leaf = pki.issue("318751275100020")
        plain = serialization.NoEncryption()
        without_key = serialization.pkcs12.serialize_key_and_certificates(None, None, None, [leaf.certificate], plain)
        without_certificate = serialization.pkcs12.serialize_key_and_certificates(None, leaf.key, None, None, plain)

        with pytest.raises(ConfigFault, match="no private key"):
            keys.load_pkcs12(without_key, None)
        with pytest.raises(ConfigFault, match="no certificate"):
            keys.load_pkcs12(without_certificate, None)


class TestPublicKeys:
    @pytest.mark.parametrize("algorithm", ALGORITHMS)
    def test_every_form_reads_back_the_same_key(self, algorithm):
        public = PAIRS[algorithm].public_key()

        assert keys.public_key_from_pem(public_pem(public)) == public
        assert keys.public_key_from_der(keys.public_key_to_der(public)) == public

    def test_an_ed25519_key_is_made_for_eddsa(self):
        assert isinstance(keys.generate(SigningAlgorithm.ED25519), ed25519.Ed25519PrivateKey)


class TestThumbprints:
    def test_x5t_is_43_characters_of_the_raw_hash(self, pki):
        leaf = pki.issue("318751275100020")

        assert keys.x5t_s256(leaf.der) == b64.encode(hashlib.sha256(leaf.der).digest())
        assert len(keys.x5t_s256(leaf.der)) == 43

    def test_x5t_stays_what_it_was(self):
        assert keys.x5t_s256(b"") == "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"

    def test_the_spki_pin_is_the_same_for_key_public_key_and_a_renewed_certificate(self, pki):
        leaf = pki.issue("318751275100020")
        renewed = pki.issue("318751275100020", reuse=leaf)
        pins = {keys.spki_sha256(of) for of in (leaf.key, leaf.key.public_key(), leaf.certificate, renewed.certificate)}

        assert leaf.der != renewed.der
        assert pins == {hashlib.sha256(keys.public_key_to_der(leaf.key.public_key())).digest()}


def test_certificates_are_read_in_their_order_from_pem_and_alone_from_der(pki):
    leaf = pki.issue("318751275100020")

    assert keys.load_certificates(leaf.cert_pem_path.read_bytes()) == (leaf.certificate, pki.issuing.certificate)
    assert keys.load_certificates(leaf.der) == (leaf.certificate,)
    with pytest.raises(ConfigFault):
        keys.load_certificates(leaf.key_pem_path.read_bytes())
