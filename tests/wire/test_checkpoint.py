import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.core.directory import KeyUse, MemberKey
from connector.core.errors import PeerFault
from connector.core.ledger import Tree
from connector.core.members import MemberId
from connector.core.merkle import EMPTY_ROOT, MAX_SIZE
from connector.crypto.keys import SigningAlgorithm, generate, public_key_to_der
from connector.crypto.notes import NoteSigner
from connector.wire import checkpoint as checkpoints
from connector.wire.checkpoint import MAX_SERIAL, Checkpoint, Origin

MEMBER = MemberId("318751275100020")
OTHER_MEMBER = MemberId("1540002698")
ORIGIN = Origin(MEMBER, Tree.EXCHANGE, 1)
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(32))
ROOT = bytes(range(32))

ORIGINS = st.builds(
    Origin, st.sampled_from([MEMBER, OTHER_MEMBER]), st.sampled_from(list(Tree)), st.integers(1, MAX_SERIAL)
)
CHECKPOINTS = st.builds(Checkpoint, ORIGINS, st.integers(1, MAX_SIZE), st.binary(min_size=32, max_size=32))


def signer_of(origin, private=PRIVATE):
    return NoteSigner(str(origin), private)


def listed(public, algorithm="EdDSA"):
    return MemberKey("k", KeyUse.LEDGER, algorithm, public_key_to_der(public), 0, 2**40)


class TestOrigin:
    @given(ORIGINS)
    @settings(max_examples=40)
    def test_what_is_written_reads_back_equal(self, origin):
        assert Origin.parse(str(origin)) == origin

    def test_the_form_stays_what_it_was(self):
        assert str(ORIGIN) == "318751275100020/exchange/1"
        assert str(Origin(OTHER_MEMBER, Tree.HOUSE, 12)) == "1540002698/house/12"

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "318751275100020",
            "318751275100020/exchange",
            "318751275100020/exchange/",
            "318751275100020/exchange/0",
            "318751275100020/exchange/01",
            "318751275100020/exchange/+1",
            "318751275100020/exchange/1.0",
            "318751275100020/exchange/1000000000",
            "318751275100020/exchange/\u0661",
            "318751275100020/Exchange/1",
            "318751275100020/other/1",
            "318751275100020/exchange/1/",
            "318751275100020/exchange/1\n",
            " 318751275100020/exchange/1",
            "31875127510002/exchange/1",
            "999999999999999/exchange/1",
            "example.com/exchange/1",
        ],
    )
    def test_another_form_is_refused(self, text):
        with pytest.raises(PeerFault, match="origin"):
            Origin.parse(text)

    @given(st.text(max_size=40))
    @settings(max_examples=60)
    def test_rubbish_is_refused(self, text):
        with pytest.raises(PeerFault):
            Origin.parse(text)

    @pytest.mark.parametrize("serial", [0, -1, MAX_SERIAL + 1])
    def test_a_serial_out_of_range_is_no_value(self, serial):
        with pytest.raises(ValueError, match="serial"):
            Origin(MEMBER, Tree.HOUSE, serial)


class TestCheckpoint:
    @given(CHECKPOINTS)
    @settings(max_examples=60)
    def test_what_is_written_reads_back_equal(self, checkpoint):
        signer = signer_of(checkpoint.origin)
        note = checkpoints.seal(checkpoint, signer)

        assert Checkpoint.parse_body(checkpoint.to_body()) == checkpoint
        assert checkpoints.open(note, signer.key) == checkpoint
        assert checkpoints.open(note.encode(), signer.key) == checkpoint

    def test_the_form_stays_what_it_was(self):
        assert checkpoints.seal(Checkpoint(ORIGIN, 1024, ROOT), signer_of(ORIGIN)) == (
            "318751275100020/exchange/1\n"
            "1024\n"
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
            "\n"
            "— 318751275100020/exchange/1 "
            "+4LhtS7kz0HBrsAmYDmQnh4aa6e1vWVpCjYem+XtUzPqMbnRlBonwNKkOKp+7ylixM6YZoMdH5QRCXjXVqlM6BsM4QE=\n"
        )

    def test_the_empty_tree_has_the_empty_root(self):
        empty = Checkpoint(ORIGIN, 0, EMPTY_ROOT)

        assert Checkpoint.parse_body(empty.to_body()) == empty
        with pytest.raises(ValueError, match="empty tree"):
            Checkpoint(ORIGIN, 0, ROOT)

    @pytest.mark.parametrize(("size", "root"), [(-1, ROOT), (MAX_SIZE + 1, ROOT), (1, b""), (1, ROOT[:31])])
    def test_a_size_or_root_that_no_tree_has_is_no_value(self, size, root):
        with pytest.raises(ValueError, match="cannot be"):
            Checkpoint(ORIGIN, size, root)

    GOOD = Checkpoint(ORIGIN, 1024, ROOT).to_body()

    @pytest.mark.parametrize(
        "body",
        [
            "",
            GOOD[:-1],
            GOOD + "\n",
            GOOD + "extension\n",
            "\n" + GOOD,
            GOOD.replace("\n", "\r\n"),
            GOOD.replace("1024", "01024"),
            GOOD.replace("1024", "+1024"),
            GOOD.replace("1024", "-1"),
            GOOD.replace("1024", "1e3"),
            GOOD.replace("1024", "\u0661\u0660"),
            GOOD.replace("1024", ""),
            GOOD.replace("1024", str(MAX_SIZE + 1)),
            GOOD.replace("1024", "9" * 16),
            GOOD.replace("1024", "0"),
            GOOD.replace("exchange", "market"),
            GOOD.replace("=", ""),
            GOOD.replace("8=\n", "9=\n"),
            GOOD.replace("AAEC", "A-EC"),
            GOOD.replace("AAEC", "AAE"),
        ],
    )
    def test_another_body_is_refused(self, body):
        with pytest.raises(PeerFault, match="checkpoint"):
            Checkpoint.parse_body(body)

    @given(st.text(max_size=60))
    @settings(max_examples=60)
    def test_rubbish_is_refused(self, text):
        with pytest.raises(PeerFault):
            Checkpoint.parse_body(text)
        with pytest.raises(PeerFault):
            checkpoints.open(text, signer_of(ORIGIN).key)


class TestOpening:
    CHECKPOINT = Checkpoint(ORIGIN, 7, ROOT)
    NOTE = checkpoints.seal(CHECKPOINT, signer_of(ORIGIN))

    def test_one_signed_by_another_key_is_refused(self):
        with pytest.raises(PeerFault, match="none by a key that is listed"):
            checkpoints.open(self.NOTE, signer_of(ORIGIN, STRANGER).key)

    def test_one_of_another_origin_under_the_same_key_is_refused(self):
        other = Checkpoint(Origin(MEMBER, Tree.HOUSE, 1), 7, ROOT)
        disguised = NoteSigner(str(ORIGIN), PRIVATE).sign(other.to_body())
        with pytest.raises(PeerFault, match="expected 318751275100020/exchange/1"):
            checkpoints.open(disguised, signer_of(ORIGIN).key)

    def test_a_checkpoint_is_signed_under_its_own_origin_only(self):
        with pytest.raises(ValueError, match="cannot be signed as"):
            checkpoints.seal(self.CHECKPOINT, signer_of(Origin(MEMBER, Tree.EXCHANGE, 2)))

    def test_a_signed_text_that_is_no_checkpoint_is_refused(self):
        with pytest.raises(PeerFault, match="not three lines"):
            checkpoints.open(NoteSigner(str(ORIGIN), PRIVATE).sign("hello\n"), signer_of(ORIGIN).key)

    def test_every_truncation_is_refused(self):
        for cut in range(len(self.NOTE)):
            with pytest.raises(PeerFault):
                checkpoints.open(self.NOTE[:cut], signer_of(ORIGIN).key)
            with pytest.raises(PeerFault):
                checkpoints.open_of_member(self.NOTE[:cut], MEMBER, Tree.EXCHANGE, [listed(PRIVATE.public_key())])


class TestOpeningByListedKeys:
    KEYS = (listed(STRANGER.public_key()), listed(PRIVATE.public_key()))

    @given(CHECKPOINTS)
    @settings(max_examples=30)
    def test_any_serial_of_the_member_opens_with_its_listed_keys(self, checkpoint):
        note = checkpoints.seal(checkpoint, signer_of(checkpoint.origin))
        origin = checkpoint.origin

        assert checkpoints.open_of_member(note, origin.member, origin.tree, self.KEYS) == checkpoint
        assert checkpoints.open_of_member(note.encode(), origin.member, origin.tree, self.KEYS) == checkpoint

    def test_one_of_another_member_or_tree_is_refused(self):
        note = checkpoints.seal(Checkpoint(ORIGIN, 7, ROOT), signer_of(ORIGIN))
        for member, tree in ((OTHER_MEMBER, Tree.EXCHANGE), (MEMBER, Tree.HOUSE)):
            with pytest.raises(PeerFault, match="expected the"):
                checkpoints.open_of_member(note, member, tree, self.KEYS)

    def test_one_signed_by_no_listed_key_is_refused(self):
        note = checkpoints.seal(Checkpoint(ORIGIN, 7, ROOT), signer_of(ORIGIN))
        es256 = generate(SigningAlgorithm.ES256).public_key()
        for keys in ((), self.KEYS[:1], (listed(es256, "ES256"),)):
            with pytest.raises(PeerFault, match="none by a key that is listed"):
                checkpoints.open_of_member(note, MEMBER, Tree.EXCHANGE, keys)

    @given(st.data())
    @settings(max_examples=60)
    def test_any_changed_byte_is_refused(self, data):
        note = checkpoints.seal(Checkpoint(ORIGIN, 7, ROOT), signer_of(ORIGIN)).encode()
        at = data.draw(st.integers(0, len(note) - 1))
        changed = note[:at] + bytes([note[at] ^ data.draw(st.integers(1, 255))]) + note[at + 1 :]
        with pytest.raises(PeerFault):
            checkpoints.open_of_member(changed, MEMBER, Tree.EXCHANGE, self.KEYS)

    @given(st.text(max_size=60) | st.binary(max_size=60))
    @settings(max_examples=60)
    def test_rubbish_is_refused(self, text):
        with pytest.raises(PeerFault):
            checkpoints.open_of_member(text, MEMBER, Tree.EXCHANGE, self.KEYS)


def test_the_root_line_is_standard_base64():
    assert base64.b64encode(b"\xff" * 32).decode() in Checkpoint(ORIGIN, 1, b"\xff" * 32).to_body()
