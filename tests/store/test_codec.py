"""Round trips of every value that a sealed row holds, one frozen example, and rubbish."""

import json
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.core.codes import Code
from connector.core.days import Day
from connector.core.errors import FailedClosed
from connector.core.evidence import AckResult, DocumentDigest
from connector.core.fetch import Fetch, FetchedDocument, FetchEvent, PeerAnnouncement, Reply, ServiceReply
from connector.core.handover import Handover, IssuedAnnouncement
from connector.core.instant import Instant
from connector.core.records import Trace, TraceAction
from connector.core.states import FetchState, IncomingState
from connector.store.codec import codec_of
from tests.kit.state import (
    OTHER_INS,
    PEER,
    T0,
    US,
    a_fetch,
    a_handover,
    a_trace,
    an_ack_draft,
    an_announcement,
    an_id,
)

TEXTS = st.text(st.characters(codec="utf-8"), max_size=30)
BYTES = st.binary(max_size=40)
INSTANTS = st.integers(0, 2**40).map(Instant)
DIGESTS = st.builds(DocumentDigest, st.binary(min_size=32, max_size=32), st.integers(0, 2**40))
DAYS = st.dates().map(Day.of)
JSON = st.recursive(st.none() | st.booleans() | st.integers() | TEXTS, lambda inner: st.lists(inner, max_size=3))
PEER_ANNOUNCEMENTS = st.builds(
    PeerAnnouncement,
    id=TEXTS,
    last_act_on=DAYS,
    updated_at=INSTANTS,
    document_type=st.just(a_fetch().document_type),
    format_code=TEXTS,
    content_type=TEXTS,
    summary=st.booleans(),
)
REPLIES = st.builds(
    ServiceReply,
    member=st.sampled_from([US, PEER]),
    name=TEXTS,
    lookup_id=TEXTS,
    reply=st.sampled_from(Reply),
    code=st.none() | st.sampled_from(Code),
    detail=TEXTS,
    announcement=st.none() | PEER_ANNOUNCEMENTS,
    elapsed_ms=st.none() | st.integers(0, 10**6),
    ask_again_at=st.none() | INSTANTS,
    receipt=st.none() | BYTES,
    mandate=st.none() | BYTES,
)
DOCUMENTS = st.builds(
    FetchedDocument,
    vault_id=TEXTS,
    member=st.just(PEER),
    handover_id=TEXTS,
    digest=DIGESTS,
    last_act_on=DAYS,
    content_type=TEXTS,
    arrived_at=INSTANTS,
    purge_at=INSTANTS,
    first_opened_at=st.none() | INSTANTS,
    holder_receipt=st.none() | BYTES,
    arrived_index=st.none() | st.integers(0, 10**6),
)
FETCHES = st.builds(
    a_fetch,
    state=st.sampled_from(FetchState),
    expires_at=INSTANTS,
    follow_up_reason=TEXTS,
    replies=st.lists(REPLIES, max_size=3).map(tuple),
    lookup_only=st.booleans(),
    chosen=st.none() | st.just(PEER),
    document=st.none() | DOCUMENTS,
    code=st.none() | st.sampled_from(Code),
    started_at=st.none() | INSTANTS,
    steps_ms=st.dictionaries(TEXTS, st.integers(0, 10**6), max_size=3),
)
HANDOVERS = st.builds(
    a_handover,
    ins=st.none() | st.just(OTHER_INS),
    state=st.sampled_from(IncomingState),
    document=st.none() | DIGESTS,
    content_type=TEXTS,
)
ANNOUNCEMENTS = st.builds(an_announcement, ins=st.none() | st.just(OTHER_INS), expires_at=INSTANTS) | st.builds(
    lambda: an_announcement(ins=None, announcement=None)
)
TRACES = st.builds(
    a_trace,
    action=st.sampled_from(TraceAction),
    practitioner_name=TEXTS,
    outcome=TEXTS,
)
EVENTS = st.builds(
    FetchEvent,
    fetch_id=TEXTS,
    number=st.integers(0, 10**6),
    at=INSTANTS,
    kind=TEXTS,
    data=st.dictionaries(TEXTS, JSON, max_size=4),
)
ACKS = st.builds(
    lambda **changed: an_ack_draft(an_id(), bytes(32), **changed),
    result=st.sampled_from(AckResult),
    code=st.none() | st.sampled_from(Code),
    received=DIGESTS,
)


@settings(max_examples=150)
@given(FETCHES | HANDOVERS | ANNOUNCEMENTS | TRACES | EVENTS | ACKS)
def test_a_value_comes_back_as_it_was_put_down(value):
    codec = codec_of(type(value))

    assert codec.decode(codec.encode(value)) == value


def test_a_handover_is_written_in_this_form():
    handover = a_handover(
        id="0" * 32,
        announcement_id="1" * 32,
        lookup_id="2" * 32,
        ins=None,
        document=DocumentDigest(b"\xff" * 32, 7),
    )

    assert codec_of(Handover).encode(handover) == (
        b'{"id":"00000000000000000000000000000000","announcement_id":"11111111111111111111111111111111",'
        b'"requester":{"value":"318751275100038"},"lookup_id":"22222222222222222222222222222222","ins":null,'
        b'"state":"rendering","created_at":1795435200,"expires_at":1795437000,'
        b'"document":{"sha256":"__________________________________________8","size":7},'
        b'"content_type":"application/pdf","earlier":[]}'
    )


def test_a_row_from_before_a_field_was_added_takes_its_default():
    found = json.loads(codec_of(Handover).encode(a_handover()))
    del found["content_type"]
    found["a field that is no more"] = 1

    assert codec_of(Handover).decode(json.dumps(found).encode()).content_type == "application/pdf"


def test_a_row_without_a_field_that_it_must_have_is_refused():
    found = json.loads(codec_of(Handover).encode(a_handover()))
    del found["requester"]

    with pytest.raises(FailedClosed) as refused:
        codec_of(Handover).decode(json.dumps(found).encode())

    assert refused.value.code is Code.STATE_UNAVAILABLE


@settings(max_examples=80)
@given(BYTES | JSON.map(lambda value: json.dumps(value).encode()))
def test_rubbish_is_refused_as_damaged_state(data):
    with pytest.raises(FailedClosed):
        codec_of(Trace).decode(data)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("state", "no such state"),
        ("created_at", "1795435200"),
        ("created_at", True),
        ("document", {"sha256": "not base64url!", "size": 1}),
        ("ins", {"matricule": {"value": "279035121518900"}, "oid": "1.2.250.1.213.1.4.10"}),
    ],
)
def test_a_field_that_is_not_what_it_should_be_is_refused_without_its_value(name, value):
    found = json.loads(codec_of(Handover).encode(a_handover()))
    found[name] = value

    with pytest.raises(FailedClosed) as refused:
        codec_of(Handover).decode(json.dumps(found).encode())

    assert "279035" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_type_without_a_json_form_is_refused_when_its_codec_is_made():
    @dataclass(frozen=True)
    class Odd:
        number: float

    @dataclass(frozen=True)
    class Either:
        number: int | str

    for cls in (Odd, Either):
        with pytest.raises(TypeError):
            codec_of(cls)


def test_events_keep_what_json_keeps_of_their_data():
    event = FetchEvent(an_id(), 1, T0, "service.replied", {"reply": Reply.WITHHELD, "members": (str(PEER),)})

    found = codec_of(FetchEvent).decode(codec_of(FetchEvent).encode(event))

    assert found.data == {"reply": "withheld", "members": [str(PEER)]}


def test_every_sealed_type_has_a_codec():
    for cls in (Fetch, FetchEvent, Handover, IssuedAnnouncement, Trace):
        assert codec_of(cls) is codec_of(cls)
