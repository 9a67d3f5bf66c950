"""Joining in one file: the join request that a new member signs, and the entry that a member signs ever after.

A request carries the member's entry, its role over that entry, and the public half of the key that signed both: the
operators delegate the role to that key, and nothing else of the request needs them again. The key of the entry is a
key of its own, not the one that signs mandates, so that whoever steals the latter cannot rewrite the entry.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from securesystemslib.signer import CryptoSigner, Key
from tuf.api.metadata import Targets

from connector.core.directory import Member
from connector.core.errors import LocalRefused
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.core.ports import Signer
from connector.crypto.keys import PrivateKey
from connector.directory import layout
from connector.directory.entry import Entry, read_entry, seal_entry
from connector.directory.keyring import key_of, label_of, public_key
from connector.directory.metadata import expires_at, file_of, parse
from connector.directory.refusal import DirectoryRefused
from connector.directory.repository import RoleFiles, delegated_role, instant_end
from connector.wire import b64
from connector.wire.json_strict import NotStrictJson, read_object

REQUEST_VERSION: Final = 1
MAX_REQUEST: Final = 262_144
_FIELDS: Final = frozenset({"v", "kind", "environment", "key", "entry", "role"})
_KIND: Final = "spsti-join-request"


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """A request whose signatures were checked."""

    environment: Environment
    entry: Entry
    key: Key
    files: RoleFiles

    @property
    def fingerprint(self) -> str:
        """What the operator and the new member compare by telephone: the beginning of the key's id, in groups."""
        digest = self.key.keyid[:32]
        return " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))


def entry_key_label(member: MemberId) -> str:
    """Give the label of a member's entry key."""
    return f"member-{member.value.lower()}"


def sign_entry(
    member: Member,
    signers: Mapping[str, Signer],
    entry_key: PrivateKey,
    environment: Environment,
    *,
    version: int,
    now: Instant,
    kept: Mapping[str, bytes] | None = None,
) -> RoleFiles:
    """Sign a member's entry as its next version.

    Args:
        member: what to publish.
        signers: the listed keys by kid, each of which proves itself.
        entry_key: the key that the operators delegated the entry to (Ed25519, P-256 or RSA).
        environment: production refuses wrong check digits and endpoints on loopback.
        version: one more than the version published last.
        now: when it is signed.
        kept: the proofs of the entry before, for keys that can no longer sign.

    Raises:
        LocalRefused: the entry breaks a rule.
    """
    data = seal_entry(member, signers, environment, kept)
    ends_at = instant_end(now, layout.MEMBER_LIFE)
    return delegated_role(layout.entry_path(member.id), data, version, ends_at, CryptoSigner(entry_key))


def make_request(
    member: Member,
    signers: Mapping[str, Signer],
    entry_key: PrivateKey,
    environment: Environment,
    now: Instant,
) -> bytes:
    """Give the file with which a service asks to join.

    Raises:
        LocalRefused: its entry breaks a rule; all faults are in the message.
    """
    files = sign_entry(member, signers, entry_key, environment, version=1, now=now)
    key = public_key(entry_key, entry_key_label(member.id))
    request = {
        "v": REQUEST_VERSION,
        "kind": _KIND,
        "environment": environment.value,
        "key": {"keyid": key.keyid} | key.to_dict(),
        "entry": b64.encode(files.target),
        "role": b64.encode(files.role),
    }
    return (json.dumps(request, indent=1, sort_keys=True) + "\n").encode()


def read_request(data: bytes, now: Instant) -> JoinRequest:
    """Read a join request, and check that the key in it signed what it asks for.

    Raises:
        LocalRefused: it is none, was altered, or its entry breaks a rule.
    """
    row = _row(data)
    try:
        environment = Environment(row["environment"])
        target, role = b64.decode(row["entry"]), b64.decode(row["role"])
        key = key_of(row["key"], "join request: key")
        entry = read_entry(target, environment, strict=True)
        member = entry.member.id
        metadata = parse(Targets, role, "join request")
        key.verify_signature(metadata.signatures[key.keyid], metadata.signed_bytes)
    except LocalRefused:
        raise
    except DirectoryRefused as error:
        raise LocalRefused(f"join request: {error.what}", hint="make it again with federation join-request") from None
    except Exception:  # noqa: BLE001 - the file comes from outside, and the library raises many kinds
        raise LocalRefused("join request: was altered, or is none", hint="ask for it again") from None
    signed, path = metadata.signed, layout.entry_path(member)
    named = signed.targets.get(path)
    if signed.targets.keys() != {path} or named is None or named.hashes != {"sha256": file_of(target)}:
        raise LocalRefused("join request: its signature is over another entry", hint="ask for it again")
    if named.length != len(target) or len(role) > layout.MAX_MEMBER_ROLE:
        raise LocalRefused("join request: is not as a connector makes it", hint="make it again")
    if signed.delegations is not None or now >= expires_at(signed):
        raise LocalRefused("join request: has expired, or delegates", hint="make it again")
    if label_of(key) != entry_key_label(member):
        raise LocalRefused("join request: its key is labelled for another member", hint="make it again")
    return JoinRequest(environment, entry, key, RoleFiles(signed.version, role, path, target))


def _row(data: bytes) -> dict[str, Any]:
    if len(data) > MAX_REQUEST:
        raise LocalRefused(f"join request: has {len(data)} bytes, expected at most {MAX_REQUEST}")
    try:
        row = read_object(data)
    except NotStrictJson as error:
        raise LocalRefused(f"join request: {error}") from None
    if row.get("kind") != _KIND or row.get("v") != REQUEST_VERSION or row.keys() != _FIELDS:
        raise LocalRefused("join request: expected version 1 and its fields, no other", hint="compare the versions")
    return row
