"""Mandates that hold, what is never sealed into one, and any bytes in place of one."""

import contextlib
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.core.coded import Coded
from connector.core.codes import Code
from connector.core.directory import KeyUse
from connector.core.errors import MandateRefused, RequestRefused
from connector.core.mandate import MANDATE_VERSION, Kind
from connector.crypto.keys import PrivateKeySigner, SigningAlgorithm, generate
from connector.wire import jose, mandate
from connector.wire.mandate_claims import needed
from tests.kit.resealed import ABSENT
from tests.wire.mandates import DRAFTS, changed, check, claims_of, refusal, seal
from tests.wire.values import (
    ANNOUNCEMENT_ID,
    JTI,
    LOOKUP_ID,
    NOW,
    REQUESTER,
    WORKER,
    X5T,
    demand,
    listed,
    probe,
)

# ---------------------------------------------------------------- one that holds


@pytest.mark.parametrize("draft", DRAFTS, ids=lambda draft: f"{'probe' if draft.is_probe else 'care'}-{draft.kind}")
def test_holder_reads_the_demand_that_was_sealed(draft):
    compact = seal(draft)

    found = check(compact, kind=draft.kind)

    assert found.demand == draft
    assert (found.jti, found.issued_at, found.expires_at) == (JTI, NOW, NOW + 120)
    assert (found.certificate_x5t, found.kid, found.compact) == (X5T, REQUESTER.signer.kid, compact)


@pytest.mark.parametrize("draft", DRAFTS)
def test_a_mandate_has_the_claims_of_its_kind_and_no_other(draft):
    bound = {"ver", "kind", "iss", "aud", "iat", "exp", "jti", "cnf"}

    assert set(claims_of(seal(draft))) == bound | set(needed(draft.kind, draft.purpose))


def test_a_mandate_under_ps256_holds_like_one_under_es256():
    signer = PrivateKeySigner("igc-1", SigningAlgorithm.PS256, generate(SigningAlgorithm.PS256))
    peer = replace(REQUESTER.member, keys=(listed("igc-1", KeyUse.SIGN, "PS256", signer.public_key),))

    assert check(seal(signer=signer), peer=peer).kid == "igc-1"


def test_a_mandate_with_the_longest_names_fits_its_4_kilobytes():
    traits = replace(WORKER.traits, birth_name="A" * 100, birth_given_names=("B" * 49, "C" * 50))
    draft = demand(
        Kind.HANDOVER,
        worker=replace(WORKER, traits=traits),
        practitioner=replace(demand().practitioner, name="É" * 100),
        information=replace(demand().information, by="É" * 100),
        document_type=Coded("https://mos.esante.gouv.fr/" + "x" * 100, "y" * 50),
    )
    signer = PrivateKeySigner("k" * 40, SigningAlgorithm.PS256, generate(SigningAlgorithm.PS256))

    assert len(seal(draft, signer=signer)) <= 4096


def test_unknown_claims_are_ignored_at_any_depth():
    for path in ("new", "practitioner/new", "worker/used_name", "worker/verified_on", "cnf/jkt", "purpose/display"):
        assert check(changed(path, {"any": [1.5, None]})).demand == demand()


@pytest.mark.parametrize("version", [version for version in (MANDATE_VERSION - 1, MANDATE_VERSION) if version])
def test_our_version_and_the_one_before_it_are_read(version):
    assert check(changed("ver", version)).demand == demand()


def test_claims_of_another_kind_are_ignored():
    compact = changed("worker", "rubbish", demand(Kind.READ))

    assert check(compact, kind=Kind.READ).demand.worker is None


def test_a_verified_mandate_tells_what_a_receipt_needs():
    compact = seal()

    verified = mandate.open_mandate(compact, peer=REQUESTER.member, now=NOW)

    assert (verified.issuer, verified.kid) == (REQUESTER.id, REQUESTER.signer.kid)
    assert (verified.jti, verified.iat, verified.exp, verified.lookup_id) == (JTI, NOW, NOW + 120, LOOKUP_ID)
    assert verified.sha256 == jose.read(compact, typ=mandate.TYP).sha256


@pytest.mark.parametrize("name", ["jti", "iat", "exp", "lookup_id"])
@pytest.mark.parametrize("value", [ABSENT, None, 1.5, "x", [], True, -1, 10**15])
def test_a_verified_mandate_with_a_bad_claim_is_still_receipted(name, value):
    verified = mandate.open_mandate(changed(name, value), peer=REQUESTER.member, now=NOW)

    assert getattr(verified, name) is None


def test_a_mandate_shows_nothing_of_the_person():
    compact = seal()
    verified = mandate.open_mandate(compact, peer=REQUESTER.member, now=NOW)

    assert {repr(mandate.read_mandate(compact)), repr(verified), str(verified)} == {"[redacted]"}
    assert mandate.read_mandate(compact).kid == REQUESTER.signer.kid


# ---------------------------------------------------------------- what is not sealed


@pytest.mark.parametrize(
    ("draft", "lacking"),
    [
        (demand(lookup_id=None), "lookup_id"),
        (demand(worker=None), "worker"),
        (demand(practitioner=None), "practitioner"),
        (demand(information=None), "information"),
        (demand(follow_up=None), "follow_up"),
        (demand(Kind.HANDOVER, announcement_id=None), "announcement_id"),
        (demand(Kind.READ, handover_id=None), "handover_id"),
        (demand(Kind.READ, document_sha256=None), "sha256"),
    ],
)
def test_a_demand_that_lacks_something_is_not_sealed(draft, lacking):
    with pytest.raises(ValueError, match=f"lacks {lacking}"):
        seal(draft)


def test_a_probe_about_somebody_is_not_sealed():
    with pytest.raises(ValueError, match="probe has worker"):
        seal(replace(probe(), worker=WORKER))


def test_what_belongs_to_another_kind_is_not_sent():
    assert "announcement_id" not in claims_of(seal(demand(announcement_id=ANNOUNCEMENT_ID)))


# ---------------------------------------------------------------- any bytes


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_rubbish_ends_in_a_refusal(compact):
    with pytest.raises(MandateRefused):
        check(compact)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
PATHS = [
    path
    for name, value in claims_of(seal(demand(Kind.HANDOVER))).items()
    for path in [name, *(f"{name}/{inner}" for inner in (value if isinstance(value, dict) else ()))]
]


@given(draft=st.sampled_from(DRAFTS), path=st.sampled_from(PATHS), value=JSON)
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
def test_a_signed_mandate_with_any_claim_of_any_value_is_read_or_refused(draft, path, value):
    try:
        compact = changed(path, value, draft)
    except (KeyError, ValueError):
        return  # no such claim in this kind, or a text that no JSON can carry
    with contextlib.suppress(RequestRefused):
        assert check(compact, kind=draft.kind).jti == JTI


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_a_mandate_changed_in_any_byte_is_refused(data):
    compact = bytearray(seal())
    position = data.draw(st.integers(0, len(compact) - 1))
    compact[position] ^= data.draw(st.integers(1, 255))

    assert refusal(bytes(compact)) in {
        Code.MANDATE_MALFORMED,
        Code.MANDATE_SIGNATURE,
        Code.MANDATE_MEMBER,
        Code.MANDATE_CLAIM_MISSING,
    }
