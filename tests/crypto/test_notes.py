import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.core.errors import PeerFault
from connector.crypto import notes
from connector.crypto.notes import NoteKey, NoteSigner, open_note

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "signed-note.json").read_text())
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(32))
NAME = "318751275100020/exchange/1"
KEY = NoteKey(NAME, PRIVATE.public_key())
BODY = "one line\n"
NOTE = NoteSigner(NAME, PRIVATE).sign(BODY)
LINES = st.lists(st.text(st.characters(min_codepoint=0x20, exclude_categories=["Cs"])), max_size=4)
BODIES = LINES.map(lambda lines: "\n".join([*lines, ""]) or "\n")


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_a_published_note_opens(case):
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(case["public_key"]))
    key = NoteKey(case["name"], public)

    assert key.key_id.hex() == case["key_id"]
    assert open_note(case["note"], [key]) == notes.Note(case["body"], (case["name"],))


@given(BODIES)
@settings(max_examples=60)
def test_what_is_signed_opens_again(body):
    note = NoteSigner(NAME, PRIVATE).sign(body)

    assert open_note(note, [KEY]) == notes.Note(body, (NAME,))
    assert open_note(note.encode(), [KEY]).body == body


def test_the_form_stays_what_it_was():
    assert NOTE == (
        "one line\n"
        "\n"
        "— 318751275100020/exchange/1 "
        "+4LhtX1IWArca7JWDzEJzJni1NCAVWGCP/gmmA9P/RpUS5zcUfxa4+rfiykcs2HxZ3i3FxOBu0OXXjoEVVIhr9sVfw0=\n"
    )


def test_a_signer_gives_the_key_that_verifies_and_does_not_print_its_own():
    signer = NoteSigner(NAME, PRIVATE)

    assert signer.key == KEY
    assert open_note(signer.sign(BODY), [signer.key]).names == (NAME,)
    assert "PrivateKey" not in repr(signer)


def test_lines_of_keys_that_are_not_asked_about_are_passed_over():
    """c2sp.org/signed-note: unknown signatures are ignored even if they share name or id with a known key."""
    same_name = NoteSigner(NAME, STRANGER).sign(BODY).removeprefix(BODY + "\n")
    other_kind = "— witness.example " + base64.b64encode(bytes(4 + 72)).decode() + "\n"
    own = NOTE.removeprefix(BODY + "\n")

    assert open_note(f"{BODY}\n{same_name}{other_kind}{own}", [KEY]).names == (NAME,)


def test_several_known_keys_are_named_in_the_order_of_the_note_and_once():
    second = NoteKey("second", STRANGER.public_key())
    line = NoteSigner("second", STRANGER).sign(BODY).removeprefix(BODY + "\n")
    note = f"{BODY}\n{line}{NOTE.removeprefix(BODY)[1:]}{line}"

    assert open_note(note, [KEY, second]).names == ("second", NAME)


def test_sixteen_signatures_are_accepted():
    others = [NoteSigner(f"w{at}", STRANGER).sign(BODY).removeprefix(BODY + "\n") for at in range(15)]

    assert open_note(NOTE + "".join(others), [KEY]).body == BODY


class TestRefusals:
    def refused(self, note, match, keys=(KEY,)):
        with pytest.raises(PeerFault, match=match):
            open_note(note, keys)

    def test_a_note_of_an_unlisted_key_is_refused(self):
        self.refused(NOTE, "none by a key that is listed", keys=[])
        self.refused(NOTE, "none by a key that is listed", keys=[NoteKey("other", PRIVATE.public_key())])
        self.refused(NOTE, "none by a key that is listed", keys=[NoteKey(NAME, STRANGER.public_key())])

    def test_a_changed_text_is_refused(self):
        self.refused(NOTE.replace("one", "two"), "does not verify")

    def test_one_bad_signature_of_a_known_key_refuses_the_whole_note(self):
        forged = base64.b64encode(KEY.key_id + bytes(64)).decode()
        self.refused(NOTE.replace("\n\n", f"\n\n— {NAME} {forged}\n"), "does not verify")

    @pytest.mark.parametrize("length", [1, 63, 65])
    def test_a_signature_of_another_length_is_refused(self, length):
        wrong = base64.b64encode(KEY.key_id + bytes(length)).decode()
        self.refused(f"{BODY}\n— {NAME} {wrong}\n", "does not verify")

    @pytest.mark.parametrize(
        "note",
        [
            "",
            "\n",
            "\n\n",
            BODY,
            BODY + "\n",
            NOTE[:-1],
            NOTE + "\n",
            NOTE.replace("\n", "\r\n"),
            NOTE.replace("\n\n", "\n"),
            NOTE.replace("—", "-"),
            NOTE.replace("—", "--"),
            NOTE.replace("— ", "—"),
            NOTE.replace("— ", "—  "),
            NOTE.replace("— ", "—\u00a0"),
            NOTE.replace(f"{NAME} ", f"{NAME}  "),
            NOTE.replace(f"{NAME} ", ""),
            NOTE.replace(NAME, "a+b"),
            NOTE.replace(NAME, "a\u2003b"),
            NOTE[:-1] + " \n",
            NOTE[:-1] + "=\n",
            NOTE.replace("one", "o\tne"),
            NOTE.replace("one", "o\0ne"),
            NOTE + "trailing\n",
            "\ufeff" + NOTE,
            NOTE + "— x AAAA\n",
            NOTE + "— x AAAAAA\n",
            NOTE + "— x AAAAAB==\n",
            NOTE + "— x AAAA_w==\n",
            "a\ud800\n\n— x AAAAAAA=\n",
        ],
    )
    def test_another_form_is_refused(self, note):
        self.refused(note, "signed note")

    @pytest.mark.parametrize(
        "note", [b"\xff\xfe", NOTE.encode("utf-16"), NOTE.encode("latin-1", "replace"), b"\xe2\x80"]
    )
    def test_other_bytes_are_refused(self, note):
        self.refused(note, "signed note")

    def test_a_long_note_and_many_signatures_are_refused(self):
        line = NOTE.removeprefix(BODY + "\n")
        self.refused("x" * notes.MAX_NOTE_BYTES + NOTE, "longer than")
        self.refused("é" * (notes.MAX_NOTE_BYTES // 2) + NOTE, "longer than")
        self.refused(NOTE + line * notes.MAX_SIGNATURES, "more than 32 signatures")

    def test_every_truncation_is_refused(self):
        for cut in range(len(NOTE)):
            self.refused(NOTE[:cut], "signed note")

    @given(st.text(max_size=80) | st.binary(max_size=80))
    @settings(max_examples=100)
    def test_rubbish_is_refused(self, note):
        self.refused(note, "signed note")

    @given(st.data())
    @settings(max_examples=60)
    def test_any_changed_byte_is_refused(self, data):
        note = NOTE.encode()
        at = data.draw(st.integers(0, len(note) - 1))
        self.refused(note[:at] + bytes([note[at] ^ data.draw(st.integers(1, 255))]) + note[at + 1 :], "signed note")


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\nb", "a\x1fb", "x" * 256])
def test_a_name_that_no_line_can_bear_is_refused(name):
    with pytest.raises(ValueError, match="note key name"):
        NoteKey(name, PRIVATE.public_key())
    with pytest.raises(ValueError, match="note key name"):
        NoteSigner(name, PRIVATE).sign(BODY)


@pytest.mark.parametrize("body", ["", "no newline", "tab\t\n", "cr\r\n", "\ud800\n", "x" * notes.MAX_NOTE_BYTES + "\n"])
def test_a_body_that_no_note_can_have_is_not_signed(body):
    with pytest.raises(ValueError, match="note"):
        NoteSigner(NAME, PRIVATE).sign(body)
