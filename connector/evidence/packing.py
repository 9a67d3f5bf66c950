"""The directories that an export takes along: from the archive of the signed one, or the members files kept here.

What verifies them is imported when something is exported: `tuf` costs a daemon on a local list some megabytes.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from connector.core.directory import Member
from connector.core.errors import ConfigFault, FailedClosed
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.directory.members_file import read_members
from connector.evidence.collect import Packed
from connector.store.evidence import EvidenceStore

if TYPE_CHECKING:
    from connector.directory.archive import Archive

_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class ArchivedDirectories:
    """`evidence.collect.PackedDirectories` over the archive of a signed directory."""

    archive: "Archive"
    environment: Environment

    async def pack(self, versions: frozenset[str], at: Sequence[Instant]) -> Packed:
        """Give the versions named, those in force at the instants, and the newest.

        Raises:
            FailedClosed: `directory.unavailable`, what is archived is no longer what was signed.
        """
        return await asyncio.to_thread(self._pack, versions, at)

    def _pack(self, versions: frozenset[str], at: Sequence[Instant]) -> Packed:
        from connector.directory.refusal import DirectoryRefused  # noqa: PLC0415 - see above
        from connector.evidence.directories import pack, unpack  # noqa: PLC0415

        rows: list[dict[str, Any]] = []
        files: dict[str, bytes] = {}
        members: list[Mapping[MemberId, Member]] = []
        records = tuple(self.archive.accepted())
        for record in _wanted(records, versions, at, lambda r: (r.version, r.accepted_at)):
            anchor = self.archive.blob(record.roots[0]) or b""
            try:
                row, read = pack(self.archive.files(record), record, anchor, self.environment)
                members.append(unpack(row, read, anchor, self.environment).members)
            except DirectoryRefused as refused:
                raise FailedClosed(
                    f"directory archive: version {record.version} is not what was signed ({refused.refusal})",
                    hint="restore the archive below [state] directory from a backup",
                ) from None
            rows.append(row)
            files |= read
        return Packed(tuple(rows), files, tuple(members))


@dataclass(frozen=True, slots=True)
class KeptLists:
    """`evidence.collect.PackedDirectories` over the members files that were believed here."""

    store: EvidenceStore
    environment: Environment

    async def pack(self, versions: frozenset[str], at: Sequence[Instant]) -> Packed:
        """Give the versions named, those in force at the instants, and the newest."""
        kept = tuple(reversed(await self.store.lists()))
        rows: list[dict[str, Any]] = []
        members: list[Mapping[MemberId, Member]] = []
        for listed in _wanted(kept, versions, at, lambda k: (k.version, k.at)):
            try:
                found, _ = read_members(listed.content, self.environment, listed.version)
            except ConfigFault:
                continue  # of an older form: its reader brings it anyway
            members.append(found)
            rows.append(
                {
                    "version": listed.version,
                    "accepted_at": int(listed.at),
                    "members": listed.content.decode("utf-8", "replace"),
                }
            )
        return Packed(tuple(rows), {}, tuple(members))


def _wanted(newest_first: Sequence[_R], versions: frozenset[str], at: Iterable[Instant], of: Any) -> list[_R]:  # noqa: ANN401
    """Choose, and give the oldest first."""
    chosen = {id(newest_first[0]): newest_first[0]} if newest_first else {}
    for instant in at:
        found = next((record for record in newest_first if of(record)[1] <= instant), None)
        if found is not None:
            chosen[id(found)] = found
    chosen |= {id(record): record for record in newest_first if of(record)[0] in versions}
    return sorted(chosen.values(), key=lambda record: of(record)[1])
