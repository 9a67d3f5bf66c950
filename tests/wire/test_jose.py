import hmac
import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws as oracle
from joserfc.jwk import ECKey, RSAKey
from jwt.api_jws import PyJWS

from connector.core.directory import KeyUse
from connector.crypto.keys import PrivateKeySigner, SigningAlgorithm, generate
from connector.wire import b64, jose
from tests.wire.values import HOLDER, REQUESTER, listed

TYP = "mandate+jwt"
CLAIMS = {"iss": REQUESTER.id.value, "name": "Élodie", "n": 1}
RSA = PrivateKeySigner("rsa-1", SigningAlgorithm.PS256, generate(SigningAlgorithm.PS256))
RSA_KEY = listed("rsa-1", KeyUse.SIGN, "PS256", RSA.public_key)
EC_KEY = REQUESTER.member.keys[0]


def token(header, claims=CLAIMS, signature=b"s" * 64):
    parts = (part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, claims))
    return b".".join(b64.encode(part).encode() for part in (*parts, signature))


GOOD_HEADER = {"alg": "ES256", "kid": "k", "typ": TYP}


@pytest.mark.parametrize(("signer", "key"), [(REQUESTER.signer, EC_KEY), (RSA, RSA_KEY)])
def test_what_is_sealed_verifies_here_in_pyjwt_and_in_joserfc(signer, key):
    compact = jose.seal(TYP, CLAIMS, signer)

    jws = jose.read(compact, typ=TYP)
    assert jose.verify(jws, key)
    assert jws.claims == CLAIMS
    assert (jws.algorithm, jws.kid, jws.compact) == (signer.algorithm, signer.kid, compact)

    decoded = PyJWS().decode_complete(compact, signer.public_key, algorithms=[signer.algorithm])
    assert decoded["header"] == {"alg": signer.algorithm, "kid": signer.kid, "typ": TYP}
    assert json.loads(decoded["payload"]) == CLAIMS

    kind = ECKey if signer.algorithm == "ES256" else RSAKey
    independent = oracle.deserialize_compact(compact, kind.import_key(signer.public_key), algorithms=[signer.algorithm])
    assert json.loads(independent.payload) == CLAIMS


@pytest.mark.parametrize(("signer", "key"), [(REQUESTER.signer, EC_KEY), (RSA, RSA_KEY)])
def test_what_joserfc_signs_verifies_here(signer, key):
    kind = ECKey if signer.algorithm == "ES256" else RSAKey
    header = {"alg": signer.algorithm, "kid": signer.kid, "typ": TYP}
    compact = oracle.serialize_compact(
        header, json.dumps(CLAIMS), kind.import_key(signer.key), algorithms=[signer.algorithm]
    )

    assert jose.verify(jose.read(compact.encode(), typ=TYP), key)


def test_another_key_of_the_same_kind_verifies_nothing():
    jws = jose.read(jose.seal(TYP, CLAIMS, REQUESTER.signer), typ=TYP)

    assert not jose.verify(jws, HOLDER.member.keys[0])


def test_the_listed_algorithm_counts_not_the_one_in_the_header():
    of_rsa = jose.read(jose.seal(TYP, CLAIMS, RSA), typ=TYP)
    of_ec = jose.read(jose.seal(TYP, CLAIMS, REQUESTER.signer), typ=TYP)

    assert not jose.verify(of_rsa, replace(RSA_KEY, algorithm="ES256"))
    assert not jose.verify(of_ec, replace(RSA_KEY, algorithm="ES256"))
    assert not jose.verify(of_ec, replace(EC_KEY, algorithm="PS256"))
    assert not jose.verify(of_rsa, replace(EC_KEY, algorithm="PS256"))


@pytest.mark.parametrize(
    "der", [b"", b"no key", HOLDER.member.keys[1].public_der], ids=["empty", "rubbish", "ledger key"]
)
def test_a_listed_key_that_cannot_be_used_verifies_nothing(der):
    jws = jose.read(jose.seal(TYP, CLAIMS, REQUESTER.signer), typ=TYP)

    assert not jose.verify(jws, replace(EC_KEY, public_der=der))


def test_a_key_on_another_curve_verifies_nothing():
    key = listed("k", KeyUse.SIGN, "ES256", ec.generate_private_key(ec.SECP384R1()).public_key())

    assert not jose.verify(jose.read(jose.seal(TYP, CLAIMS, REQUESTER.signer), typ=TYP), key)


@pytest.mark.parametrize("signature", [b"", b"s", b"\0" * 64, b"s" * 63, b"s" * 65, b"\xff" * 64])
def test_a_signature_of_any_length_or_value_ends_as_not_verified(signature):
    jws = jose.read(token(GOOD_HEADER, signature=signature), typ=TYP)

    assert not jose.verify(jws, EC_KEY)


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "RS256", "ES384", "ES256K", "EdDSA", "PS512", ""])
def test_an_algorithm_out_of_use_is_refused_before_any_key_is_asked(algorithm):
    with pytest.raises(jose.AlgorithmFault):
        jose.read(token(GOOD_HEADER | {"alg": algorithm}, signature=b""), typ=TYP)


def test_a_token_under_hs256_with_the_public_key_as_secret_is_refused():
    signing_input = token({"alg": "HS256", "kid": EC_KEY.kid, "typ": TYP}).rpartition(b".")[0]
    tag = hmac.digest(EC_KEY.public_der, signing_input, "sha256")

    with pytest.raises(jose.AlgorithmFault):
        jose.read(signing_input + b"." + b64.encode(tag).encode(), typ=TYP)


@pytest.mark.parametrize("name", ["jku", "x5u", "x5c", "jwk", "crit", "b64"])
@pytest.mark.parametrize("value", [None, "https://example.org", []])
def test_a_header_that_brings_a_key_or_a_rule_is_refused(name, value):
    with pytest.raises(jose.TokenFault, match="refused"):
        jose.read(token(GOOD_HEADER | {name: value}), typ=TYP)


def test_other_header_parameters_are_ignored():
    assert jose.read(token(GOOD_HEADER | {"cty": "json"}), typ=TYP).kid == "k"


@pytest.mark.parametrize(
    "compact",
    [
        b"",
        b".",
        b"..",
        b"a.b",
        b"a.b.c.d",
        b"a.b.c",
        b"\xe9.\xe9.\xe9",
        token(GOOD_HEADER) + b"=",
        token(GOOD_HEADER) + b"\n",
        b" " + token(GOOD_HEADER),
        token(GOOD_HEADER).replace(b".", b"=.", 1),
        token(b"[]"),
        token(b"null"),
        token(GOOD_HEADER, b"[]"),
        token(GOOD_HEADER, b'{"a":1,"a":2}'),
        token(b'{"alg":"ES256","kid":"k","typ":"mandate+jwt","typ":"mandate+jwt"}'),
        token(b'{"alg":"none","alg":"ES256","kid":"k","typ":"mandate+jwt"}'),
        token(GOOD_HEADER | {"typ": "receipt+jwt"}),
        token(GOOD_HEADER | {"typ": "Mandate+JWT"}),
        token(GOOD_HEADER | {"typ": "application/mandate+jwt"}),
        token(GOOD_HEADER | {"typ": None}),
        token({"alg": "ES256", "kid": "k"}),
        token({"kid": "k", "typ": TYP}),
        token(GOOD_HEADER | {"alg": 1}),
        token(GOOD_HEADER | {"alg": ["ES256"]}),
        token({"alg": "ES256", "typ": TYP}),
        token(GOOD_HEADER | {"kid": 1}),
        token(GOOD_HEADER | {"kid": ""}),
        token(GOOD_HEADER | {"kid": "k" * 101}),
    ],
)
def test_a_token_of_another_form_is_refused(compact):
    with pytest.raises(jose.TokenFault) as caught:
        jose.read(compact, typ=TYP)

    assert not isinstance(caught.value, jose.AlgorithmFault)


def test_a_token_is_at_most_4096_bytes_long():
    room = 4096 - len(token(GOOD_HEADER, {"f": ""}))
    fitting = token(GOOD_HEADER, {"f": "x" * (room * 3 // 4)})

    assert 4090 <= len(fitting) <= 4096
    assert jose.read(fitting, typ=TYP)
    with pytest.raises(jose.TokenFault, match="4096"):
        jose.read(token(GOOD_HEADER, {"f": "x" * (room * 3 // 4 + 8)}), typ=TYP)


def test_a_token_that_would_not_fit_is_not_sealed():
    with pytest.raises(ValueError, match="4096"):
        jose.seal(TYP, {"f": "x" * 3000}, REQUESTER.signer)


def test_a_signer_of_another_algorithm_seals_nothing():
    signer = PrivateKeySigner("k", SigningAlgorithm.ED25519, generate(SigningAlgorithm.ED25519))

    with pytest.raises(ValueError, match="EdDSA"):
        jose.seal(TYP, CLAIMS, signer)


def test_a_token_taken_apart_shows_nothing_of_itself():
    jws = jose.read(jose.seal(TYP, CLAIMS, REQUESTER.signer), typ=TYP)

    assert repr(jws) == str(jws) == "[redacted]"


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_token_changed_in_any_byte_is_refused_or_does_not_verify(data):
    compact = bytearray(jose.seal(TYP, CLAIMS, REQUESTER.signer))
    position = data.draw(st.integers(0, len(compact) - 1))
    compact[position] = data.draw(st.integers(0, 255).filter(lambda byte: byte != compact[position]))

    try:
        jws = jose.read(bytes(compact), typ=TYP)
    except jose.TokenFault:
        return
    assert not jose.verify(jws, EC_KEY)


@given(
    st.binary(max_size=200)
    | st.lists(st.binary(max_size=40), min_size=3, max_size=3).map(
        lambda parts: b".".join(b64.encode(part).encode() for part in parts)
    )
)
@settings(max_examples=150)
def test_bytes_of_any_kind_end_as_a_token_fault(compact):
    with pytest.raises(jose.TokenFault):
        jose.read(compact, typ=TYP)
