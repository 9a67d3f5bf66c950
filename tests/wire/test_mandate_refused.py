"""Mandates that do not hold: before the signature is known, and after it, when a receipt is owed."""

import hmac
import json
from dataclasses import replace

import pytest

from connector.core.coded import PURPOSE_PROBE
from connector.core.codes import Code
from connector.core.directory import KeyUse
from connector.core.errors import MandateRefused, RequestRefused
from connector.core.instant import Instant
from connector.core.mandate import Kind
from connector.core.members import MemberId
from connector.crypto.keys import PrivateKeySigner, SigningAlgorithm, generate
from connector.wire import b64, bearer
from connector.wire.mandate_claims import needed
from tests.kit.resealed import ABSENT
from tests.wire.mandates import BINDING, DRAFTS, changed, check, claims_of, refusal, seal
from tests.wire.values import (
    HOLDER,
    JTI,
    LOOKUP_ID,
    NOW,
    REQUESTER,
    X5T,
    demand,
    probe,
)

# ---------------------------------------------------------------- before the signature is known


def rewritten(header, signature=b""):
    parts = seal().split(b".")
    original = json.loads(b64.decode(parts[0].decode()))
    parts[0] = b64.encode(json.dumps(original | header).encode()).encode()
    signing_input = b".".join(parts[:2])
    return signing_input + b"." + b64.encode(signature or b"").encode()


def hs256_with_the_public_key():
    signing_input = rewritten({"alg": "HS256"}).rpartition(b".")[0]
    tag = hmac.digest(REQUESTER.member.keys[0].public_der, signing_input, "sha256")
    return signing_input + b"." + b64.encode(tag).encode()


def signed_as(signer, header):
    signing_input = rewritten(header).rpartition(b".")[0]
    return signing_input + b"." + b64.encode(signer.sign(signing_input)).encode()


OTHER = PrivateKeySigner(REQUESTER.signer.kid, SigningAlgorithm.ES256, generate(SigningAlgorithm.ES256))
RSA = PrivateKeySigner(REQUESTER.signer.kid, SigningAlgorithm.PS256, generate(SigningAlgorithm.PS256))


@pytest.mark.parametrize(
    "compact",
    [
        rewritten({"alg": "none"}),
        rewritten({"alg": "none", "kid": None}),
        hs256_with_the_public_key(),
        rewritten({"alg": "RS256"}, b"s" * 256),
        rewritten({"alg": "EdDSA"}, b"s" * 64),
        signed_as(RSA, {"alg": "PS256"}),
        seal(signer=OTHER),
        seal(signer=replace(REQUESTER.signer, kid="not-listed")),
        seal(signer=PrivateKeySigner("3187-ledger-1", SigningAlgorithm.ES256, REQUESTER.signer.key)),
        rewritten({}),
        rewritten({}, b"s" * 64),
    ],
    ids=[
        "none",
        "none-without-kid",
        "hs256",
        "rs256",
        "eddsa",
        "ps256-unlisted",
        "another-key",
        "unlisted-kid",
        "kid-of-a-ledger-key",
        "no-signature",
        "rubbish",
    ],
)
def test_a_signature_that_does_not_hold_is_refused(compact):
    assert refusal(compact) == Code.MANDATE_SIGNATURE


@pytest.mark.parametrize(
    "key",
    [
        {"valid_until": NOW},
        {"valid_from": Instant(NOW + 1)},
        {"compromised_since": NOW},
        {"algorithm": "PS256"},
        {"use": KeyUse.LEDGER},
    ],
)
def test_a_key_that_is_not_listed_for_now_and_for_this_signs_nothing(key):
    peer = replace(REQUESTER.member, keys=(replace(REQUESTER.member.keys[0], **key),))

    assert refusal(seal(), peer=peer) == Code.MANDATE_SIGNATURE


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "receipt+jwt"},
        {"typ": "JWT"},
        {"typ": None},
        {"jku": "https://attacker.example/keys"},
        {"x5u": "https://attacker.example/cert"},
        {"x5c": ["MII"]},
        {"jwk": {"kty": "EC"}},
        {"crit": ["exp"], "exp": 1},
        {"b64": False},
        {"kid": 7},
    ],
)
def test_a_header_of_another_kind_is_malformed_even_if_signed(header):
    assert refusal(signed_as(REQUESTER.signer, header)) == Code.MANDATE_MALFORMED


@pytest.mark.parametrize("payload", [b'{"iss":"a","iss":"b"}', b"[]", b"{", b'{"a":{"b":1,"b":1}}', b'{"a":"\\ud800"}'])
def test_claims_that_are_no_strict_json_are_malformed_even_if_signed(payload):
    head = seal().split(b".")[0]
    signing_input = head + b"." + b64.encode(payload).encode()
    compact = signing_input + b"." + b64.encode(REQUESTER.signer.sign(signing_input)).encode()

    assert refusal(compact) == Code.MANDATE_MALFORMED


@pytest.mark.parametrize("compact", [b"", b"a.b", b"x" * 4097, seal() + b".", seal()[:-1], seal() + b"A" * 4000])
def test_a_token_cut_or_too_long_is_malformed(compact):
    assert refusal(compact) in {Code.MANDATE_MALFORMED, Code.MANDATE_SIGNATURE}
    if len(compact) > 4096:
        assert refusal(compact) == Code.MANDATE_MALFORMED


def test_a_mandate_of_another_member_than_the_tls_peer_is_refused():
    assert refusal(seal(), peer=HOLDER.member) == Code.MANDATE_MEMBER
    assert refusal(changed("iss", HOLDER.id.value)) == Code.MANDATE_MEMBER


def test_a_mandate_without_issuer_lacks_a_claim():
    assert refusal(changed("iss", ABSENT)) == Code.MANDATE_CLAIM_MISSING
    assert refusal(changed("iss", 3)) == Code.MANDATE_MALFORMED


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic abc", "Bearer\u00e9 x", "bearer: x", "Bearer é"])
def test_a_request_without_bearer_token_is_malformed(header):
    with pytest.raises(MandateRefused) as caught:
        bearer.from_authorization(header)

    assert caught.value.code == Code.MANDATE_MALFORMED


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_token_is_read_from_the_authorization_header(scheme):
    compact = seal()

    assert bearer.from_authorization(bearer.authorization(compact).replace("Bearer", scheme)) == compact


# ---------------------------------------------------------------- after it, a receipt being owed


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("ver", 2, Code.VERSION_UNSUPPORTED),
        ("ver", 0, Code.VERSION_UNSUPPORTED),
        ("ver", "1", Code.MANDATE_MALFORMED),
        ("ver", True, Code.MANDATE_MALFORMED),
        ("ver", 1.0, Code.MANDATE_MALFORMED),
        ("kind", "handover", Code.MANDATE_KIND),
        ("kind", "anything", Code.MANDATE_KIND),
        ("kind", 1, Code.MANDATE_MALFORMED),
        ("aud", "318751275100020", Code.MANDATE_AUDIENCE),
        ("aud", "", Code.MANDATE_AUDIENCE),
        ("aud", ["1750000001"], Code.MANDATE_MALFORMED),
        ("cnf", X5T, Code.MANDATE_MALFORMED),
        ("cnf/x5t#S256", X5T[:42], Code.MANDATE_MALFORMED),
        ("cnf/x5t#S256", X5T + "=", Code.MANDATE_MALFORMED),
        ("cnf/x5t#S256", X5T[::-1], Code.MANDATE_CERTIFICATE),
        ("cnf/x5t#S256", "é" * 43, Code.MANDATE_CERTIFICATE),
        ("cnf/x5t#S256", 43, Code.MANDATE_MALFORMED),
        ("exp", NOW + 301, Code.MANDATE_MALFORMED),
        ("exp", NOW, Code.MANDATE_MALFORMED),
        ("exp", NOW - 1, Code.MANDATE_MALFORMED),
        ("exp", NOW + 0.5, Code.MANDATE_MALFORMED),
        ("exp", str(NOW + 60), Code.MANDATE_MALFORMED),
        ("iat", True, Code.MANDATE_MALFORMED),
        ("iat", -5, Code.MANDATE_MALFORMED),
        ("iat", 10**18, Code.MANDATE_MALFORMED),
        ("jti", "x", Code.MANDATE_MALFORMED),
        ("jti", JTI.upper(), Code.MANDATE_MALFORMED),
        ("lookup_id", LOOKUP_ID + "0", Code.MANDATE_MALFORMED),
        ("lookup_id", LOOKUP_ID + "\n", Code.MANDATE_MALFORMED),
        ("purpose", "COC", Code.MANDATE_MALFORMED),
        ("purpose/system", "", Code.MANDATE_MALFORMED),
        ("purpose/system", "u" * 201, Code.MANDATE_MALFORMED),
        ("document_type/code", 5, Code.MANDATE_MALFORMED),
        ("fetch_requested_at", "now", Code.MANDATE_MALFORMED),
        ("unattended", 0, Code.MANDATE_MALFORMED),
        ("practitioner", [], Code.MANDATE_MALFORMED),
        ("practitioner/id", "A12", Code.MANDATE_MALFORMED),
        ("practitioner/id", "012345678", Code.MANDATE_MALFORMED),
        ("practitioner/name", "", Code.MANDATE_MALFORMED),
        ("practitioner/name", "   ", Code.MANDATE_MALFORMED),
        ("practitioner/name", "a\nb", Code.MANDATE_MALFORMED),
        ("practitioner/name", "n" * 101, Code.MANDATE_MALFORMED),
        ("practitioner/profession", "10", Code.MANDATE_MALFORMED),
        ("practitioner/auth/level", "highest", Code.MANDATE_MALFORMED),
        ("practitioner/auth/means", 1, Code.MANDATE_MALFORMED),
        ("practitioner/auth/at", "2026", Code.MANDATE_MALFORMED),
        ("information/means", "guessed", Code.MANDATE_MALFORMED),
        ("information/by", ["x"], Code.MANDATE_MALFORMED),
        ("follow_up/basis", "assumed", Code.MANDATE_MALFORMED),
        ("follow_up/visit", "", Code.MANDATE_MALFORMED),
        ("worker", "279035121518989", Code.MANDATE_MALFORMED),
        ("worker/matricule", 279035121518989, Code.MANDATE_MALFORMED),
        ("worker/matricule", "279035121518988", Code.IDENTITY_MALFORMED),
        ("worker/matricule", "2 79 03 51 215 189 89", Code.IDENTITY_MALFORMED),
        ("worker/matricule", "2790351215189", Code.IDENTITY_MALFORMED),
        ("worker/oid", "1.2.250.1.213.1.4.2", Code.IDENTITY_OID),
        ("worker/oid", "1.2.3", Code.IDENTITY_OID),
        ("worker/oid", "urn:oid:1.2.250.1.213.1.4.10", Code.IDENTITY_OID),
        ("worker/birth_name", "Pat-Trois", Code.IDENTITY_MALFORMED),
        ("worker/birth_name", "", Code.IDENTITY_MALFORMED),
        ("worker/birth_name", "PAT3", Code.IDENTITY_MALFORMED),
        ("worker/birth_given_names", "DOMINIQUE  MARIE", Code.IDENTITY_MALFORMED),
        ("worker/birth_given_names", ["DOMINIQUE"], Code.MANDATE_MALFORMED),
        ("worker/sex", "X", Code.IDENTITY_MALFORMED),
        ("worker/sex", "I", Code.IDENTITY_NOT_QUALIFIED),
        ("worker/birth_date", "28/03/1979", Code.IDENTITY_MALFORMED),
        ("worker/birth_date", "0000-01-01", Code.IDENTITY_MALFORMED),
        ("worker/birth_place", "5121", Code.IDENTITY_MALFORMED),
    ],
)
def test_a_claim_that_does_not_hold_is_refused_by_its_code(path, value, code):
    assert refusal(changed(path, value)) == code


@pytest.mark.parametrize(
    ("draft", "path"),
    [
        (draft, path)
        for draft in DRAFTS
        for path in [*BINDING, "purpose/system", "purpose/code", *needed(draft.kind, draft.purpose)]
    ]
    + [
        (demand(), path)
        for path in [
            "practitioner/id", "practitioner/name", "practitioner/profession", "practitioner/profession/code",
            "practitioner/auth", "practitioner/auth/means", "practitioner/auth/level", "practitioner/auth/at",
            "worker/matricule", "worker/oid", "worker/birth_name", "worker/birth_given_names", "worker/sex",
            "worker/birth_date", "worker/birth_place", "information/at", "information/by", "information/means",
            "follow_up/basis", "follow_up/visit", "document_type/system", "document_type/code",
        ]
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", [ABSENT, None], ids=["absent", "null"])
def test_a_claim_that_is_not_there_is_missing(draft, path, value):
    assert refusal(changed(path, value, draft), kind=draft.kind) == Code.MANDATE_CLAIM_MISSING


@pytest.mark.parametrize("name", ["practitioner", "worker", "information", "follow_up"])
@pytest.mark.parametrize("kind", list(Kind))
def test_a_probe_about_somebody_is_refused(name, kind):
    compact = changed(name, claims_of(seal()).get(name), probe(kind))

    assert refusal(compact, kind=kind) == Code.MANDATE_MALFORMED


def test_a_person_cannot_be_hidden_by_calling_it_a_probe():
    assert refusal(changed("purpose", PURPOSE_PROBE.to_json())) == Code.MANDATE_MALFORMED


def test_a_mandate_is_taken_within_the_skew_and_refused_beyond():
    compact = seal(life=300)
    expires_at = NOW + 300

    assert check(compact, now=Instant(expires_at + 59))
    assert refusal(compact, now=Instant(expires_at + 60)) == Code.MANDATE_EXPIRED
    assert check(compact, now=Instant(NOW - 60))
    assert refusal(compact, now=Instant(NOW - 61)) == Code.MANDATE_NOT_YET_VALID


def test_a_refusal_for_time_tells_both_clocks():
    with pytest.raises(MandateRefused, match=r"got 2026-11-18T.*clock here says 2026-11-18T.*compare the clocks"):
        check(seal(), now=Instant(NOW + 500))


def test_each_exchange_takes_its_own_kind_audience_and_certificate():
    compact = seal()

    assert refusal(compact, kind=Kind.HANDOVER) == Code.MANDATE_KIND
    assert refusal(compact, kind=Kind.READ) == Code.MANDATE_KIND
    assert refusal(compact, audience=MemberId("1750000002")) == Code.MANDATE_AUDIENCE
    assert refusal(compact, x5t=b64.encode(b"\0" * 32)) == Code.MANDATE_CERTIFICATE


def test_no_refusal_repeats_what_was_sent():
    secrets = ("279035121518989", "PAT-TROIS", "DOMINIQUE", "DURAND", "810002422979", "51215", "1979-03-28")
    for path in ("worker/matricule", "worker/birth_name", "practitioner/id", "practitioner/name", "worker/oid"):
        with pytest.raises(RequestRefused) as caught:
            check(changed(path, "279035121518989 PAT-TROIS DOMINIQUE DURAND\n"))
        assert not any(secret in str(caught.value) for secret in secrets)
        assert caught.value.__cause__ is None
