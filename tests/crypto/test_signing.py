"""Signing for somebody who waits: at once with a key in memory, in a thread of its own with a token."""

import asyncio
import threading
from time import monotonic

import pytest

from connector.core.codes import Code
from connector.core.errors import FailedClosed
from connector.crypto.keys import PrivateKeySigner, SigningAlgorithm, Switched, generate, verify
from connector.crypto.signing import sealed
from connector.crypto.token import TokenKey, TokenSigner
from tests.kit.token import LABEL, PIN, Token, needs_softhsm

ES256 = SigningAlgorithm.ES256
DATA = b"what a receipt says"


@pytest.fixture(scope="module")
def token(tmp_path_factory):
    needs_softhsm()
    made = Token(tmp_path_factory.mktemp("softhsm"))
    made.make_key("sign")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", made.environment["SOFTHSM2_CONF"])
        yield TokenSigner("sign-1", ES256, TokenKey(made.driver, LABEL, "sign", PIN), monotonic)


async def test_a_key_in_memory_signs_where_it_is_asked():
    signer = PrivateKeySigner("sign-1", ES256, generate(ES256))

    where, signature = await sealed(signer, lambda own: (threading.current_thread(), own.sign(DATA)))

    assert where is threading.current_thread()
    assert verify(signer.public_key, ES256, DATA, signature)


async def test_others_go_on_while_a_token_signs(token):
    others_went_on = threading.Event()

    def seal(signer):
        return others_went_on.wait(30), signer.sign(DATA)

    signing = asyncio.ensure_future(sealed(Switched(token), seal))
    await asyncio.sleep(0)
    others_went_on.set()

    assert (await signing)[0]
    assert verify(token.public_key, ES256, DATA, (await signing)[1])


async def test_name_and_signature_are_of_one_key_though_another_follows_meanwhile(token):
    following = PrivateKeySigner("sign-2", ES256, generate(ES256))
    in_use, begun = Switched(token), threading.Event()

    def seal(signer):
        begun.wait(30)
        return signer.kid, signer.sign(DATA)

    signing = asyncio.ensure_future(sealed(in_use, seal))
    await asyncio.sleep(0)
    in_use.switch(following)
    begun.set()
    kid, signature = await signing

    assert kid == "sign-1"
    assert verify(token.public_key, ES256, DATA, signature)


async def test_signatures_of_a_token_come_one_after_the_other(token):
    running, most = [], []

    def seal(signer):
        running.append(1)
        most.append(len(running))
        signature = signer.sign(DATA)
        running.pop()
        return signature

    signatures = await asyncio.gather(*(sealed(token, seal) for _ in range(8)))

    assert max(most) == 1
    assert all(verify(token.public_key, ES256, DATA, signature) for signature in signatures)


async def test_what_a_token_refuses_is_told_to_the_one_who_asked(token):
    def seal(signer):
        raise FailedClosed("signing key: the token does not sign", code=Code.SIGNER_UNAVAILABLE)

    with pytest.raises(FailedClosed) as refused:
        await sealed(token, seal)

    assert refused.value.code is Code.SIGNER_UNAVAILABLE
