"""Looks for identities where none may stand: logs, metrics, and whatever a daemon keeps on disk.

A name or an INS is looked for as text in UTF-8 and UTF-16, in hex, and in base64 at each of its three alignments, since
tokens carry JSON so. Letters and digits beside a hit would make it part of something else, and short words are looked
for in the quotes of JSON only: sealed rows are random bytes, in which four letters do occur.
"""

import base64
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spsti_sandbox.cast import CastMember
from spsti_sandbox.service import Service

_SHORT: Final = 6
_WORD: Final = frozenset((string.ascii_letters + string.digits).encode())
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")


@dataclass(frozen=True, slots=True)
class Leak:
    """Something personal in clear: where, and what of whom, by the key of the cast."""

    where: str
    what: str


class Needles:
    """What is looked for: matricules, names and birth dates of these members of the cast, as every service has them."""

    def __init__(self, members: Iterable[CastMember]) -> None:
        self._plain: dict[bytes, str] = {}
        self._coded: dict[bytes, str] = {}
        for member in members:
            for what, text in _texts(member):
                for found, forms in ((self._plain, _plain(text)), (self._coded, _coded(text))):
                    for form in forms:
                        found.setdefault(form, f"{what} of {member.key}")

    def find(self, where: str, content: bytes) -> list[Leak]:
        """Give what stands in some bytes, each kind once."""
        # One search a word is ten times as fast as one pattern of them all.
        found = {what for word, what in self._coded.items() if word in content}
        found |= {what for word, what in self._plain.items() if _stands_alone(word, content)}
        return [Leak(where, what) for what in sorted(found)]


def kept_files(service: Service) -> Iterator[Path]:
    """Give all that a daemon wrote: its log, and its whole state with database, vault and epoch keys."""
    yield service.log
    yield from (path for path in sorted((service.folder / "state").rglob("*")) if path.is_file())


def find_in_files(needles: Needles, files: Iterable[Path]) -> tuple[list[Leak], int, int]:
    """Search files; give the leaks, the number of files and of bytes that were read."""
    leaks: list[Leak] = []
    count = size = 0
    for path in files:
        try:
            content = path.read_bytes()
        except FileNotFoundError:  # a journal of SQLite that was just checkpointed away
            continue
        leaks += needles.find(str(path), content)
        leaks += [Leak(str(path), f"{leak.what}, in its name") for leak in needles.find("", path.name.encode())]
        count, size = count + 1, size + len(content)
    return leaks, count, size


def _texts(member: CastMember) -> Iterator[tuple[str, str]]:
    identities = [(member.asked.ins, member.asked.traits)]
    identities += [(ins, file.traits) for file in member.files.values() for ins in (file.ins, *file.former) if ins]
    for ins, traits in identities:
        written = traits.to_json()
        yield "INS", ins.matricule.value
        yield "INS without its key", ins.matricule.value[:13]
        yield "given names", written["birth_given_names"]
        yield "birth date", written["birth_date"]
        name = written["birth_name"]
        yield "birth name", name if len(name) >= _SHORT else f'"{name}"'


def _plain(text: str) -> Iterator[bytes]:
    yield text.encode()
    if not text.startswith('"'):
        yield text.title().encode()


def _coded(text: str) -> Iterator[bytes]:
    """Give what a text looks like inside longer runs of letters, where nothing beside it sets it apart."""
    plain = text.encode()
    yield text.encode("utf-16-le")
    yield plain.hex().encode()
    for shift in range(3):
        # Of both ends, the characters that also depend on the bytes beside are left out.
        padded = base64.b64encode(bytes(shift) + plain)
        form = padded[(0, 2, 3)[shift] : len(padded) - (0, 3, 2)[(shift + len(plain)) % 3]]
        if len(form) >= _SHORT:
            yield form
            yield form.translate(_URL_SAFE)


def _stands_alone(word: bytes, content: bytes) -> bool:
    begin = content.find(word)
    while begin >= 0:
        beside = content[max(begin - 1, 0) : begin] + content[begin + len(word) : begin + len(word) + 1]
        if not any(byte in _WORD for byte in beside):
            return True
        begin = content.find(word, begin + 1)
    return False
