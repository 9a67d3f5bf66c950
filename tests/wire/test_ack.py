"""What a requester signs of the bytes it received, and what a holder refuses (PROTOCOL section 4)."""

import contextlib
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.core.codes import Code
from connector.core.errors import RequestRefused
from connector.core.evidence import AckResult
from connector.core.instant import Instant
from connector.core.ledger import Tree
from connector.wire import ack, b64, jose
from tests.kit.resealed import with_claim
from tests.wire.values import HOLDER, NOW, REQUESTER, ack_draft, prove

PROOF = prove(REQUESTER)
REJECTED = {"result": AckResult.REJECTED, "code": Code.DOCUMENT_DIGEST}


def seal(proof=PROOF, signer=REQUESTER.signer, **changes):
    return ack.seal(ack_draft(**changes), proof=proof, signer=signer)


def open_(compact, requester=REQUESTER.member, now=NOW):
    return ack.open_ack(compact, requester=requester, now=now)


def changed(path, value):
    return with_claim(seal(), path, value, REQUESTER.signer)


def refusal(compact, **options):
    with pytest.raises(RequestRefused) as caught:
        open_(compact, **options)
    return caught.value.code


@pytest.mark.parametrize("changes", [{}, REJECTED])
def test_holder_reads_what_was_sealed_without_the_path(changes):
    compact = seal(**changes)

    found = open_(compact)

    assert found.draft == ack_draft(**changes)
    assert found.proof == replace(PROOF, path=())
    assert found.compact == compact


def test_an_acknowledgement_has_every_claim_in_one_order():
    names = ["ver", "iss", "aud", "iat", "handover_id", "receipt_sha256", "result", "code", "sha256", "size"]

    for changes in ({}, REJECTED):
        assert list(jose.read(seal(**changes), typ=ack.TYP).claims) == [*names, "leaf", "checkpoint"]


@pytest.mark.parametrize(
    ("compact", "code"),
    [
        (b"", Code.ACK_MALFORMED),
        (seal()[:-1], Code.ACK_MALFORMED),
        (seal() + b"A" * 4000, Code.ACK_MALFORMED),
        (jose.seal("receipt+jwt", {}, REQUESTER.signer), Code.ACK_MALFORMED),
        (seal(signer=HOLDER.signer), Code.ACK_SIGNATURE),
        (seal(signer=replace(HOLDER.signer, kid=REQUESTER.signer.kid)), Code.ACK_SIGNATURE),
        (seal().rpartition(b".")[0] + b".", Code.ACK_SIGNATURE),
        (seal(proof=prove(HOLDER)), Code.ACK_SIGNATURE),
        (seal(proof=replace(PROOF, checkpoint=PROOF.checkpoint.replace("\n7\n", "\n8\n"))), Code.ACK_SIGNATURE),
    ],
)
def test_an_acknowledgement_that_the_requester_did_not_sign_is_refused(compact, code):
    assert refusal(compact) == code


def test_an_acknowledgement_under_an_algorithm_out_of_use_is_refused():
    head = b64.encode(json.dumps({"alg": "HS256", "kid": "k", "typ": ack.TYP}).encode()).encode()
    parts = seal().split(b".")

    assert refusal(b".".join([head, *parts[1:]])) == Code.ACK_SIGNATURE


def with_key(number, **changes):
    """The requester with its signing key (0) or ledger key (1) listed otherwise."""
    keys = list(REQUESTER.member.keys)
    keys[number] = replace(keys[number], **changes)
    return replace(REQUESTER.member, keys=tuple(keys))


@pytest.mark.parametrize(
    ("number", "changes"),
    [
        (0, {"valid_until": NOW}),
        (0, {"valid_from": Instant(NOW + 1)}),
        (0, {"compromised_since": NOW}),
        (1, {"valid_from": Instant(NOW + 1)}),
        (1, {"compromised_since": NOW}),
    ],
)
def test_an_acknowledgement_under_a_key_that_is_not_valid_is_refused(number, changes):
    assert refusal(seal(), requester=with_key(number, **changes)) == Code.ACK_SIGNATURE


def test_an_acknowledgement_may_name_a_checkpoint_whose_key_has_ended_since():
    assert open_(seal(), requester=with_key(1, valid_until=NOW)).proof.checkpoint == PROOF.checkpoint


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("ver", 2),
        ("iss", HOLDER.id.value),
        ("aud", "x"),
        ("iat", 1.5),
        ("handover_id", None),
        ("handover_id", "../x"),
        ("receipt_sha256", "x"),
        ("result", "seen"),
        ("result", "rejected"),
        ("code", "document.digest"),
        ("code", "document.changed"),
        ("code", "vault.damaged"),
        ("code", []),
        ("sha256", None),
        ("size", -1),
        ("size", True),
        ("leaf", {}),
        ("leaf/index", 7),
        ("checkpoint", ""),
        ("checkpoint", prove(REQUESTER, tree=Tree.HOUSE).checkpoint),
    ],
)
def test_an_acknowledgement_with_a_claim_that_is_wrong_is_malformed(path, value):
    assert refusal(changed(path, value)) == Code.ACK_MALFORMED


@pytest.mark.parametrize(
    "changes",
    [
        {"code": Code.DOCUMENT_DIGEST},
        {"result": AckResult.REJECTED},
        REJECTED | {"code": Code.VAULT_DAMAGED},
        REJECTED | {"code": Code.DOCUMENT_CHANGED},
    ],
)
def test_an_acknowledgement_that_contradicts_itself_is_not_sealed(changes):
    with pytest.raises(ValueError, match="code"):
        seal(**changes)


@given(st.binary(max_size=300))
@settings(max_examples=60, deadline=None)
def test_rubbish_ends_in_a_refusal(compact):
    with pytest.raises(RequestRefused):
        open_(compact)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("abz", max_size=5), inner, max_size=2),
    max_leaves=4,
)


@given(path=st.sampled_from([*jose.read(seal(), typ=ack.TYP).claims, "leaf/index", "leaf/hash"]), value=JSON)
@settings(max_examples=150, deadline=None)
def test_a_signed_acknowledgement_with_any_claim_of_any_value_is_read_or_refused(path, value):
    with contextlib.suppress(RequestRefused):
        open_(changed(path, value))
