"""What files have in common that a member seals for others to read: a format, a version, parts named by their hash.

What is in the parts, and what a seal is worth, is said by `evidence.form` and `evidence.acceptance`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from connector.core.canonical import canonical
from connector.core.errors import LocalRefused
from connector.wire import b64
from connector.wire.json_strict import NotStrictJson, read_object


@dataclass(frozen=True, slots=True)
class FileKind:
    """One kind of file: what people call it, which command makes it, and its bounds."""

    name: str
    made_by: str
    format: str
    version: int
    max_bytes: int

    def write(self, parts: Mapping[str, object]) -> bytes:
        """Give the file with these parts."""
        whole = {"format": self.format, "v": self.version, **parts}
        return json.dumps(whole, ensure_ascii=False, indent=1).encode() + b"\n"

    def read(self, data: bytes) -> dict[str, Any]:
        """Give the parts of a file of this kind, whatever they are.

        Raises:
            LocalRefused: `local.malformed`, it is another kind of file, or one of a later version.
        """
        if len(data) > self.max_bytes:
            raise self.malformed(f"got {len(data)} bytes, expected at most {self.max_bytes}")
        try:
            whole = read_object(data)
        except NotStrictJson as fault:
            raise self.malformed(str(fault)) from None
        if whole.pop("format", None) != self.format:
            raise self.malformed(f"got another kind of file, expected one made by `{self.made_by}`")
        if whole.pop("v", None) != self.version:
            raise self.malformed(f"got another version, expected {self.version}", "use a newer version of this program")
        return whole

    def malformed(self, what: str, hint: str = "ask for the file again, as it was written") -> LocalRefused:
        """Give the error of a file that is not of this kind's form."""
        return LocalRefused(f"{self.name}: {what}", hint=hint)


def part_sha256(part: object) -> str:
    """Give the SHA-256 of a part's canonical JSON, base64url: what is sealed.

    Raises:
        NotCanonical: it holds what has no canonical form.
    """
    return b64.encode(sha256(canonical(part)).digest())
