"""The webhook's form: Standard Webhooks' own vector, and that a body names codes, members and times alone."""

import json
from base64 import b64encode

import pytest

from connector.core.alerts import Alert, AlertKind, AlertLevel
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.wire.alert import encode, parse_key, sign

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
US, PEER = MemberId("318751275100020"), MemberId("1690781810")


def test_the_published_vector_of_standard_webhooks_is_met():
    """Of the reference libraries' tests (github.com/standard-webhooks/standard-webhooks, MIT)."""
    headers = sign(b'{"test": 2432232314}', "msg_p5jXN8AQM9LWM0D4loKWxJek", Instant(1614265330), parse_key(KEY))

    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_body_is_frozen_to_the_byte():
    alert = Alert(AlertKind.LIMIT_BLOCKED, AlertLevel.CRITICAL, Instant(1_795_424_400), "pattern", PEER)

    assert encode(alert, US, Environment.PRODUCTION) == (
        b'{"type":"limit.blocked","timestamp":"2026-11-23T09:00:00Z","data":{"service":"318751275100020",'
        b'"environment":"production","level":"critical","detail":"pattern","member":"1690781810"}}'
    )


def test_an_alert_about_this_service_alone_names_no_member():
    alert = Alert(AlertKind.CHECK_CHANGED, AlertLevel.OK, Instant(1_795_424_400), "crls")

    assert json.loads(encode(alert, US, Environment.TEST))["data"]["member"] is None


def test_a_key_may_end_with_a_line_feed():
    assert parse_key(KEY + "\n") == parse_key(KEY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_",
        "whsec_" + b64encode(bytes(23)).decode(),
        "whsec_" + b64encode(bytes(65)).decode(),
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaL*Sw",
        "whsec_é" + b64encode(bytes(32)).decode(),
    ],
    ids=["nothing", "no prefix", "empty", "short", "long", "cut", "no base64", "no ASCII"],
)
def test_what_is_no_key_is_refused_without_being_repeated(text):
    with pytest.raises(ValueError, match="expected whsec_") as refused:
        parse_key(text)

    assert text.removeprefix("whsec_") == "" or text not in str(refused.value)
