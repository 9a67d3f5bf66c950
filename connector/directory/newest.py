"""A member's own newest entry, as it offered it or as the directory last had it: what the next version follows.

Read from this machine's own archive to number and prove the next version; nothing is decided on it, so signatures are
not asked for here.
"""

from tuf.api.metadata import Snapshot, Targets, Timestamp

from connector.core.members import MemberId
from connector.directory import layout
from connector.directory.archive import Archive
from connector.directory.metadata import hash_of, parse
from connector.directory.refusal import DirectoryRefused
from connector.directory.repository import RoleFiles


def newest_entry(archive: Archive, member: MemberId) -> RoleFiles | None:
    """Give a member's last signed version, or None where this machine has none.

    Raises:
        FailedClosed: the archive's disk refuses.
    """
    found = [files for files in (_offered(archive, member), _published(archive, member)) if files is not None]
    return max(found, key=lambda files: files.version, default=None)


def _offered(archive: Archive, member: MemberId) -> RoleFiles | None:
    role, entry = archive.read(layout.own_role_file(member)), archive.read(layout.own_entry_file(member))
    return _files(member, role, entry)


def _published(archive: Archive, member: MemberId) -> RoleFiles | None:
    record = next(archive.accepted(), None)
    timestamp = archive.blob(record.timestamp) if record else None
    if timestamp is None:
        return None
    name = layout.member_role(member)
    try:
        meta = parse(Timestamp, timestamp, Timestamp.type).signed.snapshot_meta
        snapshot = archive.blob(hash_of(meta, Snapshot.type))
        metas = parse(Snapshot, snapshot, Snapshot.type).signed.meta if snapshot is not None else {}
        if f"{name}.json" not in metas:
            return None
        role = archive.blob(hash_of(metas[f"{name}.json"], name))
        file = parse(Targets, role or b"", name).signed.targets[layout.entry_path(member)]
        return _files(member, role, archive.blob(hash_of(file, name)))
    except (DirectoryRefused, KeyError):
        return None


def _files(member: MemberId, role: bytes | None, entry: bytes | None) -> RoleFiles | None:
    if role is None or entry is None:
        return None
    try:
        version = parse(Targets, role, layout.member_role(member)).signed.version
    except DirectoryRefused:
        return None
    return RoleFiles(version, role, layout.entry_path(member), entry)
