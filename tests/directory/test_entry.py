"""A member's entry: what it may say, and every way in which it is refused."""

import json
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.core.canonical import canonical
from connector.core.directory import Contact, KeyUse, MemberStatus, TlsBinding
from connector.core.errors import LocalRefused
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.crypto.keys import SigningAlgorithm
from connector.directory.entry import read_entry, seal_entry
from connector.directory.functional import address_fault, mssante_fault, names_a_person, words
from connector.directory.refusal import DirectoryRefused
from tests.kit.directory import A, B, house

PRODUCTION, TEST = Environment.PRODUCTION, Environment.TEST


@pytest.fixture(scope="module")
def joined():
    return house(A)


@pytest.fixture(scope="module")
def sealed(joined):
    return seal_entry(joined.member, joined.signers, PRODUCTION)


def changed(sealed, **fields):
    return canonical(json.loads(sealed) | fields)


def faults_of(data, environment=PRODUCTION, *, strict=False):
    with pytest.raises(DirectoryRefused) as caught:
        read_entry(data, environment, strict=strict)
    return "; ".join(caught.value.faults)


def test_an_entry_read_is_the_member_that_was_sealed(joined, sealed):
    entry = read_entry(sealed, PRODUCTION, strict=True)

    assert entry.member == replace(joined.member, contact="support@spsti.example")
    assert set(entry.proofs) == {"sign-1", "ledger-1"}
    assert entry.warnings == ()


def test_every_field_of_an_entry_survives():
    full = house(
        A,
        sign=SigningAlgorithm.PS256,
        former_names=("AMT 44", "Médecine du travail de Loire"),
        acronyms=("AMT",),
        towns=("Nantes", "Rezé"),
        departements=("44", "2A", "974"),
        sectors=("BTP",),
        successor=B,
        tls=TlsBinding(("A" * 43, "B" * 42 + "A")),
        protocol_versions=(1, 2),
        contacts=(Contact("medical", "+33 2 40 00 00 00"),),
        status=MemberStatus.MAIL_ONLY,
    )
    stolen = replace(full.member.keys[0], compromised_since=Instant(1_800_000_001))
    member = replace(full.member, keys=(stolen, full.member.keys[1]))

    assert read_entry(seal_entry(member, full.signers, PRODUCTION), PRODUCTION, strict=True).member == member


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("v", 2, "v: expected 1"),
        ("id", "318751275100021", "check digit"),
        ("id", "FR123", "member id"),
        ("id", None, "expected Struct_IdNat"),
        ("name", "", "name: expected a text"),
        ("name", "x" * 201, "at most 200 characters"),
        ("name", "two\nlines", "one line"),
        ("name", "Dr Dupont", "names no person"),
        ("former_names", ["Cabinet du docteur Martin"], "names no person"),
        ("acronyms", ["A", "A"], "none twice"),
        ("endpoint", "http://dmst.example", "https"),
        ("endpoint", "https://127.0.0.1:8443", "loopback"),
        ("endpoint", "https://localhost", "loopback"),
        ("endpoint", "https://[::1]:8443", "loopback"),
        ("endpoint", "https://[::ffff:127.0.0.1]", "loopback"),
        ("endpoint", "https://127.1", "loopback"),
        ("endpoint", "https://2130706433", "loopback"),
        ("endpoint", "https://0.0.0.0", "loopback"),
        ("endpoint", "https://user:secret@dmst.example", "nothing after it"),
        ("endpoint", "https://dmst.example/path", "nothing after it"),
        ("endpoint", "https://dmst.example:0", "nothing after it"),
        ("endpoint", "https://dmst.example:port", "https"),
        ("endpoint", "", "https"),
        ("protocol_versions", [], "whole numbers"),
        ("protocol_versions", [True], "whole numbers"),
        ("tls", {"binding": "any"}, "subject, or pin"),
        ("tls", {"binding": "pin"}, "1 to 4 pins"),
        ("tls", {"binding": "subject", "pins": ["A" * 43]}, "subject, or pin"),
        ("tls", {"binding": "pin", "pins": [first + "A" * 42 for first in "ABCDE"]}, "1 to 4 pins"),
        ("tls", {"binding": "pin", "pins": ["A" * 44]}, "43 base64url"),
        ("tls", None, "expected an object"),
        ("departements", ["20"], "no code of a département"),
        ("size_class", "XXL", "size_class"),
        ("status", "suspended", "only the operators"),
        ("status", "left", "only the operators"),
        ("status", "on holiday", "expected one of"),
        ("successor", "3187", "member id"),
        ("mssante", "dmst@spsti.example", ".mssante.fr"),
        ("mssante", "jean.dupont@spsti.mssante.fr", "person's address"),
        ("contacts", [{"role": "technical", "address": "jdupont@spsti.example"}], "person's address"),
        ("contacts", [{"role": "boss", "address": "dpo@spsti.example"}], "expected one of technical"),
        ("contacts", [{"role": "dpo", "address": "call us"}], "e-mail address"),
        ("contacts", ["dpo@spsti.example"], "expected an object"),
        ("keys", [], "at least one signing key and one ledger key"),
        ("keys", "none", "expected a list"),
    ],
)
def test_an_entry_that_breaks_a_rule_is_refused(sealed, field, value, fault):
    assert fault in faults_of(changed(sealed, **{field: value}))


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("use", "tls", "expected one of sign, ledger"),
        ("algorithm", "HS256", "expected ES256 or PS256"),
        ("algorithm", "none", "expected ES256 or PS256"),
        ("algorithm", "PS256", "not by that key"),
        ("kid", "other", "not by that key"),
        ("kid", "ledger-1", "no kid twice"),
        ("public", "not base64!", "base64url"),
        ("public", "AAAA", "not by that key"),
        ("proof", "", "proof: expected a text"),
        ("proof", "A" * 86, "not by that key"),
        ("valid_from", "yesterday", "YYYY-MM-DD"),
        ("valid_from", None, "YYYY-MM-DD"),
        ("valid_until", "2020-01-01T00:00:00Z", "after valid_from"),
        ("compromised_since", "soon", "YYYY-MM-DD"),
    ],
)
def test_a_key_that_breaks_a_rule_is_refused(sealed, field, value, fault):
    keys = json.loads(sealed)["keys"]

    assert fault in faults_of(changed(sealed, keys=[keys[0] | {field: value}, keys[1]]))


def test_a_key_of_another_member_is_refused_though_its_proof_is_copied(sealed):
    other = house(B)
    theirs = json.loads(seal_entry(other.member, other.signers, PRODUCTION))["keys"][0]
    mine = json.loads(sealed)["keys"]

    assert "not by that key" in faults_of(changed(sealed, keys=[theirs, mine[1]]))


def test_the_same_key_under_two_kids_is_refused(joined):
    twice = replace(joined.member.keys[0], kid="sign-2")
    member = replace(joined.member, keys=(*joined.member.keys, twice))
    signers = joined.signers | {"sign-2": joined.signers["sign-1"]}

    with pytest.raises(LocalRefused, match="under two kids"):
        seal_entry(member, signers, PRODUCTION)


def test_a_wrong_check_digit_and_loopback_pass_in_a_test_federation_with_a_warning():
    wrong = MemberId.parse("318751275100021", strict=False)
    joined = house(wrong, endpoint="https://127.0.0.1:8443")

    data = seal_entry(joined.member, joined.signers, TEST)

    assert "318751275100021" in read_entry(data, TEST).warnings[0]
    assert "check digit" in faults_of(data, PRODUCTION)


def test_signing_refuses_a_field_that_is_not_known_and_reading_passes_over_it(sealed):
    more = changed(sealed, director="Jean Dupont")

    assert "Jean" not in faults_of(more, strict=True)
    assert 'unknown field "director"' in faults_of(more, strict=True)
    assert read_entry(more, PRODUCTION).member == read_entry(sealed, PRODUCTION).member


def test_a_lost_key_is_declared_stolen_by_its_earlier_proof(joined, sealed):
    kept = read_entry(sealed, PRODUCTION).proofs
    stolen = replace(joined.member.keys[0], compromised_since=Instant(1_800_000_000))
    fresh = replace(house(A).member.keys[0], kid="sign-2")
    new = house(A)
    fresh = replace(new.member.keys[0], kid="sign-2")
    signer = replace(new.signers["sign-1"], kid="sign-2")
    member = replace(joined.member, keys=(stolen, fresh, joined.member.keys[1]))

    data = seal_entry(member, {"sign-2": signer, "ledger-1": joined.signers["ledger-1"]}, PRODUCTION, kept)

    assert read_entry(data, PRODUCTION, strict=True).member.keys == member.keys


def test_an_entry_of_two_megabytes_is_refused_before_it_is_read():
    assert "expected at most" in faults_of(b" " * 2_000_000)


@given(st.binary(max_size=200))
def test_rubbish_is_refused_with_our_error(data):
    faults_of(data)


@given(st.data())
def test_a_truncated_entry_is_refused_with_our_error(sealed, data):
    faults_of(sealed[: data.draw(st.integers(0, len(sealed) - 1))])


@given(
    st.dictionaries(
        st.sampled_from(["name", "keys", "tls", "contacts", "towns", "status", "id", "endpoint", "successor", "v"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=8), lambda x: st.lists(x, max_size=3)
        ),
        min_size=1,
    )
)
def test_an_entry_with_fields_of_other_kinds_raises_only_our_error(sealed, fields):
    data = json.dumps(json.loads(sealed) | fields).encode()
    with suppress(DirectoryRefused):
        assert read_entry(data, PRODUCTION).member.id.check_digit_ok


@pytest.mark.parametrize(
    "address",
    ["dpo@a.example", "support@a.example", "DMST-Nantes@a.example", "secretariat.astreinte2@a.example",
     "sante-travail+dmst@a.example", "equipe.si@a.example", "+33 1 23 45 67 89", "si@a.example"],
)  # fmt: skip
def test_an_address_of_a_function_passes(address):
    assert address_fault(address, words(("SPSTI de Nantes",))) is None


@pytest.mark.parametrize(
    "address",
    ["jean.dupont@a.example", "jdupont@a.example", "dpo.dupont@a.example", "nantes@a.example", "j@a.example",
     "dr.martin@a.example", "dpo@a", "dpo", "dpo@a.example, jean@a.example", "<b>dpo@a.example", "06 12 34 56 78", ""],
)  # fmt: skip
def test_an_address_that_could_be_a_persons_is_refused(address):
    assert address_fault(address, words(("SPSTI de Nantes",))) is not None


def test_an_mssante_mailbox_is_known_by_its_domain():
    assert mssante_fault("dmst@spsti.mssante.fr", frozenset()) is None
    assert mssante_fault("dmst@spsti.mssante.fr.example", frozenset()) is not None


def test_a_title_betrays_a_person():
    assert [n for n in ("Mme Martin", "Cabinet du Dr X", "M. Y", "a@b") if not names_a_person(n)] == []
    assert [n for n in ("AMT", "SPSTI d'Ile-de-France", "Prévention Drôme", "M.S.A.") if names_a_person(n)] == []


def test_an_active_member_needs_both_kinds_of_key(joined):
    only = replace(joined.member, keys=tuple(k for k in joined.member.keys if k.use is KeyUse.SIGN))

    with pytest.raises(LocalRefused, match="one ledger key"):
        seal_entry(only, joined.signers, PRODUCTION)
