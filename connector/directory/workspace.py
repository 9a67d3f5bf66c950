"""The operators' folder: what is published, what waits for signatures, what waits to be published.

    repository/   the published copy, served as it is by any web server
    pending/      root.json and targets.json that lack signatures, and the list they name: carried from key to key
    incoming/     roles that need no operator: members' entries, suspensions; taken at the next publication
    root.json     the newest root, to give to members and to compare by telephone

It is carried on a USB key or shared by any means: nothing in it is secret, and nothing in it is believed unsigned.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, Root, Targets, Timestamp

from connector.core.errors import FailedClosed, LocalRefused
from connector.directory import layout
from connector.directory.folder import alone, put_all, read, remove, unreadable
from connector.directory.keyring import label_of, require_own_ids
from connector.directory.memberships import Memberships, read_memberships
from connector.directory.metadata import Delegator, parse, signers_of
from connector.directory.refusal import DirectoryRefused, Refusal
from connector.directory.repository import DAMAGED, Repository, RoleFiles, load

_Pending = TypeVar("_Pending", Root, Targets)
_GIVE_UP: Final = "federation give-up throws it away; then prepare it again"


@dataclass(frozen=True, slots=True)
class Missing:
    """A pending document: who has signed it, who could, and how many are still needed, per set of keys that counts."""

    role: str
    version: int
    signed: tuple[str, ...]
    could_sign: tuple[str, ...]
    needed: int


class Workspace:
    """One federation's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repository: Final = folder / "repository"
        self.pending: Final = folder / "pending"
        self.incoming: Final = folder / "incoming"
        self._is_mine = False

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Be the only one that changes the folder: of two who sign or publish at once, one would undo the other.

        Raises:
            LocalRefused: another command is changing it.
            FailedClosed: `directory.unavailable`, the folder cannot be written.
        """
        if self._is_mine:
            yield
            return
        with alone(self.folder):
            self._is_mine = True
            try:
                yield
            finally:
                self._is_mine = False

    def published(self) -> Repository | None:
        """Give the published copy, or None before the first publication.

        Raises:
            LocalRefused: a file of it is missing or damaged: a federation is not founded anew over what is left of it.
            FailedClosed: `directory.unavailable`, a file of it cannot be read.
        """
        found = load(self.repository)
        if found is None and any(self.repository.glob("metadata/*.json")) and not self._is_founding():
            timestamp = self.repository / layout.metadata_file(Timestamp.type, None)
            raise LocalRefused(f"{timestamp}: is not there", hint=DAMAGED)
        return found

    def _is_founding(self) -> bool:
        """Whether the first publication is still to come, or was cut off before the file that puts it in force."""
        root = self.pending_root()
        return root is not None and root.signed.version == 1

    def needs_published(self) -> Repository:
        """Give the published copy.

        Raises:
            LocalRefused: nothing has been published.
        """
        found = self.published()
        if found is None:
            raise LocalRefused(f"{self.folder}: nothing has been published yet", hint="federation sign, then publish")
        return found

    def put_published(self, repository: Repository) -> None:
        """Put a copy in force that a reader would believe, with the root file; what older readers still ask for stays.

        Raises:
            FailedClosed: `directory.unavailable`, the disk refuses; readers still meet the version before.
        """
        files = {f"{self.repository.name}/{path}": data for path, data in repository.files().items()}
        put_all(self.folder, {"root.json": repository.roots[-1], **files})

    # ------------------------------------------------------------ pending documents

    def pending_bytes(self, role: str) -> bytes | None:
        """Give the file of a pending document, or None where it is not pending.

        Raises:
            FailedClosed: `directory.unavailable`, it cannot be read.
        """
        return read(self.pending / f"{role}.json")

    def pending_root(self) -> Metadata[Root] | None:
        """Give the root that waits for signatures.

        Raises:
            LocalRefused: a key in it stands under the id of another.
        """
        data = self.pending_bytes(Root.type)
        if data is None:
            return None
        root = _parsed(Root, data, "pending root")
        require_own_ids(root.signed.keys, "pending root")
        return root

    def pending_targets(self) -> Metadata[Targets] | None:
        """Give the targets that wait for signatures.

        Raises:
            LocalRefused: a key in it stands under the id of another.
        """
        data = self.pending_bytes(Targets.type)
        if data is None:
            return None
        targets = _parsed(Targets, data, "pending targets")
        require_own_ids(targets.signed.delegations.keys if targets.signed.delegations else {}, "pending targets")
        return targets

    def pending_list(self) -> Memberships | None:
        """Give the list that the pending targets name.

        Raises:
            DirectoryRefused: `tampered`, it is not the list that they name.
        """
        targets = self.pending_targets()
        if targets is None:
            return None
        return read_memberships(self.pending_list_bytes(targets))

    def pending_list_bytes(self, targets: Metadata[Targets]) -> bytes:
        """Give the file of that list."""
        data = read(self.pending / layout.MEMBERSHIPS) or b""
        try:
            targets.signed.targets[layout.MEMBERSHIPS].verify_length_and_hashes(data)
        except Exception:  # noqa: BLE001 - a file carried around may be anything
            raise DirectoryRefused(
                Refusal.TAMPERED, "pending memberships.json is not what the pending targets name", hint=_GIVE_UP
            ) from None
        return data

    def put_pending(
        self,
        *documents: Metadata[Root] | Metadata[Targets],
        memberships: bytes | None = None,
        incoming: Mapping[str, RoleFiles] | None = None,
    ) -> None:
        """Write documents to be signed, and what is to be published with them: all of it or nothing.

        Raises:
            FailedClosed: `directory.unavailable`, the disk refuses.
        """
        files = {path: data for role, each in (incoming or {}).items() for path, data in _incoming(role, each).items()}
        if memberships is not None:
            files[f"{self.pending.name}/{layout.MEMBERSHIPS}"] = memberships
        files |= {f"{self.pending.name}/{document.signed.type}.json": document.to_bytes() for document in documents}
        put_all(self.folder, files)

    def drop_pending(self, role: str | None = None) -> None:
        """Take documents away once they are published, or when their maker gives them up.

        Raises:
            FailedClosed: `directory.unavailable`, the disk refuses.
        """
        for each in (Root.type, Targets.type) if role is None else (role,):
            remove(self.pending / f"{each}.json")
            if each == Targets.type:
                remove(self.pending / layout.MEMBERSHIPS)

    def drop_overtaken(self, published: Repository) -> None:
        """Take away the documents whose version, or a later one, is published by now."""
        for document, version in (
            (self.pending_root(), published.root.version),
            (self.pending_targets(), published.targets_signed.version),
        ):
            if document is not None and document.signed.version <= version:
                self.drop_pending(document.signed.type)

    def missing(self) -> list[Missing]:
        """Say of each pending document which signatures it has and which it lacks."""
        published = self.published()
        found = []
        root = self.pending_root()
        if root is not None:
            found += [
                _missing(delegator, root) for delegator in _root_delegators(root, published.root if published else None)
            ]
        targets = self.pending_targets()
        delegator = root.signed if root is not None else (published.root if published else None)
        if targets is not None and delegator is not None:
            found.append(_missing(delegator, targets))
        return found

    def sign(self, signers: list[CryptoSigner]) -> list[str]:
        """Add the signatures that these keys can give; name the documents that were signed.

        Raises:
            LocalRefused: none of the keys is asked for by any pending document, or another command changes the folder.
            FailedClosed: `directory.unavailable`, the disk refuses; the signatures before are there still.
        """
        with self.changing():
            return self._sign_pending(signers)

    def _sign_pending(self, signers: list[CryptoSigner]) -> list[str]:
        published = self.published()
        root, targets = self.pending_root(), self.pending_targets()
        done = []
        if root is not None:
            wanted = {
                keyid
                for delegator in _root_delegators(root, published.root if published else None)
                for keyid in delegator.get_delegated_role(Root.type).keyids
            }
            done += self._sign(root, wanted, signers)
        delegator = root.signed if root is not None else (published.root if published else None)
        if targets is not None and delegator is not None:
            self.pending_list_bytes(targets)
            done += self._sign(targets, set(delegator.get_delegated_role(Targets.type).keyids), signers)
        if not done:
            what = (
                "nothing is pending" if root is None and targets is None else "no pending document asks for these keys"
            )
            raise LocalRefused(f"sign: {what}", hint="federation duty says who must sign what")
        return done

    def _sign(
        self, metadata: Metadata[Root] | Metadata[Targets], wanted: set[str], signers: list[CryptoSigner]
    ) -> list[str]:
        mine = [signer for signer in signers if signer.public_key.keyid in wanted]
        for signer in mine:
            metadata.sign(signer, append=True)
        if mine:
            self.put_pending(metadata)
        return [f"{metadata.signed.type} {metadata.signed.version}" for _ in mine[:1]]

    # ------------------------------------------------------------ incoming roles

    def put_incoming(self, role: str, files: RoleFiles) -> None:
        """Leave a delegated role for the next publication.

        Raises:
            FailedClosed: `directory.unavailable`, the disk refuses.
        """
        put_all(self.folder, _incoming(role, files))

    def incoming_roles(self) -> Iterator[tuple[str, RoleFiles]]:
        """Give the roles that wait, whoever left them there; what cannot be read is told by `incoming_faults`."""
        for name, found in self._incoming():
            if isinstance(found, RoleFiles):
                yield name, found

    def incoming_faults(self) -> Iterator[str]:
        """Say of each role that waits and cannot be read why not: it stops no other, and is not passed over unsaid."""
        for name, found in self._incoming():
            if isinstance(found, str):
                yield f"{name}: {found}"

    def _incoming(self) -> Iterator[tuple[str, RoleFiles | str]]:
        try:
            files = sorted(path for path in self.incoming.iterdir() if path.match("[!.]*.json"))
        except FileNotFoundError:
            return
        except OSError as error:
            yield self.incoming.name, unreadable(self.incoming, error).message
            return
        for path in files:
            yield path.stem, _role_of(path)

    def drop_incoming(self, role: str) -> None:
        """Take a role away once it is published."""
        for suffix in ("json", "target"):
            remove(self.incoming / f"{role}.{suffix}")


def _parsed(kind: type[_Pending], data: bytes, what: str) -> Metadata[_Pending]:
    try:
        return parse(kind, data, what)
    except DirectoryRefused as error:
        raise DirectoryRefused(error.refusal, error.what, hint=_GIVE_UP) from None


def _role_of(path: Path) -> RoleFiles | str:
    try:
        role, target = read(path), read(path.with_suffix(".target"))
        if role is None or target is None:
            return "one of its two files is not there"
        signed = parse(Targets, role, path.stem).signed
    except DirectoryRefused as error:
        return error.what
    except FailedClosed as error:
        return error.message
    return RoleFiles(signed.version, role, next(iter(signed.targets), ""), target)


def _incoming(role: str, files: RoleFiles) -> dict[str, bytes]:
    return {f"incoming/{role}.target": files.target, f"incoming/{role}.json": files.role}


def _root_delegators(root: Metadata[Root], published: Root | None) -> list[Root]:
    """A new root is signed under its own keys and under those of the root before (TUF specification 5.3.4)."""
    return [root.signed] if published is None else [published, root.signed]


def _missing(delegator: Delegator, metadata: Metadata[_Pending]) -> Missing:
    role = metadata.signed.type
    signed, threshold = signers_of(delegator, role, metadata)
    keys = {keyid: delegator.get_key(keyid) for keyid in delegator.get_delegated_role(role).keyids}
    return Missing(
        role,
        metadata.signed.version,
        tuple(sorted(label_of(key) for key in signed.values())),
        tuple(sorted(label_of(key) for keyid, key in keys.items() if keyid not in signed)),
        max(0, threshold - len(signed)),
    )
