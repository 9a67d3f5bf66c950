"""Checkpoints: what a ledger says of itself, as signed notes (c2sp.org/tlog-checkpoint, PROTOCOL section 6).

    318751275100020/exchange/1
    1024
    <base64 of the root>

    — 318751275100020/exchange/1 <base64 of key id and Ed25519 signature>

The key's name is the origin. Whether a checkpoint goes on from an earlier one is `core.merkle.verify_consistency`; who
must show which is left to the ledgers. One form only: extension lines are refused, and a second signature under the
ledger's own name: with one that cannot be read later, its member could disown what it showed (our rules).
"""

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from connector.core.directory import MemberKey
from connector.core.errors import IdentityFault, PeerFault
from connector.core.ledger import Tree
from connector.core.members import MemberId
from connector.core.merkle import EMPTY_ROOT, HASH_BYTES, MAX_SIZE
from connector.crypto.keys import public_key_from_der
from connector.crypto.notes import NoteKey, NoteSigner, open_note

MAX_SERIAL: Final = 999_999_999

_ORIGIN: Final = re.compile(r"([0-9A-Z]{2,32})/(exchange|house)/([1-9][0-9]{0,8})", re.ASCII)
_BODY: Final = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n", re.ASCII)


@dataclass(frozen=True, slots=True)
class Origin:
    """One ledger of one member; the serial grows when the member had to begin a new one (`journal succeed`).

    Raises:
        ValueError: the serial is not 1 to `MAX_SERIAL`.
    """

    member: MemberId
    tree: Tree
    serial: int

    def __post_init__(self) -> None:
        if not 1 <= self.serial <= MAX_SERIAL:
            raise ValueError(f"serial {self.serial} is outside 1 to {MAX_SERIAL}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `<member id>/exchange/<serial>` or `<member id>/house/<serial>`.

        Raises:
            PeerFault: another form. The check digit of the member id is left to the directory.
        """
        match = _ORIGIN.fullmatch(text)
        if match is not None:
            try:
                return cls(MemberId(match[1]), Tree(match[2]), int(match[3]))
            except IdentityFault:
                pass
        raise PeerFault("checkpoint: its origin is not <member id>/exchange/<serial> or <member id>/house/<serial>")

    def __str__(self) -> str:
        """The text that the note and its key are named by."""
        return f"{self.member}/{self.tree}/{self.serial}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The tree of `size` leaves has this root.

    Raises:
        ValueError: size or root that no tree has.
    """

    origin: Origin
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_SIZE or len(self.root) != HASH_BYTES:
            raise ValueError(f"checkpoint of {self.size} leaves with a root of {len(self.root)} bytes cannot be")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise ValueError("checkpoint of an empty tree does not have the root of the empty tree")

    def to_body(self) -> str:
        """Give the note's text: origin, size, root, each on its line."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode('ascii')}\n"

    @classmethod
    def parse_body(cls, body: str) -> Self:
        """Read the note's text.

        Raises:
            PeerFault: another number of lines, another form of one, or a size or root that no tree has.
        """
        match = _BODY.fullmatch(body)
        if match is None:
            raise PeerFault("checkpoint: not three lines of origin, size and root")
        origin = Origin.parse(match[1])
        try:
            root = b64decode(match[3], validate=True)
            if b64encode(root).decode("ascii") != match[3]:
                raise PeerFault("checkpoint: its root is not in its one base64 form")
            return cls(origin, int(match[2]), root)
        except (ValueError, binascii.Error):
            raise PeerFault("checkpoint: its size and root are those of no tree") from None


def seal(checkpoint: Checkpoint, signer: NoteSigner) -> str:
    """Give the checkpoint as a signed note.

    Raises:
        ValueError: the signer's name is not the origin.
    """
    if signer.name != str(checkpoint.origin):
        raise ValueError(f"checkpoint of {checkpoint.origin} cannot be signed as {signer.name}")
    return signer.sign(checkpoint.to_body())


def open(text: str | bytes, key: NoteKey) -> Checkpoint:  # noqa: A001 (read as `checkpoint.open`)
    """Verify a checkpoint of the ledger that the key is named after.

    Raises:
        PeerFault: not a checkpoint, not signed by the key, or of another origin.
    """
    checkpoint = Checkpoint.parse_body(open_note(text, (key,)).body)
    if str(checkpoint.origin) != key.name:
        raise PeerFault(f"checkpoint: of {checkpoint.origin}, expected {key.name}")
    return checkpoint


def open_of_member(text: str | bytes, member: MemberId, tree: Tree, keys: Iterable[MemberKey]) -> Checkpoint:
    """Verify a checkpoint of a member's ledger of that kind, whatever its serial, by the ledger keys listed for it.

    The serial is the caller's to compare with what it knows: a new one is a new ledger, shown for ever.

    Raises:
        ConfigFault: a listed key cannot be read.
        PeerFault: not a checkpoint, of another member or tree, signed by none of the keys, or twice under its name.
    """
    data = text.encode(errors="replace") if isinstance(text, str) else text
    # Until a signature verified, this line only says under which name the listed keys must have signed.
    claimed = Origin.parse(data.partition(b"\n")[0].decode("ascii", "replace"))
    if (claimed.member, claimed.tree) != (member, tree):
        raise PeerFault(f"checkpoint: of {claimed}, expected the {tree} ledger of {member}")
    named = [named for key in keys if (named := _note_key(str(claimed), key.public_der)) is not None]
    note = open_note(text, named)
    lines = data.rpartition(b"\n\n")[2].split(b"\n")
    if sum(line.startswith(f"— {claimed} ".encode()) for line in lines) != 1:
        raise PeerFault("checkpoint: bears two signatures under its ledger's name, expected one")
    return Checkpoint.parse_body(note.body)


@lru_cache(maxsize=1024)
def _note_key(name: str, der: bytes) -> NoteKey | None:
    """Load a listed ledger key once, as it signs notes of that name; None where it is of another kind."""
    key = public_key_from_der(der)
    return NoteKey(name, key) if isinstance(key, Ed25519PublicKey) else None
