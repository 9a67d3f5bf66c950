"""Signed notes: a text under Ed25519 signatures (c2sp.org/signed-note, type 0x01).

The form in which ledgers publish their checkpoints (PROTOCOL section 6); what the text says is left to
`wire.checkpoint`. Reading is strict: a text has one form only. Signature lines of keys that are not asked about are
passed over, so that witnesses may add theirs; one of an asked key that does not verify refuses the whole note.
"""

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from connector.core.errors import PeerFault

MAX_NOTE_BYTES: Final = 16_384
"""Our rule; a checkpoint takes 200 bytes, a witness's line about 160."""

MAX_SIGNATURES: Final = 32
"""Our rule; the specification wants at least 16 accepted."""

_ED25519: Final = b"\x01"
_KEY_ID_BYTES: Final = 4
_SIGNATURE_BYTES: Final = 64
_NAME: Final = re.compile(r"[^\s+\x00-\x20]{1,255}")
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")
_LINE: Final = re.compile(r"— ([^ ]+) ([A-Za-z0-9+/]+={0,2})")


class UnknownSigner(PeerFault):
    """Signed by a key that is not listed here: a newer list may know it, so nobody is accused of anything."""


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A public key under the name that its signature lines bear.

    Raises:
        ValueError: the name is empty, too long, or holds a space or plus sign.
    """

    name: str
    public_key: Ed25519PublicKey
    key_id: bytes = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key_id", _key_id(self.name, self.public_key))


@dataclass(frozen=True, slots=True)
class Note:
    """An opened note: its text with the final newline, and the names of the keys that verified, in the note's order."""

    body: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoteSigner:
    """Signs notes under one name with one key.

    Raises:
        ValueError: the name is empty, too long, or holds a space or plus sign.
    """

    name: str
    private_key: Ed25519PrivateKey = field(repr=False)
    _key_id: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_key_id", _key_id(self.name, self.private_key.public_key()))

    @property
    def key(self) -> NoteKey:
        """The half that others verify with."""
        return NoteKey(self.name, self.private_key.public_key())

    def sign(self, body: str) -> str:
        """Give the body as a note with this one signature.

        Raises:
            ValueError: the body does not end in a newline, is too long, or holds a control character or half a
                surrogate pair.
        """
        if not body.endswith("\n") or _CONTROL.search(body):
            raise ValueError("note body must end in a newline and hold no other control character")
        try:
            data = body.encode()
        except UnicodeEncodeError:
            raise ValueError("note body holds a lone surrogate") from None
        signature = b64encode(self._key_id + self.private_key.sign(data)).decode("ascii")
        note = f"{body}\n— {self.name} {signature}\n"
        if len(note.encode()) > MAX_NOTE_BYTES:
            raise ValueError(f"note is longer than {MAX_NOTE_BYTES} bytes")
        return note


def open_note(text: str | bytes, keys: Iterable[NoteKey]) -> Note:
    """Verify a note by the keys given and give its body.

    Raises:
        UnknownSigner: signed by none of the keys.
        PeerFault: not a note, or a signature of one of the keys does not verify.
    """
    body, lines = _split(_decode(text))
    known: dict[tuple[str, bytes], list[NoteKey]] = {}
    for key in keys:  # two may share an id: four bytes, which who makes a key can choose
        known.setdefault((key.name, key.key_id), []).append(key)
    names: list[str] = []
    for line in lines:
        name, key_id, signature = parse_line(line)
        alike = known.pop((name, key_id), None)  # a repeated line of the same key counts once
        if alike is None:
            continue
        if not any(_verifies(key, signature, body.encode()) for key in alike):
            raise PeerFault("signed note: the signature of a known key does not verify")
        names.append(name)
    if not names:
        raise UnknownSigner(
            f"signed note: {len(lines)} signatures, none by a key that is listed",
            hint="compare the ledger keys that the directory lists for this member",
        )
    return Note(body, tuple(names))


def _verifies(key: NoteKey, signature: bytes, data: bytes) -> bool:
    try:
        key.public_key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def _key_id(name: str, public_key: Ed25519PublicKey) -> bytes:
    """SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key)[:4], as the specification recommends."""
    if not _NAME.fullmatch(name):
        raise ValueError("note key name must be 1 to 255 characters without space or plus sign")
    return sha256(name.encode() + b"\n" + _ED25519 + public_key.public_bytes_raw()).digest()[:_KEY_ID_BYTES]


def _decode(text: str | bytes) -> str:
    if len(text) > MAX_NOTE_BYTES:
        raise PeerFault(f"signed note: longer than {MAX_NOTE_BYTES} bytes")
    try:
        data = text.encode() if isinstance(text, str) else text
        text = data.decode()
    except UnicodeError:
        raise PeerFault("signed note: not UTF-8") from None
    if len(data) > MAX_NOTE_BYTES:
        raise PeerFault(f"signed note: longer than {MAX_NOTE_BYTES} bytes")
    if _CONTROL.search(text):
        raise PeerFault("signed note: holds a control character other than newline")
    return text


def _split(text: str) -> tuple[str, list[str]]:
    """Cut at the last empty line: body with its newline, signature lines without theirs."""
    cut = text.rfind("\n\n")
    if cut < 0 or not text.endswith("\n"):
        raise PeerFault("signed note: no empty line before the signatures, or no newline at the end")
    lines = text[cut + 2 : -1].split("\n")
    if lines == [""]:
        raise PeerFault("signed note: no signature after its text")
    if len(lines) > MAX_SIGNATURES:
        raise PeerFault(f"signed note: more than {MAX_SIGNATURES} signatures")
    return text[: cut + 1], lines


def parse_line(line: str) -> tuple[str, bytes, bytes]:
    """Give name, key id and signature of one line; other kinds of key have signatures of other lengths.

    Raises:
        PeerFault: not a signature line.
    """
    match = _LINE.fullmatch(line)
    if match is None or not _NAME.fullmatch(match[1]):
        raise PeerFault("signed note: a line after the text is no signature line")
    try:
        data = b64decode(match[2], validate=True)
    except binascii.Error:
        raise PeerFault("signed note: a signature is not base64") from None
    if len(data) <= _KEY_ID_BYTES or b64encode(data).decode("ascii") != match[2]:
        raise PeerFault("signed note: a signature is too short or not in its one base64 form")
    return match[1], data[:_KEY_ID_BYTES], data[_KEY_ID_BYTES:]
