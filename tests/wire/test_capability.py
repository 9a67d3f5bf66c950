"""Which version a peer's connector says it has."""

import json

import pytest

from connector.core.codes import Code
from connector.core.days import Day
from connector.core.errors import PeerFault
from connector.wire import fhir
from connector.wire.capability import software_version
from tests.wire.values import HOLDER

OURS = fhir.capability_statement(
    HOLDER.member, base_url="https://a.example.org/fhir", version="0.1.0", released_on=Day(2026, 11, 20)
)


def test_the_version_is_what_the_statement_says():
    assert software_version(OURS) == "0.1.0"


@pytest.mark.parametrize(
    "changed",
    [
        {"resourceType": "Bundle"},
        {"software": None},
        {"software": {"name": "spsti-connector"}},
        {"software": {"version": 1}},
        {"software": {"version": ""}},
        {"software": {"version": "1.0 <b>"}},
        {"software": {"version": "1" * 65}},
    ],
)
def test_a_statement_without_a_version_that_is_one_is_refused(changed):
    with pytest.raises(PeerFault) as refused:
        software_version(json.dumps(json.loads(OURS) | changed).encode())
    assert refused.value.code is Code.PEER_MISBEHAVED


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"0.1.0"', b"\xff"])
def test_what_is_no_object_is_refused(body):
    with pytest.raises(PeerFault):
        software_version(body)
