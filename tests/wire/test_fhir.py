"""FHIR as a holder writes and a requester reads it (PROTOCOL section 1, documents.md 4.3 to 4.5)."""

import contextlib
import json
from dataclasses import replace

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.operationoutcome import OperationOutcome
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.core.coded import TYPE_DMST
from connector.core.codes import Code
from connector.core.days import Day
from connector.core.errors import PeerFault
from connector.core.fetch import PeerAnnouncement
from connector.core.instant import Instant
from connector.core.matricule import Ins
from connector.core.outcome import WithheldReason
from connector.core.records import Announcement, Extent
from connector.wire import fhir, fhir_read, fhir_terms
from connector.wire.peer_codes import DOCUMENT_CODES, PEER_CODES
from tests.wire.values import ANNOUNCEMENT_ID, HOLDER, WORKER

URL = "https://spsti.example.org:8443/fhir"
INS = WORKER.ins
ANNOUNCEMENT = Announcement(
    record_ref="vendor-4711",
    version="vendor-version-3",
    last_act_on=Day(2026, 10, 1),
    updated_at=Instant(1_795_000_000),
    document_type=TYPE_DMST,
    extent=Extent.FULL,
    author="Dr Camille DURAND",
)
READ = PeerAnnouncement(
    id=ANNOUNCEMENT_ID,
    last_act_on=Day(2026, 10, 1),
    updated_at=Instant(1_795_000_000),
    document_type=TYPE_DMST,
    format_code="urn:ihe:iti:xds:2017:mimeTypeSufficient",
    content_type="application/pdf",
)
# The issue-type value set of FHIR R4, which fhir.resources does not check (documents.md 5).
ISSUE_TYPES = """
invalid structure required value invariant security login unknown expired forbidden suppressed processing not-supported
duplicate multiple-matches not-found deleted too-long code-invalid extension too-costly business-rule conflict transient
lock-error no-store exception timeout incomplete throttled informational
"""
DOCUMENT = "entry/0/resource/"


def bundle(announcement=ANNOUNCEMENT, ins=INS):
    return fhir.search_bundle(HOLDER.member, fhir.Offer(ANNOUNCEMENT_ID, announcement, ins), base_url=URL)


def test_a_name_that_looks_like_a_place_to_fill_stays_as_it_is():
    for name in ("100 % Santé", "%(id)b %s {id}", "%%"):
        named = replace(HOLDER.member, name=name)
        answer = fhir.search_bundle(named, fhir.Offer(ANNOUNCEMENT_ID, ANNOUNCEMENT, INS), base_url=URL)

        assert json.loads(answer)["entry"][0]["resource"]["custodian"]["display"] == name


def place(resource, path):
    *outer, last = (int(name) if name.isdigit() else name for name in path.split("/"))
    for name in outer:
        resource = resource[name]
    return resource, last


def put(path, value):
    resource = json.loads(bundle())
    inner, last = place(resource, path)
    inner[last] = value
    return json.dumps(resource).encode()


def changed(path, value):
    """The Bundle with one element changed, or left out."""
    if value is not None:
        return put(path, value)
    resource = json.loads(bundle())
    inner, last = place(resource, path)
    del inner[last]
    return json.dumps(resource).encode()


# ---------------------------------------------------------------- what is written


def test_an_announcement_is_a_valid_searchset_of_one():
    read = Bundle.model_validate_json(bundle())

    assert (read.type, read.total, len(read.entry)) == ("searchset", 1, 1)
    assert read.entry[0].fullUrl == f"{URL}/DocumentReference/{ANNOUNCEMENT_ID}"
    assert read.entry[0].search.mode == "match"


def test_the_document_reference_holds_what_the_protocol_says():
    document = json.loads(bundle())["entry"][0]["resource"]

    assert document == {
        "resourceType": "DocumentReference",
        "id": ANNOUNCEMENT_ID,
        "extension": [{"url": "urn:spsti-connector:extent", "valueCode": "full"}],
        "status": "current",
        "type": {"coding": [{"system": "http://loinc.org", "code": "60591-5"}]},
        "subject": {
            "type": "Patient",
            "identifier": {"system": "urn:oid:1.2.250.1.213.1.4.10", "value": "279035121518989"},
        },
        "date": "2026-11-18T11:06:40Z",
        "custodian": {
            "type": "Organization",
            "identifier": {"system": "urn:oid:1.2.250.1.71.4.2.2", "value": "1750000001"},
            "display": "Prévention Loire",
        },
        "securityLabel": [
            {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "N"}]}
        ],
        "content": [
            {
                "attachment": {"contentType": "application/pdf", "language": "fr-FR"},
                "format": {
                    "system": "http://ihe.net/fhir/ihe.formatcode.fhir/CodeSystem/formatcode",
                    "code": "urn:ihe:iti:xds:2017:mimeTypeSufficient",
                },
            }
        ],
        "context": {"period": {"end": "2026-10-01"}},
    }


def test_neither_the_vendors_references_nor_the_author_leave_the_house():
    for secret in (b"vendor-4711", b"vendor-version-3", b"DURAND", b'"url":"http', b'"size"', b'"hash"'):
        assert secret not in bundle().replace(URL.encode(), b"")


def test_every_withheld_answer_is_the_same_bytes():
    answers = {fhir.search_bundle(HOLDER.member, None, base_url=URL + str(reason)) for reason in WithheldReason}

    assert answers == {b'{"resourceType":"Bundle","type":"searchset","total":0}'}
    assert Bundle.model_validate_json(answers.pop()).total == 0


def test_a_probes_bundle_is_about_nobody():
    body = bundle(ins=None)

    assert "subject" not in json.loads(body)["entry"][0]["resource"]
    assert Bundle.model_validate_json(body).total == 1


@pytest.mark.parametrize("code", [None, *sorted(PEER_CODES)])
def test_every_code_of_the_protocol_has_a_valid_operation_outcome(code):
    body = fhir.operation_outcome(code, "what to do")

    issue = OperationOutcome.model_validate_json(body).issue[0]
    assert (issue.severity, issue.details.text) == ("error", "what to do")
    assert issue.code in ISSUE_TYPES.split()
    assert fhir_read.parse_operation_outcome(body) == (code, "what to do")


@pytest.mark.parametrize("code", sorted(set(Code) - PEER_CODES))
def test_no_code_of_the_house_leaves_it(code):
    with pytest.raises(ValueError, match="another member"):
        fhir.operation_outcome(code, "text")


def test_the_codes_for_peers_are_those_of_the_protocol():
    mandate = "malformed signature expired not_yet_valid replayed audience kind certificate member claim_missing"
    others = (
        "member.unknown member.suspended practitioner.profession practitioner.auth_level follow_up.declared "
        "unattended.refused identity.malformed identity.oid identity.not_qualified purpose.unknown version.unsupported "
        "request.malformed request.too_large request.not_supported handover.not_available document.changed "
        "limit.exceeded ledger.unavailable"
    )

    assert {*(f"mandate.{name}" for name in mandate.split()), *others.split()} == PEER_CODES
    documents = "digest size empty not_pdf too_large active_content encrypted unreadable inspection_failed"
    assert {f"document.{name}" for name in documents.split()} == DOCUMENT_CODES


def test_the_capability_statement_is_valid_and_promises_no_get():
    body = fhir.capability_statement(HOLDER.member, base_url=URL, version="0.1.0", released_on=Day(2026, 11, 20))

    read = CapabilityStatement.model_validate_json(body)
    assert (read.status, read.kind, read.fhirVersion, read.format) == (
        "active",
        "instance",
        "4.0.1",
        ["application/fhir+json"],
    )
    assert [(r.type, [i.code for i in r.interaction]) for r in read.rest[0].resource] == [
        ("DocumentReference", ["search-type"]),
        ("Binary", ["read"]),
    ]


# ---------------------------------------------------------------- what is read


def test_requester_reads_what_was_announced():
    assert fhir_read.parse_bundle(bundle(), asked=INS) == READ
    assert fhir_read.parse_bundle(bundle(ins=None), asked=None) == READ
    assert fhir_read.parse_bundle(fhir.search_bundle(HOLDER.member, None, base_url=URL), asked=INS) is None


def test_a_summary_is_told_from_the_whole_record():
    body = bundle(replace(ANNOUNCEMENT, extent=Extent.SUMMARY))

    assert fhir_read.parse_bundle(body, asked=INS).summary
    assert not fhir_read.parse_bundle(changed(DOCUMENT + "extension", None), asked=INS).summary
    assert not fhir_read.parse_bundle(changed(DOCUMENT + "extension/0/url", "urn:other"), asked=INS).summary
    assert not fhir_read.parse_bundle(changed(DOCUMENT + "extension", [{"valueCode": "x"}]), asked=INS).summary


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        ("2026-11-18T11:06:40Z", 1_795_000_000),
        ("2026-11-18T12:06:40+01:00", 1_795_000_000),
        ("2026-11-18T11:06:40.999Z", 1_795_000_000),
        ("2026-11-18T11:06:40.123456789Z", 1_795_000_000),
    ],
)
def test_an_instant_of_any_fhir_form_is_read(date, seconds):
    assert fhir_read.parse_bundle(changed(DOCUMENT + "date", date), asked=INS).updated_at == seconds


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("meta", {"lastUpdated": "2026-11-18T11:06:40Z"}),
        ("link", [{"relation": "self", "url": "urn:x"}]),
        (DOCUMENT + "author", [{"display": "x"}]),
        (DOCUMENT + "type/coding", [TYPE_DMST.to_json(), {"system": "http://loinc.org", "code": "34802-9"}]),
        ("entry/0/search", {}),
    ],
)
def test_elements_that_are_not_needed_are_ignored(path, value):
    assert fhir_read.parse_bundle(changed(path, value), asked=INS) == READ


def test_a_remark_beside_the_match_is_ignored():
    entries = json.loads(bundle())["entry"]
    remark = {"resource": {"resourceType": "OperationOutcome"}, "search": {"mode": "outcome"}}

    assert fhir_read.parse_bundle(changed("entry", [remark, *entries]), asked=INS) == READ


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("resourceType", "OperationOutcome"),
        ("resourceType", None),
        ("type", "collection"),
        ("type", None),
        ("total", 0),
        ("total", 2),
        ("total", "1"),
        ("total", None),
        ("entry", None),
        ("entry", []),
        ("entry", ["x"]),
        ("entry", {}),
        ("entry", [{}, {}]),
        ("entry", [{"search": {"mode": "outcome"}}]),
        ("entry/0/search", "match"),
        ("entry/0/search", {"mode": 1}),
        ("entry/0/resource", None),
        ("implicitRules", "urn:x"),
        (DOCUMENT + "modifierExtension", [{"url": "urn:x", "valueBoolean": True}]),
        (DOCUMENT + "content/0/modifierExtension", []),
        (DOCUMENT + "resourceType", "Binary"),
        (DOCUMENT + "id", "../../x"),
        (DOCUMENT + "id", None),
        (DOCUMENT + "status", "superseded"),
        (DOCUMENT + "status", None),
        (DOCUMENT + "subject", None),
        (DOCUMENT + "subject/identifier", None),
        (DOCUMENT + "subject/identifier/system", "1.2.250.1.213.1.4.10"),
        (DOCUMENT + "subject/identifier/system", "urn:oid:1.2.250.1.213.1.4.8"),
        (DOCUMENT + "subject/identifier/value", "277076322082910"),
        (DOCUMENT + "subject/identifier/value", "279035121518988"),
        (DOCUMENT + "subject/identifier/value", 279035121518989),
        (DOCUMENT + "type", None),
        (DOCUMENT + "type/coding", []),
        (DOCUMENT + "type/coding", [{"code": "60591-5"}]),
        (DOCUMENT + "date", None),
        (DOCUMENT + "date", "2026-11-18"),
        (DOCUMENT + "date", "2026-11-18T11:06:40"),
        (DOCUMENT + "date", "2026-13-18T11:06:40Z"),
        (DOCUMENT + "date", "0000-01-01T00:00:00Z"),
        (DOCUMENT + "date", "0001-01-01T00:00:00+23:59"),
        (DOCUMENT + "date", "9999-12-31T23:59:59-23:59"),
        (DOCUMENT + "date", "2026-11-18T11:06:60Z"),
        (DOCUMENT + "context", None),
        (DOCUMENT + "context/period", None),
        (DOCUMENT + "context/period/end", None),
        (DOCUMENT + "context/period/end", "2026-10"),
        (DOCUMENT + "context/period/end", "2026-02-30"),
        (DOCUMENT + "context/period/end", "2026-10-01T09:00:00+02:00"),
        (DOCUMENT + "content", []),
        (DOCUMENT + "content", [{}, {}]),
        (DOCUMENT + "content/0/format", None),
        (DOCUMENT + "content/0/attachment", None),
        (DOCUMENT + "content/0/attachment/contentType", 1),
        (DOCUMENT + "extension", "x"),
        (DOCUMENT + "extension/0/valueCode", "half"),
    ],
)
def test_an_answer_that_cannot_be_relied_on_is_a_peer_fault(path, value):
    with pytest.raises(PeerFault) as caught:
        fhir_read.parse_bundle(changed(path, value), asked=INS)

    assert caught.value.code == Code.PEER_MISBEHAVED
    assert "279035121518989" not in str(caught.value)


def test_an_answer_about_another_worker_is_never_passed_on():
    other = Ins.parse("1.2.250.1.213.1.4.10", "277076322082910")

    with pytest.raises(PeerFault, match="subject"):
        fhir_read.parse_bundle(bundle(), asked=other)
    with pytest.raises(PeerFault, match="probe"):
        fhir_read.parse_bundle(bundle(), asked=None)


def test_a_body_that_is_too_long_is_not_read():
    for read in (lambda body: fhir_read.parse_bundle(body, asked=INS), fhir_read.parse_operation_outcome):
        with pytest.raises(PeerFault, match="65536"):
            read(bundle() + b" " * 65_536)


@pytest.mark.parametrize(
    ("resource", "read"),
    [
        ({"issue": []}, (None, "")),
        ({}, (None, "")),
        ({"issue": [{"severity": "error"}]}, (None, "")),
        ({"issue": [{"details": {"text": "a\n  b\u202e\x00c"}}]}, (None, "a bc")),
        ({"issue": [{"details": {"text": "x" * 900}}]}, (None, "x" * 500)),
        ({"issue": [{"details": {"coding": [{"system": "urn:other", "code": "mandate.kind"}]}}]}, (None, "")),
        ({"issue": [{"details": {"coding": [{}]}}]}, (None, "")),
        (
            {"issue": [{"details": {"coding": [{"system": fhir_terms.ERROR_SYSTEM, "code": "new.code"}]}}]},
            (None, ""),
        ),
        (
            {"issue": [{"details": {"coding": [{"system": fhir_terms.ERROR_SYSTEM, "code": "adapter.timeout"}]}}]},
            (None, ""),
        ),
        (
            {"issue": [{"details": {"coding": [{"system": fhir_terms.ERROR_SYSTEM, "code": "mandate.kind"}]}}]},
            (Code.MANDATE_KIND, ""),
        ),
    ],
)
def test_an_error_is_read_as_far_as_it_is_known(resource, read):
    body = json.dumps({"resourceType": "OperationOutcome"} | resource).encode()

    assert fhir_read.parse_operation_outcome(body) == read


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"<html>",
        b'{"resourceType":"Bundle"}',
        b'{"resourceType":"OperationOutcome","issue":{}}',
        b'{"resourceType":"OperationOutcome","issue":[1]}',
        b'{"resourceType":"OperationOutcome","issue":[{"details":[]}]}',
        b'{"resourceType":"OperationOutcome","issue":[{"details":{"text":1}}]}',
        b'{"resourceType":"OperationOutcome","issue":[{"details":{"coding":[{"system":"urn:spsti-connector:error"}]}}]}',
    ],
)
def test_an_error_that_is_none_is_a_peer_fault(body):
    with pytest.raises(PeerFault):
        fhir_read.parse_operation_outcome(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
PATHS = "resourceType type total entry entry/0/search entry/0/resource implicitRules"
ELEMENTS = """
id status extension extension/0/url extension/0/valueCode type type/coding type/coding/0 subject subject/identifier
subject/identifier/system subject/identifier/value date content content/0 content/0/attachment content/0/format
content/0/format/code context context/period context/period/end
"""
PLACES = [*PATHS.split(), *(DOCUMENT + element for element in ELEMENTS.split())]


@given(path=st.sampled_from(PLACES), value=JSON)
@settings(max_examples=250, deadline=None)
def test_a_bundle_with_any_element_of_any_value_is_read_or_a_peer_fault(path, value):
    with contextlib.suppress(PeerFault):
        fhir_read.parse_bundle(put(path, value), asked=INS)


@given(st.binary(max_size=80) | JSON.map(lambda value: json.dumps(value).encode()))
@settings(max_examples=100)
def test_a_body_of_any_bytes_is_a_peer_fault(body):
    with pytest.raises(PeerFault):
        fhir_read.parse_bundle(body, asked=INS)
    with pytest.raises(PeerFault):
        fhir_read.parse_operation_outcome(body)
