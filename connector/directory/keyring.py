"""The keys of operators, publishers and members' entries: made, kept on a USB key, and read to sign.

A private key is one PEM file, encrypted under a password, named `<label>.key`; beside it `<label>.pub.json` is the half
that others receive. The label names an organisation or a function (`presanse-2`), never a person: it is signed into the
metadata, so that everybody sees who must sign.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from securesystemslib.signer import CryptoSigner, Key, SSlibKey

from connector.core.errors import ConfigFault, LocalRefused
from connector.crypto.keys import PrivateKey, SigningAlgorithm, generate, load_private_key, to_pem
from connector.directory.layout import OPERATOR_FIELD, is_operator

_PRIVATE: Final = ".key"
_PUBLIC: Final = ".pub.json"


def make_key(folder: Path, label: str, password: bytes) -> Path:
    """Make an Ed25519 key in a folder; give the file of its public half.

    Raises:
        LocalRefused: the label is no name of a function, the password is short, or the key is there already.
    """
    if not is_operator(label):
        raise LocalRefused("label: expected lower-case letters, digits and dashes, such as presanse-2")
    require_long(password)
    key = generate(SigningAlgorithm.ED25519)
    private, public = folder / f"{label}{_PRIVATE}", folder / f"{label}{_PUBLIC}"
    write_new(private, to_pem(key, password))
    try:
        write_new(public, public_json(public_key(key, label)))
    except BaseException:
        private.unlink(missing_ok=True)  # nobody has its other half: the next attempt makes another
        raise
    return public


def require_long(password: bytes) -> None:
    """Ask that the password of a new key is long enough: the file may be stolen with the USB key.

    Raises:
        LocalRefused: it is shorter than 12 characters.
    """
    if len(password) < 12:
        raise LocalRefused("password: expected at least 12 characters", hint="a sentence is easy to remember")


def write_new(path: Path, data: bytes) -> None:
    """Write a file that only its owner reads; one that exists is never overwritten, and none is left half written.

    Raises:
        LocalRefused: it exists, or the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise _taken(path) from None
    except OSError as error:
        raise _unwritten(path, error) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _unwritten(path, error) from None
        raise


def _taken(path: Path) -> LocalRefused:
    return LocalRefused(f"{path}: is there already", hint="nothing is overwritten: choose another name")


def _unwritten(path: Path, error: OSError) -> LocalRefused:
    hint = "make room there, or give access, then try again"
    return LocalRefused(f"{path}: cannot be written ({error.strerror})", hint=hint)


def public_key(key: PrivateKey, label: str) -> Key:
    """Give the public half as TUF lists it, with its label."""
    found = SSlibKey.from_crypto(key.public_key())
    found.unrecognized_fields[OPERATOR_FIELD] = label
    return found


def public_json(key: Key) -> bytes:
    """Give the file of a public key."""
    return (json.dumps({"keyid": key.keyid} | key.to_dict(), indent=1, sort_keys=True) + "\n").encode()


def read_public(path: Path) -> Key:
    """Read the file of a public key.

    Raises:
        LocalRefused: it is none, or its id is not that of its key.
    """
    try:
        return key_of(json.loads(path.read_bytes()), path.name)
    except OSError as error:
        raise LocalRefused(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise LocalRefused(f"{path}: is no public key", hint=f"expected a file *{_PUBLIC}") from None


def key_of(row: Any, where: str) -> Key:  # noqa: ANN401 - parsed JSON
    """Give the key of a parsed public file.

    Raises:
        LocalRefused: its form is wrong, its id is not that of its key, or it has no label.
    """
    try:
        fields = dict(row)
        key = Key.from_dict(fields.pop("keyid"), fields)
        expected = SSlibKey.from_crypto(key._crypto_key()).keyid if isinstance(key, SSlibKey) else ""  # noqa: SLF001
    except Exception:  # noqa: BLE001 - securesystemslib raises many kinds, and what was handed over may be anything
        raise LocalRefused(f"{where}: is no public key") from None
    if key.keyid != expected:
        raise LocalRefused(
            f"{where}: its keyid is not that of its key", hint="make the file again with its private key"
        )
    if not is_operator(label_of(key)):
        raise LocalRefused(f"{where}: has no label of a function", hint="make the key again with federation key")
    return key


def require_own_ids(keys: Mapping[str, Key], where: str) -> None:
    """Ask that each key stands under its own id: people who sign compare ids, TUF leaves them free.

    Raises:
        LocalRefused: one stands under another.
    """
    for keyid, key in keys.items():
        if not isinstance(key, SSlibKey) or SSlibKey.from_crypto(key._crypto_key()).keyid != keyid:  # noqa: SLF001
            raise LocalRefused(
                f"{where}: a key stands under the id of another ({keyid[:16]})",
                hint="ask who prepared it; federation give-up throws it away",
            )


def label_of(key: Key) -> str:
    """Give the label under which a key is listed, or the beginning of its id."""
    return str(key.unrecognized_fields.get(OPERATOR_FIELD, key.keyid[:12]))


def signer_of(path: Path, password: bytes | None) -> CryptoSigner:
    """Read a private key to sign metadata with.

    Raises:
        LocalRefused: the file cannot be read.
        ConfigFault: another kind of file, or a wrong password.
    """
    try:
        return CryptoSigner(load_private_key(path.read_bytes(), password))
    except OSError as error:
        raise LocalRefused(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError:
        raise ConfigFault.of("entry.key-kind", name=path.name) from None


def signers_in(places: Iterable[Path], password: bytes | None) -> list[CryptoSigner]:
    """Read every key of some files and folders, all under one password.

    Raises:
        LocalRefused: nothing there.
        ConfigFault: a key cannot be read with that password.
    """
    paths = [path for place in places for path in ([place] if place.is_file() else sorted(place.glob(f"*{_PRIVATE}")))]
    if not paths:
        raise LocalRefused("keys: none found there", hint="give the folder of the USB key, where *.key lies")
    found = []
    for path in paths:
        try:
            found.append(signer_of(path, password))
        except ConfigFault as error:
            details = tuple(replace(fault, part=path.name) for fault in error.details)
            raise ConfigFault(f"{path.name}: {error.message}", hint=error.hint, details=details) from None
    return found
