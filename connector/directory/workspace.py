"""The operators' folder: what is published, what waits for signatures, what waits to be published.

    repository/   the published copy, served as it is by any web server
    pending/      root.json and targets.json that lack signatures, and the list they name: carried from key to key
    incoming/     roles that need no operator: members' entries, suspensions; taken at the next publication
    root.json     the newest root, to give to members and to compare by telephone

It is carried on a USB key or shared by any means: nothing in it is secret, and nothing in it is believed unsigned.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, Root, Targets

from connector.core.errors import LocalRefused
from connector.directory import layout
from connector.directory.keyring import label_of, require_own_ids
from connector.directory.memberships import Memberships, read_memberships
from connector.directory.metadata import Delegator, parse, signers_of
from connector.directory.refusal import DirectoryRefused, Refusal
from connector.directory.repository import Repository, RoleFiles, load

_Pending = TypeVar("_Pending", Root, Targets)


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

    def published(self) -> Repository | None:
        """Give the published copy, or None before the first publication."""
        return load(self.repository)

    def needs_published(self) -> Repository:
        """Give the published copy.

        Raises:
            LocalRefused: nothing has been published.
        """
        found = self.published()
        if found is None:
            raise LocalRefused(f"{self.folder}: nothing has been published yet", hint="federation sign, then publish")
        return found

    # ------------------------------------------------------------ pending documents

    def pending_root(self) -> Metadata[Root] | None:
        """Give the root that waits for signatures.

        Raises:
            LocalRefused: a key in it stands under the id of another.
        """
        path = self.pending / "root.json"
        if not path.exists():
            return None
        root = parse(Root, path.read_bytes(), "pending root")
        require_own_ids(root.signed.keys, "pending root")
        return root

    def pending_targets(self) -> Metadata[Targets] | None:
        """Give the targets that wait for signatures.

        Raises:
            LocalRefused: a key in it stands under the id of another.
        """
        path = self.pending / "targets.json"
        if not path.exists():
            return None
        targets = parse(Targets, path.read_bytes(), "pending targets")
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
        data = (self.pending / layout.MEMBERSHIPS).read_bytes()
        try:
            targets.signed.targets[layout.MEMBERSHIPS].verify_length_and_hashes(data)
        except Exception:  # noqa: BLE001 - a file carried around may be anything
            raise DirectoryRefused(
                Refusal.TAMPERED, "pending memberships.json is not what the pending targets name", hint="start it again"
            ) from None
        return data

    def put_pending(self, metadata: Metadata[Root] | Metadata[Targets], memberships: bytes | None = None) -> None:
        """Write a document to be signed."""
        self.pending.mkdir(parents=True, exist_ok=True)
        if memberships is not None:
            (self.pending / layout.MEMBERSHIPS).write_bytes(memberships)
        (self.pending / f"{metadata.signed.type}.json").write_bytes(metadata.to_bytes())

    def drop_pending(self, role: str | None = None) -> None:
        """Take documents away once they are published, or when their maker gives them up."""
        if role is None:
            shutil.rmtree(self.pending, ignore_errors=True)
            return
        (self.pending / f"{role}.json").unlink(missing_ok=True)
        if role == Targets.type:
            (self.pending / layout.MEMBERSHIPS).unlink(missing_ok=True)

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
            LocalRefused: none of the keys is asked for by any pending document.
        """
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
        """Leave a delegated role for the next publication."""
        self.incoming.mkdir(parents=True, exist_ok=True)
        (self.incoming / f"{role}.target").write_bytes(files.target)
        (self.incoming / f"{role}.json").write_bytes(files.role)

    def incoming_roles(self) -> Iterator[tuple[str, RoleFiles]]:
        """Give the roles that wait, whoever left them there."""
        for path in sorted(self.incoming.glob("*.json")) if self.incoming.exists() else ():
            target = path.with_suffix(".target")
            try:
                signed = parse(Targets, path.read_bytes(), path.stem).signed
                yield (
                    path.stem,
                    RoleFiles(signed.version, path.read_bytes(), next(iter(signed.targets), ""), target.read_bytes()),
                )
            except (DirectoryRefused, OSError):
                continue

    def drop_incoming(self, role: str) -> None:
        """Take a role away once it is published."""
        for suffix in ("json", "target"):
            (self.incoming / f"{role}.{suffix}").unlink(missing_ok=True)


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
