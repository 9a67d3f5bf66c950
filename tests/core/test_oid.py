"""Which OIDs make an INS, and where they belong."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.core.codes import Code
from connector.core.errors import IdentityFault
from connector.core.oid import Environment, InsOid, oid_belongs


@pytest.mark.parametrize(
    ("text", "oid"),
    [
        ("1.2.250.1.213.1.4.8", InsOid.NIR),
        ("1.2.250.1.213.1.4.9", InsOid.NIA),
        ("1.2.250.1.213.1.4.10", InsOid.TEST),
        ("1.2.250.1.213.1.4.11", InsOid.DEMO),
    ],
)
def test_oid_is_read_bare_and_as_urn(text, oid):
    assert InsOid.parse(text) is oid
    assert InsOid.parse(f"urn:oid:{text}") is oid
    assert oid.urn == f"urn:oid:{text}"


@pytest.mark.parametrize("prefix", ["", "urn:oid:"])
@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("1.2.250.1.213.1.4.2", "INS-C"),
        ("1.2.250.1.213.1.4.13", "NIR used as social-security number"),
        ("1.2.250.1.213.1.4.14", "NIA used as social-security number"),
    ],
)
def test_oid_that_is_no_ins_is_refused_by_name(prefix, text, name):
    with pytest.raises(IdentityFault, match=name) as refusal:
        InsOid.parse(prefix + text)

    assert refusal.value.code is Code.IDENTITY_OID
    assert refusal.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8",
        "urn:oid:",
        "1.2.250.1.213.1.4",
        "1.2.250.1.213.1.4.80",
        "1.2.250.1.213.1.4.08",
        " 1.2.250.1.213.1.4.8",
        "1.2.250.1.213.1.4.8 ",
        "URN:OID:1.2.250.1.213.1.4.8",
        "urn:oid:urn:oid:1.2.250.1.213.1.4.8",
        "1.2.250.1.213.1.4.\u0668",
    ],
)
def test_unknown_oid_is_refused(text):
    with pytest.raises(IdentityFault) as refusal:
        InsOid.parse(text)

    assert refusal.value.code is Code.IDENTITY_OID


@given(st.text())
def test_oid_parser_raises_nothing_but_its_own_error(text):
    with suppress(IdentityFault):
        InsOid.parse(text)


@pytest.mark.parametrize(
    ("oid", "real"), [(InsOid.NIR, True), (InsOid.NIA, True), (InsOid.TEST, False), (InsOid.DEMO, False)]
)
def test_real_oids_belong_to_production_and_the_others_to_tests(oid, real):
    assert oid.is_real is real
    assert oid_belongs(oid, Environment.PRODUCTION) is real
    assert oid_belongs(oid, Environment.TEST) is not real
