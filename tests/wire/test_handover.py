import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.core.codes import Code
from connector.core.errors import PeerFault, RequestRefused
from connector.wire import handover
from tests.wire.values import ANNOUNCEMENT_ID, DOCUMENT, HANDOVER_ID, NOW

GRANT = handover.Grant(HANDOVER_ID, DOCUMENT, "application/pdf", NOW)
JSON = handover.CONTENT_TYPE


def refusal(body, content_type=JSON):
    with pytest.raises(RequestRefused) as caught:
        handover.parse_request(body, content_type)
    return caught.value.code


def test_holder_reads_the_announcement_that_is_asked_for():
    body = handover.encode_request(ANNOUNCEMENT_ID)

    assert body == b'{"announcement_id":"22222222222222222222222222222222"}'
    for content_type in (JSON, "Application/JSON; charset=utf-8"):
        assert handover.parse_request(body, content_type) == ANNOUNCEMENT_ID


def test_unknown_members_are_ignored():
    body = json.dumps({"announcement_id": ANNOUNCEMENT_ID, "new": [1]}).encode()

    assert handover.parse_request(body, JSON) == ANNOUNCEMENT_ID


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b'{"announcement_id":null}',
        b'{"announcement_id":1}',
        b'{"announcement_id":"x"}',
        b'{"announcement_id":"22222222222222222222222222222222","announcement_id":"x"}',
        b'{"announcement_id":"22222222222222222222222222222222"',
        b"\x1f\x8b\x08",
    ],
)
def test_a_request_of_another_form_is_malformed(body):
    assert refusal(body) == Code.REQUEST_MALFORMED


def test_a_request_of_another_type_or_size_is_refused():
    body = handover.encode_request(ANNOUNCEMENT_ID)

    assert refusal(body, "text/plain") == Code.REQUEST_NOT_SUPPORTED
    assert refusal(body + b" " * 1024) == Code.REQUEST_TOO_LARGE


def test_requester_reads_the_grant_that_was_written():
    body = handover.encode_grant(GRANT)

    assert list(json.loads(body)) == ["handover_id", "sha256", "size", "content_type", "expires_at"]
    assert handover.parse_grant(body) == GRANT


WRONG = [None, "", -1, 1.5, [], "\n"]
WRONG_TEXTS = ["x", "2026-02-30T00:00:00Z", "2026-11-20T10:00:00+01:00"]


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name in ("handover_id", "sha256", "size", "expires_at") for value in [*WRONG, *WRONG_TEXTS]]
    + [("content_type", value) for value in WRONG],
)
def test_a_grant_with_a_wrong_member_is_a_peer_fault(name, value):
    body = json.dumps(json.loads(handover.encode_grant(GRANT)) | {name: value}).encode()

    with pytest.raises(PeerFault):
        handover.parse_grant(body)


def test_a_grant_that_is_too_long_is_a_peer_fault():
    with pytest.raises(PeerFault, match="1024"):
        handover.parse_grant(handover.encode_grant(GRANT) + b" " * 1024)


@given(st.binary(max_size=80))
@settings(max_examples=60)
def test_bodies_of_any_bytes_are_read_or_refused(body):
    with contextlib.suppress(RequestRefused):
        handover.parse_request(body, JSON)
    with contextlib.suppress(PeerFault):
        handover.parse_grant(body)
