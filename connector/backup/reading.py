"""Reading an archive that somebody handed over: every name is checked before anything of it touches the disk.

Plain files alone, each once, below the names that its part may have, none with a way out; whatever else stands there
refuses the whole archive. Files go into a directory that nobody else writes to.
"""

import os
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from connector.backup.parts import Part
from connector.backup.writing import CONFIG, FORM, MANIFEST
from connector.core.codes import Code
from connector.core.errors import FailedClosed
from connector.core.instant import Instant
from connector.crypto.envelope import Passphrase, RecipientKey, open_envelope, read_about
from connector.store.files import sync_directory
from connector.wire.json_strict import NotStrictJson, read_object

_PIECE: Final = 1024 * 1024
_MAX_MANIFEST: Final = 1024 * 1024
_NAME: Final = re.compile(r"[^/\0]{1,255}(/[^/\0]{1,255}){0,12}")
_BELOW: Final = {Part.DATA: ("state/",), Part.EPOCHS: ("epochs/",), Part.KEYS: ("files/", CONFIG)}

Opener = Passphrase | RecipientKey


@dataclass(frozen=True, slots=True)
class About:
    """What a backup file says of itself: which backup, of whom, taken when, and which part of it."""

    id: str
    member: str
    taken_at: Instant
    part: Part


def about_of(path: Path) -> About:
    """Read what a file says of itself, in clear: enough to name it, vouched for only once it was opened.

    Raises:
        FailedClosed: it is no backup, of another form, or cannot be read.
    """
    with _opened(path) as source:
        return _about(path, read_about(source))


def extract(path: Path, lock: Opener, part: Part, into: Path) -> tuple[About, dict[str, Any]]:
    """Put the files of one part below an empty directory, and give what it says of itself and its manifest.

    Raises:
        FailedClosed: another part, a wrong passphrase, altered or cut, a name that leads out, or no room.
    """
    with _opened(path) as source:
        about = _about(path, read_about(source))
        if about.part is not part:
            raise _refused(path, f"it holds the {about.part}, expected the {part}", "name the files in their places")
        source.seek(0)
        raw, pieces = open_envelope(source, lock)
        manifest: dict[str, Any] | None = None
        try:
            with tarfile.open(fileobj=cast("BinaryIO", _Stream(pieces)), mode="r|") as tar:
                for entry in tar:
                    content = tar.extractfile(entry) if entry.isreg() else None
                    if content is None or entry.sparse is not None or not _NAME.fullmatch(entry.name):
                        raise _refused(path, "it holds something that is no plain file", "it was not made by us")
                    if entry.name == MANIFEST and manifest is None:
                        manifest = _manifest(path, content.read(_MAX_MANIFEST), raw)
                        continue
                    _put(path, part, entry.name, cast("BinaryIO", content), into)
        except tarfile.TarError:
            raise _refused(path, "it is no archive inside", "take another copy of it") from None
        except OSError as error:
            raise _refused(path, f"its files cannot be written ({error.strerror})", "free the disk") from None
        for _ in pieces:  # the end is a chunk of its own: without it the file was cut
            pass
    if manifest is None:
        raise _refused(path, "it has no manifest", "take another copy of it")
    return about, manifest


class _Stream:
    """The pieces of an envelope as a file that is read from its beginning to its end."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._left = pieces, b""

    def read(self, size: int) -> bytes:
        found = [self._left]
        have = len(self._left)
        while have < size and (piece := next(self._pieces, b"")):
            found.append(piece)
            have += len(piece)
        data = b"".join(found)
        self._left = data[size:]
        return data[:size]


def _put(path: Path, part: Part, name: str, content: BinaryIO, into: Path) -> None:
    steps = name.split("/")
    if not name.startswith(_BELOW[part]) or ".." in steps or "." in steps:
        raise _refused(
            path, "a name in it leads out of its place", "it was not made by us: keep it for who looks into it"
        )
    target = into.joinpath(*steps)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as out:
        while data := content.read(_PIECE):
            out.write(data)
        out.flush()
        os.fsync(out.fileno())
    sync_directory(target.parent)


def _manifest(path: Path, text: bytes, raw: dict[str, Any]) -> dict[str, Any]:
    try:
        said = read_object(text)
        if said["about"] != raw or not isinstance(said["manifest"], dict):
            raise _refused(path, "its manifest says something else than its beginning", "take another copy of it")
    except (NotStrictJson, KeyError):
        raise _refused(path, "its manifest cannot be read", "take another copy of it") from None
    found: dict[str, Any] = said["manifest"]
    return found


def _about(path: Path, raw: dict[str, Any]) -> About:
    try:
        if raw["form"] != FORM:
            raise _refused(
                path, f"it is of form {raw['form']}, this version reads {FORM}", "restore it by a newer version"
            )
        return About(str(raw["id"]), str(raw["member"]), Instant(int(raw["taken_at"])), Part(raw["part"]))
    except (KeyError, ValueError, TypeError):
        raise _refused(path, "its beginning is damaged", "take another copy of it") from None


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise _refused(path, f"cannot be read ({error.strerror})", "name the file of the backup") from None


def _refused(path: Path, what: str, hint: str) -> FailedClosed:
    return FailedClosed(f"{path.name}: {what}", code=Code.STATE_UNAVAILABLE, hint=hint)
