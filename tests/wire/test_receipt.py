"""What a holder seals, and what a requester refuses to use (PROTOCOL section 4)."""

import contextlib
import json
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.core.codes import Code
from connector.core.directory import KeyUse
from connector.core.errors import PeerFault
from connector.core.evidence import DocumentDigest
from connector.core.instant import Instant
from connector.core.ledger import Proof, Tree
from connector.core.members import MemberId
from connector.core.outcome import Outcome
from connector.crypto.keys import PrivateKeySigner, SigningAlgorithm, generate
from connector.wire import b64, checkpoint, jose, receipt
from tests.kit.resealed import with_claim
from tests.wire.values import DOCUMENT, HANDOVER_ID, HOLDER, LOOKUP_ID, NOW, REQUESTER, listed, prove, receipt_draft

BODY = b'{"resourceType":"Bundle","type":"searchset","total":0}'
BODY_SHA256 = sha256(BODY).digest()
PROOF = prove(HOLDER)
GRANT = {"outcome": Outcome.GRANTED, "handover_id": HANDOVER_ID, "document": DOCUMENT}


def seal(proof=PROOF, signer=HOLDER.signer, **changes):
    return receipt.seal(receipt_draft(**changes), body_sha256=BODY_SHA256, proof=proof, signer=signer)


def open_(compact, *, holder=HOLDER.member, now=NOW):
    return receipt.open_receipt(compact, holder=holder, now=now)


def check(found, **changes):
    values = {
        "mandate_sha256": receipt_draft().mandate_sha256,
        "body": BODY,
        "audience": REQUESTER.id,
        "holder": HOLDER.member,
        "lookup_id": LOOKUP_ID,
    }
    receipt.check_receipt(found, **values | changes)


def changed(path, value):
    return with_claim(seal(**GRANT), path, value, HOLDER.signer)


def fault_of(compact, **options):
    with pytest.raises(PeerFault) as caught:
        check(open_(compact, **options))
    return caught.value.code


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"outcome": Outcome.ANNOUNCED},
        {"outcome": Outcome.DEFERRED},
        {"outcome": Outcome.COULD_NOT_LOOK},
        {"outcome": Outcome.RENDERING, "handover_id": HANDOVER_ID},
        {"outcome": Outcome.REFUSED, "code": Code.MANDATE_EXPIRED, "lookup_id": None},
        GRANT,
    ],
    ids=lambda changes: str(changes.get("outcome", "withheld")),
)
def test_requester_reads_the_answer_that_was_sealed(changes):
    compact = seal(**changes)

    found = open_(compact)

    assert found.draft == receipt_draft(**changes)
    assert (found.body_sha256, found.proof, found.compact) == (BODY_SHA256, PROOF, compact)
    assert found.sha256 == sha256(compact).digest()
    check(found, lookup_id=found.draft.lookup_id)


def test_every_receipt_has_every_claim_in_one_order():
    names = ["ver", "iss", "aud", "iat", "mandate_sha256", "body_sha256", "outcome", "code", "lookup_id"]
    names += ["handover_id", "document", "leaf", "path", "checkpoint", "directory"]

    for changes in ({}, GRANT, {"outcome": Outcome.REFUSED, "code": Code.PURPOSE_UNKNOWN}):
        assert list(jose.read(seal(**changes), typ=receipt.TYP).claims) == names


def test_withheld_receipts_are_of_one_length():
    first, second = seal(), seal(mandate_sha256=b"\1" * 32, lookup_id="f" * 32, issued_at=Instant(NOW + 9))

    assert len(first) == len(second)


@pytest.mark.parametrize("algorithm", ["ES256", "PS256"])
def test_a_receipt_of_a_ledger_of_33_million_entries_fits_its_4_kilobytes(algorithm):
    signer = PrivateKeySigner("sign-2026-11", SigningAlgorithm(algorithm), generate(SigningAlgorithm(algorithm)))
    origin = checkpoint.Origin(REQUESTER.id, Tree.EXCHANGE, 999)
    note = checkpoint.seal(checkpoint.Checkpoint(origin, 2**25, b"r" * 32), REQUESTER.note_signer(serial=999))
    proof = Proof(Tree.EXCHANGE, 2**25 - 1, b"l" * 32, tuple(bytes([step]) * 32 for step in range(25)), 2**25, note)
    changes = GRANT | {"document": DocumentDigest(b"d" * 32, 2**31)}

    compact = seal(proof=proof, signer=signer, issuer=REQUESTER.id, **changes)

    assert len(compact) <= 4096


def test_a_leaf_is_found_in_trees_of_every_shape():
    for leaves in (1, 2, 3, 8, 13):
        for index in range(leaves):
            check(open_(seal(proof=prove(HOLDER, leaves=leaves, index=index))))


# ---------------------------------------------------------------- who signed


@pytest.mark.parametrize(
    ("compact", "code"),
    [
        (b"", Code.RECEIPT_MALFORMED),
        (seal()[:-1], Code.RECEIPT_MALFORMED),
        (seal() + b"A" * 4000, Code.RECEIPT_MALFORMED),
        (seal().replace(b".", b"..", 1), Code.RECEIPT_MALFORMED),
        (jose.seal("mandate+jwt", {"iss": HOLDER.id.value}, HOLDER.signer), Code.RECEIPT_MALFORMED),
        (seal(signer=REQUESTER.signer), Code.RECEIPT_SIGNATURE),
        (seal(signer=replace(REQUESTER.signer, kid=HOLDER.signer.kid)), Code.RECEIPT_SIGNATURE),
        (seal(signer=replace(HOLDER.signer, kid="not-listed")), Code.RECEIPT_SIGNATURE),
        (seal().rpartition(b".")[0] + b".", Code.RECEIPT_SIGNATURE),
    ],
)
def test_a_receipt_that_the_holder_did_not_sign_is_not_used(compact, code):
    assert fault_of(compact) == code


def test_a_receipt_under_an_algorithm_out_of_use_is_not_used():
    head = b64.encode(json.dumps({"alg": "none", "kid": HOLDER.signer.kid, "typ": receipt.TYP}).encode()).encode()
    parts = seal().split(b".")

    assert fault_of(b".".join([head, parts[1], b""])) == Code.RECEIPT_SIGNATURE


@pytest.mark.parametrize("ended", [{"valid_until": NOW}, {"valid_from": Instant(NOW + 1)}, {"compromised_since": NOW}])
def test_a_receipt_under_a_key_that_is_not_valid_now_is_not_used(ended):
    sign, ledger = HOLDER.member.keys
    holder = replace(HOLDER.member, keys=(replace(sign, **ended), ledger))

    assert fault_of(seal(), holder=holder) == Code.RECEIPT_SIGNATURE


# ---------------------------------------------------------------- what it says


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("ver", 2),
        ("ver", None),
        ("iss", REQUESTER.id.value),
        ("aud", "someone"),
        ("aud", None),
        ("iat", "now"),
        ("mandate_sha256", "short"),
        ("body_sha256", None),
        ("outcome", "nothing"),
        ("outcome", "withheld"),
        ("code", "mandate.expired"),
        ("code", "adapter.timeout"),
        ("code", 5),
        ("lookup_id", "x"),
        ("handover_id", None),
        ("handover_id", 1),
        ("document", None),
        ("document", "x"),
        ("document/sha256", "x"),
        ("document/size", -1),
        ("document/size", 1.5),
        ("leaf", None),
        ("leaf/index", "0"),
        ("leaf/index", 7),
        ("leaf/hash", ""),
        ("path", None),
        ("path", "x"),
        ("path", [1]),
        ("path", [None]),
        ("path", ["short"]),
        ("path", ["*" * 43]),
        ("checkpoint", None),
        ("checkpoint", "no note"),
        ("checkpoint", ["x"]),
        ("checkpoint", prove(HOLDER, tree=Tree.HOUSE).checkpoint),
        ("directory", ""),
        ("directory", None),
        ("directory", "d" * 101),
    ],
)
def test_a_receipt_with_a_claim_that_is_missing_or_wrong_is_malformed(path, value):
    assert fault_of(changed(path, value)) == Code.RECEIPT_MALFORMED


def test_unknown_claims_of_a_receipt_are_ignored():
    assert open_(changed("new", {"a": 1})).draft == receipt_draft(**GRANT)


@pytest.mark.parametrize(
    "changes",
    [
        {"mandate_sha256": sha256(b"another mandate").digest()},
        {"body": BODY + b" "},
        {"body": b""},
        {"audience": MemberId("1750000002")},
        {"lookup_id": "0" * 32},
        {"lookup_id": None},
    ],
)
def test_a_receipt_of_another_exchange_is_a_mismatch(changes):
    with pytest.raises(PeerFault) as caught:
        check(open_(seal()), **changes)

    assert caught.value.code == Code.RECEIPT_MISMATCH


# ---------------------------------------------------------------- its place in the ledger


def test_a_leaf_that_is_not_under_the_checkpoint_is_not_in_the_ledger():
    other = prove(HOLDER, leaves=9)
    for proof in (
        replace(PROOF, leaf_hash=b"\0" * 32),
        replace(PROOF, index=PROOF.index - 1),
        replace(PROOF, path=PROOF.path[:-1]),
        replace(PROOF, path=(*PROOF.path, b"\0" * 32)),
        replace(PROOF, path=()),
        replace(PROOF, checkpoint=other.checkpoint),
    ):
        assert fault_of(seal(proof=proof)) == Code.RECEIPT_NOT_IN_LEDGER


def test_a_checkpoint_of_another_member_or_key_is_not_believed():
    sign, ledger = HOLDER.member.keys
    requesters = replace(REQUESTER.member.keys[1], kid=ledger.kid)

    assert fault_of(seal(proof=prove(REQUESTER))) == Code.RECEIPT_NOT_IN_LEDGER
    for keys in (
        (sign,),
        (sign, requesters),
        (sign, replace(ledger, valid_until=NOW)),
        (sign, replace(ledger, public_der=b"no key")),
    ):
        with pytest.raises(PeerFault) as caught:
            check(open_(seal()), holder=replace(HOLDER.member, keys=keys))
        assert caught.value.code == Code.RECEIPT_NOT_IN_LEDGER


def test_a_checkpoint_whose_signature_was_altered_is_not_believed():
    body, _, signatures = PROOF.checkpoint.partition("\n\n")
    grown = body.replace("\n7\n", "\n8\n") + "\n\n" + signatures

    assert fault_of(seal(proof=replace(PROOF, checkpoint=grown))) == Code.RECEIPT_NOT_IN_LEDGER


def test_an_ended_ledger_key_still_proves_what_it_signed():
    sign, ledger = HOLDER.member.keys
    ended = replace(ledger, valid_until=Instant(NOW + 1))
    holder = replace(HOLDER.member, keys=(sign, listed("new", KeyUse.LEDGER, "EdDSA", generate_public()), ended))

    check(open_(seal()), holder=holder)


def generate_public():
    return generate(SigningAlgorithm.ED25519).public_key()


# ---------------------------------------------------------------- what is not sealed, and any bytes


@pytest.mark.parametrize(
    "changes",
    [
        {"code": Code.MANDATE_EXPIRED},
        {"outcome": Outcome.REFUSED},
        {"outcome": Outcome.REFUSED, "code": Code.ADAPTER_TIMEOUT},
        {"outcome": Outcome.REFUSED, "code": Code.DOCUMENT_DIGEST},
        {"document": DOCUMENT},
        GRANT | {"document": None},
        GRANT | {"handover_id": None},
    ],
)
def test_a_receipt_that_contradicts_itself_or_tells_of_the_house_is_not_sealed(changes):
    with pytest.raises(ValueError, match="receipt draft|does not belong"):
        seal(**changes)


@given(st.binary(max_size=300))
@settings(max_examples=60, deadline=None)
def test_rubbish_ends_as_a_peer_fault(compact):
    with pytest.raises(PeerFault):
        open_(compact)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("abz", max_size=5), inner, max_size=2),
    max_leaves=4,
)
PATHS = [*jose.read(seal(), typ=receipt.TYP).claims, "document/sha256", "document/size", "leaf/index", "leaf/hash"]


@given(path=st.sampled_from(PATHS), value=JSON)
@settings(max_examples=200, deadline=None)
def test_a_signed_receipt_with_any_claim_of_any_value_is_read_or_a_peer_fault(path, value):
    with contextlib.suppress(PeerFault):
        check(open_(changed(path, value)))


@given(text=st.text(max_size=40), at=st.integers(0, 300))
@settings(max_examples=100, deadline=None)
def test_a_checkpoint_with_anything_in_it_is_read_or_a_peer_fault(text, at):
    note = (PROOF.checkpoint[:at] + text + PROOF.checkpoint[at:]).encode(errors="ignore").decode()
    with contextlib.suppress(PeerFault):
        check(open_(changed("checkpoint", note)))
