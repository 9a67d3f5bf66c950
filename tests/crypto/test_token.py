"""A signing key in a PKCS#11 token: both algorithms, every way in which it cannot be had, pulled out and put back."""

from dataclasses import replace
from time import monotonic

import pytest

from connector.core.codes import Code
from connector.core.errors import ConfigFault, FailedClosed
from connector.crypto.keys import SigningAlgorithm, verify
from connector.crypto.token import PAUSE_SECONDS, TokenKey, TokenSigner
from tests.kit.token import LABEL, PIN, Token, needs_softhsm

ES256, PS256 = SigningAlgorithm.ES256, SigningAlgorithm.PS256
DATA = b"what a mandate says"


@pytest.fixture(scope="module")
def token(tmp_path_factory):
    needs_softhsm()
    made = Token(tmp_path_factory.mktemp("softhsm"))
    made.make_key("p256")
    made.make_key("rsa", "rsa:2048")
    made.make_key("rsa-alone", "rsa:2048")
    made.drop_public("rsa-alone")
    made.make_key("p256-alone")
    made.drop_public("p256-alone")
    made.make_key("p384", "EC:secp384r1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", made.environment["SOFTHSM2_CONF"])
        yield made


@pytest.fixture
def where(token):
    return TokenKey(token.driver, LABEL, "p256", PIN)


@pytest.mark.parametrize(
    ("key", "algorithm", "size"), [("p256", ES256, 64), ("rsa", PS256, 256), ("rsa-alone", PS256, 256)]
)
def test_both_algorithms_sign_as_their_public_half_verifies(where, key, algorithm, size):
    signer = TokenSigner("sign-1", algorithm, replace(where, key=key), monotonic)

    signature = signer.sign(DATA)

    assert len(signature) == size
    assert verify(signer.public_key, algorithm, DATA, signature)
    assert not verify(signer.public_key, algorithm, DATA + b"x", signature)
    assert signer.not_ready() == ""


def test_two_signers_share_a_token(where):
    first, second = (
        TokenSigner("a", ES256, where, monotonic),
        TokenSigner("b", PS256, replace(where, key="rsa"), monotonic),
    )

    assert verify(second.public_key, PS256, DATA, second.sign(DATA))
    assert verify(first.public_key, ES256, DATA, first.sign(DATA))


@pytest.mark.parametrize(
    ("change", "algorithm", "said"),
    [
        ({"module": "/nowhere/libtoken.so"}, ES256, "driver /nowhere/libtoken.so: cannot be loaded"),
        ({"token": "autre"}, ES256, "token autre: is not there"),
        ({"key": "absent"}, ES256, "holds no private key absent"),
        ({"key": "p256-alone"}, ES256, "neither public key nor certificate p256-alone"),
        ({"key": "rsa"}, ES256, "got RSA of 2048 bits, which cannot sign ES256"),
        ({"key": "p256"}, PS256, "got EC secp256r1, which cannot sign PS256"),
        ({"key": "p384"}, ES256, "which cannot sign ES256"),
    ],
)
def test_what_cannot_be_had_is_told_to_the_operator_without_the_pin(where, change, algorithm, said):
    with pytest.raises(ConfigFault) as caught:
        TokenSigner("sign-1", algorithm, replace(where, **change), monotonic)

    assert said in str(caught.value)
    assert PIN not in str(caught.value)


def test_the_pin_does_not_show(where):
    assert PIN not in repr(where)
    assert PIN not in repr(TokenSigner("sign-1", ES256, where, monotonic))


class Seconds:
    """A monotonic clock that is set by hand."""

    def __init__(self):
        self.at = 1000.0

    def __call__(self):
        return self.at


def test_a_token_pulled_out_signs_nothing_and_signs_again_when_it_is_back(token, where):
    seconds = Seconds()
    signer = TokenSigner("sign-1", ES256, where, seconds)
    token.pull()
    try:
        for _ in range(2):
            with pytest.raises(FailedClosed) as caught:
                signer.sign(DATA)
            assert caught.value.code == Code.SIGNER_UNAVAILABLE
            assert PIN not in str(caught.value)
            assert "does not sign" in signer.not_ready()
            seconds.at += PAUSE_SECONDS
    finally:
        token.put_back()

    assert signer.not_ready() == ""
    assert verify(signer.public_key, ES256, DATA, signer.sign(DATA))


@pytest.mark.parametrize("is_asked_first", [False, True])
def test_a_missing_token_is_not_searched_for_again_before_a_pause(token, where, is_asked_first):
    """Put back at once, it is found only after the pause: in between, nobody waited for a search."""
    seconds = Seconds()
    signer = TokenSigner("sign-1", ES256, where, seconds)
    token.pull()
    try:
        if is_asked_first:
            for _ in range(2):  # seen to be gone, then searched for
                assert "does not sign" in signer.not_ready()
        else:
            with pytest.raises(FailedClosed):
                signer.sign(DATA)
    finally:
        token.put_back()

    seconds.at += PAUSE_SECONDS - 0.1
    with pytest.raises(FailedClosed, match="token spsti: is not there") as caught:
        signer.sign(DATA)
    assert caught.value.code == Code.SIGNER_UNAVAILABLE
    assert "does not sign" in signer.not_ready()
    seconds.at += 0.1
    assert signer.not_ready() == ""
    assert verify(signer.public_key, ES256, DATA, signer.sign(DATA))


def test_readiness_sees_that_a_token_was_pulled_out_before_anything_is_signed(token, where):
    signer = TokenSigner("sign-1", ES256, where, monotonic)
    token.pull()
    try:
        assert "does not sign" in signer.not_ready()
    finally:
        token.put_back()


def test_a_wrong_pin_is_refused_once_and_not_tried_again(token, where):
    seconds = Seconds()
    signer = TokenSigner("sign-1", ES256, where, seconds)
    token.pull()
    assert signer.not_ready() != ""
    token.put_back()
    seconds.at += PAUSE_SECONDS
    signer._where = replace(where, pin="0000")

    for said in ("the PIN is refused", "not tried again before a reload"):
        with pytest.raises(FailedClosed, match=said) as caught:
            signer.sign(DATA)
        assert "0000" not in str(caught.value)
