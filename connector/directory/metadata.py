"""TUF metadata as values: reading it, and asking whether enough of the right keys signed it.

A thin layer over `tuf.api.metadata` that turns every fault into `DirectoryRefused`, and holds what our federation asks
beyond TUF: few kinds of keys, no key twice under two ids, hashes for every file. The order of the steps is `verify`'s.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final, TypeVar, cast

from securesystemslib.signer import Key
from tuf.api.exceptions import LengthOrHashMismatchError, RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from connector.core.instant import Instant, rfc3339
from connector.directory.layout import MAX_VERSION
from connector.directory.refusal import DirectoryRefused, Refusal

Delegator = Root | Targets
_Signed = TypeVar("_Signed", Root, Timestamp, Snapshot, Targets)

SCHEMES: Final = frozenset({"ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "rsassa-pss-sha256"})
"""Signature schemes believed: those that `crypto.keys` makes, and the curve between them."""


def parse(kind: type[_Signed], data: bytes, what: str) -> Metadata[_Signed]:
    """Read metadata of one kind.

    Raises:
        DirectoryRefused: `malformed`.
    """
    try:
        found = cast("Metadata[_Signed]", Metadata.from_bytes(data))
        signed_bytes = found.signed_bytes
    except RepositoryError:
        # `from None`: the original repeats what it read.
        raise DirectoryRefused(Refusal.MALFORMED, f"{what}: no TUF metadata") from None
    if not isinstance(found.signed, kind) or not signed_bytes:
        raise DirectoryRefused(Refusal.MALFORMED, f"{what}: got metadata of another kind, expected {kind.type}")
    if found.signed.version > MAX_VERSION:
        raise DirectoryRefused(Refusal.MALFORMED, f"{what}: its version is beyond {MAX_VERSION}")
    return found


def signers_of(delegator: Delegator, role: str, metadata: Metadata[_Signed]) -> tuple[dict[str, Key], int]:
    """Give the keys of the role that signed, by id, and how many are needed.

    Raises:
        DirectoryRefused: `delegation`, when the role is not delegated or its keys are not distinct and of known kinds.
    """
    try:
        listed = delegator.get_delegated_role(role)
        keys = [delegator.get_key(keyid) for keyid in listed.keyids]
        result = delegator.get_verification_result(role, metadata.signed_bytes, metadata.signatures)
    except ValueError:
        raise DirectoryRefused(
            Refusal.DELEGATION, f"{role}: is not delegated, or names a key that is not there"
        ) from None
    if len({key.keyval.get("public") for key in keys}) != len(keys) or any(key.scheme not in SCHEMES for key in keys):
        raise DirectoryRefused(
            Refusal.DELEGATION,
            f"{role}: a key stands twice, or is of a kind that is not used",
            hint="see federation show",
        )
    return dict(result.signed), result.threshold


def public_value(delegator: Delegator, keyid: str) -> str:
    """Give the public half of a key that the delegator lists, by which two ids of one key are known.

    Raises:
        DirectoryRefused: `delegation`, no such key is listed.
    """
    try:
        return str(delegator.get_key(keyid).keyval.get("public"))
    except ValueError:
        raise DirectoryRefused(Refusal.DELEGATION, f"key {keyid[:16]}: is named and not listed") from None


def require_signed(
    delegator: Delegator, role: str, metadata: Metadata[_Signed], refusal: Refusal = Refusal.SIGNATURES
) -> None:
    """Ask for the threshold of the role's keys.

    Raises:
        DirectoryRefused: `signatures`, or the refusal given; `delegation`.
    """
    signed, threshold = signers_of(delegator, role, metadata)
    if len(signed) < threshold:
        raise DirectoryRefused(refusal, f"{role}: signed by {len(signed)} of its keys, expected {threshold}")


def require_match(expected: MetaFile | TargetFile, data: bytes, what: str) -> None:
    """Ask that the bytes are those that the signed metadata names by hash.

    Raises:
        DirectoryRefused: `tampered`; `malformed` when no SHA-256 is named.
    """
    if "sha256" not in (expected.hashes or {}):
        raise DirectoryRefused(Refusal.MALFORMED, f"{what}: the metadata above it names no SHA-256")
    try:
        expected.verify_length_and_hashes(data)
    except LengthOrHashMismatchError:
        raise DirectoryRefused(Refusal.TAMPERED, f"{what}: is not the file that was signed") from None


def hash_of(expected: MetaFile | TargetFile, what: str) -> str:
    """Give the SHA-256 that the metadata names, in hex.

    Raises:
        DirectoryRefused: `malformed`, none is named.
    """
    digest = (expected.hashes or {}).get("sha256")
    if digest is None:
        raise DirectoryRefused(Refusal.MALFORMED, f"{what}: the metadata above it names no SHA-256")
    return digest


def expires_at(signed: Root | Timestamp | Snapshot | Targets) -> Instant:
    """Give the end of a role's validity."""
    return Instant(int(signed.expires.timestamp()))


def require_fresh(signed: Root | Timestamp | Snapshot | Targets, what: str, at: Instant) -> None:
    """Ask that a role has not ended.

    Raises:
        DirectoryRefused: `expired`.
    """
    if at >= expires_at(signed):
        raise DirectoryRefused(
            Refusal.EXPIRED, f"{what} version {signed.version}: expired at {rfc3339(expires_at(signed))}"
        )


def file_of(data: bytes) -> str:
    """Give the SHA-256 of a file in hex, the name under which it is kept."""
    return sha256(data).hexdigest()


def meta_versions(snapshot: Snapshot) -> Mapping[str, int]:
    """Give the version of each role that a snapshot fixes."""
    return {name.removesuffix(".json"): meta.version for name, meta in snapshot.meta.items()}
