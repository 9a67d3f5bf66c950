"""A witness's line: what it says, who said it, when; and all that is not one (c2sp.org/tlog-cosignature)."""

import base64
from dataclasses import replace
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.core.directory import KeyUse, MemberKey
from connector.core.errors import PeerFault, RequestRefused
from connector.core.ledger import Tree
from connector.core.members import MemberId
from connector.core.witness import Beginning, HeldHead, LedgerName, Showing, SignedHead
from connector.crypto.keys import PrivateKeySigner, SigningAlgorithm, generate, public_key_to_der
from connector.crypto.notes import NoteSigner, open_note
from connector.wire import checkpoint, cosignature, witnessing
from connector.wire.checkpoint import Checkpoint, Origin

AT = 1_795_000_000
MEMBER, WITNESS = MemberId("1750000002"), MemberId("318751275100020")
KEY = PrivateKeySigner("w", SigningAlgorithm.ED25519, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OWN = Ed25519PrivateKey.from_private_bytes(bytes(32))
ORIGIN = Origin(MEMBER, Tree.EXCHANGE, 1)
NOTE = checkpoint.seal(Checkpoint(ORIGIN, 7, bytes(range(32))), NoteSigner(str(ORIGIN), OWN))
HEAD = SignedHead(LedgerName(MEMBER, Tree.EXCHANGE, 1), 7, bytes(range(32)), NOTE)


def listed(signer=KEY, **changed):
    values = {
        "kid": "w",
        "use": KeyUse.LEDGER,
        "algorithm": "EdDSA",
        "public_der": public_key_to_der(signer.public_key),
    }
    return MemberKey(**(values | {"valid_from": AT - 100, "valid_until": AT + 100} | changed))


LINE = cosignature.cosign(HEAD, witness=WITNESS, signer=KEY, at=AT).line


def opened(line=LINE, head=HEAD, **changed):
    return cosignature.open_statement(line, head, **({"witness": WITNESS, "keys": (listed(),)} | changed))


def test_the_line_is_verified_by_hand_and_reads_back_equal():
    name, blob = f"{WITNESS}/witness", base64.b64decode(LINE.split(" ")[2])
    body = NOTE.split("\n\n")[0] + "\n"

    KEY.public_key.verify(blob[12:], f"cosignature/v1\ntime {AT}\n{body}".encode())
    assert blob[:4] == sha256(name.encode() + b"\n\x04" + KEY.public_key.public_bytes_raw()).digest()[:4]
    assert opened() == cosignature.cosign(HEAD, witness=WITNESS, signer=KEY, at=AT)


def test_a_note_with_the_lines_of_witnesses_is_still_its_members_note():
    note = f"{HEAD.note}{opened().line}\n"

    assert open_note(note, [NoteSigner(str(ORIGIN), OWN).key]).body == NOTE.split("\n\n")[0] + "\n"
    assert cosignature.bare(note) == NOTE


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"head": replace(HEAD, size=8)}, "another size"),
        ({"head": replace(HEAD, root=bytes(32))}, "another root"),
        ({"head": replace(HEAD, ledger=replace(HEAD.ledger, serial=2))}, "another serial"),
        ({"head": replace(HEAD, ledger=replace(HEAD.ledger, tree=Tree.HOUSE))}, "another tree"),
        ({"witness": MEMBER}, "another witness"),
        ({"keys": ()}, "no key"),
        ({"keys": (listed(PrivateKeySigner("o", SigningAlgorithm.ED25519, OWN)),)}, "another key"),
        ({"keys": (listed(valid_until=AT),)}, "a key that had ended"),
        ({"keys": (listed(valid_from=AT + 1),)}, "a key that had not begun"),
        ({"keys": (listed(compromised_since=AT),)}, "a key that was stolen by then"),
        ({"latest": AT - 1}, "a time to come"),
        ({"line": LINE + "\n"}, "two lines"),
        ({"line": LINE[:-8]}, "cut"),
        ({"line": ""}, "nothing"),
        ({"line": "— " + "x" * 300}, "too long"),
    ],
)
def test_it_is_refused(changed, why):
    with pytest.raises(PeerFault):
        opened(**changed)


def test_a_key_that_was_stolen_later_still_counts_for_what_it_signed_before():
    assert opened(keys=(listed(compromised_since=AT + 1),)).at == AT


def test_another_time_in_the_line_does_not_verify():
    blob = bytearray(base64.b64decode(LINE.split(" ")[2]))
    blob[11] ^= 1
    forged = f"— {WITNESS}/witness {base64.b64encode(blob).decode()}"

    with pytest.raises(PeerFault):
        opened(line=forged)


def test_a_cosignature_is_made_with_an_ed25519_key_and_a_time():
    with pytest.raises(TypeError):
        cosignature.cosign(
            HEAD,
            witness=WITNESS,
            at=AT,
            signer=PrivateKeySigner("e", SigningAlgorithm.ES256, generate(SigningAlgorithm.ES256)),
        )
    with pytest.raises(ValueError, match="time"):
        cosignature.cosign(HEAD, witness=WITNESS, at=0, signer=KEY)


HASHES = st.lists(st.binary(min_size=32, max_size=32), max_size=64).map(tuple)
BYTES = st.binary(min_size=1, max_size=300)
TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=200)


class TestBodies:
    @given(TEXTS, st.integers(0, 2**53 - 1), HASHES, st.none() | st.builds(Beginning, BYTES, BYTES, HASHES))
    @settings(max_examples=30)
    def test_a_showing_reads_back_equal(self, note, first, proof, beginning):
        showing = Showing(note, first, proof, beginning)
        assert witnessing.parse_showing(witnessing.encode_showing(showing)) == showing

    @given(st.lists(st.builds(HeldHead, TEXTS, TEXTS), max_size=5))
    @settings(max_examples=30)
    def test_heads_read_back_equal(self, heads):
        assert list(witnessing.parse_heads(witnessing.encode_heads(heads))) == heads

    @given(HASHES)
    @settings(max_examples=20)
    def test_a_proof_reads_back_equal(self, proof):
        assert witnessing.parse_proof(witnessing.encode_proof(proof)) == proof

    @given(st.binary(max_size=200))
    @settings(max_examples=60)
    def test_rubbish_raises_nothing_but_our_errors(self, body):
        for parse in (
            witnessing.parse_heads,
            witnessing.parse_proof,
            witnessing.parse_held,
            witnessing.parse_witnessed,
        ):
            with pytest.raises(PeerFault):
                parse(body)
        with pytest.raises(RequestRefused):
            witnessing.parse_showing(body)

    @pytest.mark.parametrize(
        "body",
        [
            b'{"checkpoint":"x","first":-1,"proof":[]}',
            b'{"checkpoint":"x","first":1.0,"proof":[]}',
            b'{"checkpoint":"","first":1,"proof":[]}',
            b'{"checkpoint":"x","first":1,"proof":["short"]}',
            b'{"checkpoint":"x","first":1,"proof":[1]}',
            b'{"checkpoint":"x","first":1,"proof":{}}',
            b'{"checkpoint":"x","first":1,"first":1,"proof":[]}',
            b'{"checkpoint":"x","first":1}',
            b'{"checkpoint":"x","first":1,"proof":[],"beginning":[]}',
            b'{"checkpoint":"x","first":1,"proof":[],"beginning":{"entry":"e30","personal":"e30"}}',
            b'{"checkpoint":"x","first":1,"proof":[],"beginning":{"entry":"","personal":"e30","path":[]}}',
            b'{"checkpoint":"x","first":1,"proof":[],"beginning":{"entry":"e3=","personal":"e30","path":[]}}',
            b'{"checkpoint":"x","first":1,"proof":[],"beginning":{"entry":"'
            + b"A" * 2732
            + b'","personal":"e30","path":[]}}',
            b'{"checkpoint":"' + b"x" * 1025 + b'","first":1,"proof":[]}',
        ],
    )
    def test_a_showing_of_another_form_is_refused(self, body):
        with pytest.raises(RequestRefused):
            witnessing.parse_showing(body)

    def test_more_hashes_or_heads_than_can_be_are_refused(self):
        with pytest.raises(PeerFault):
            witnessing.parse_proof(witnessing.encode_proof([bytes(32)] * 65))
        with pytest.raises(PeerFault):
            witnessing.parse_heads(witnessing.encode_heads([HeldHead("n", "c")] * 1001))
        with pytest.raises(PeerFault):
            witnessing.parse_heads(b'{"heads":[1]}')
