"""Preparing that a key or certificate is followed by another: new files, the lines of the configuration, the entry.

Nothing in use is touched. A prepared signing or ledger key is listed beside the one in use, valid from a little later,
so that every member has the list before anything is signed with it; the one in use stays listed for an overlap. When
the daemon uses which, is `daemon.rotation`'s question; signing the entry is `federation sign-entry`'s.
"""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from connector.config.load import load
from connector.config.material import Material
from connector.config.scaffold import KeyPairFiles, table_text
from connector.core import b64
from connector.core.directory import MAX_PINS, KeyUse, Member, MemberKey
from connector.core.errors import ConfigFault
from connector.core.faults import reason
from connector.core.instant import Instant
from connector.core.units import DAY_SECONDS
from connector.crypto.keys import (
    OwnSigner,
    PrivateKeySigner,
    SigningAlgorithm,
    generate,
    load_certificates,
    load_pkcs12,
    password_in,
    public_key_to_der,
    spki_sha256,
    to_pem,
)
from connector.crypto.kinds import Kind, Use, require_fit
from connector.crypto.requests import certificate_request
from connector.directory.members_file import MembersFile
from connector.directory.members_text import members_text

KEY_DAYS: Final = 3 * 365


@dataclass(frozen=True, slots=True)
class Plan:
    """When a prepared key begins, and how long the one before stays listed after that, in seconds."""

    now: Instant
    begins_in: int
    overlap: int

    @property
    def begins_at(self) -> Instant:
        """When the prepared key is first valid."""
        return Instant(self.now + self.begins_in)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was done: files written, whether the entry changed and is to be signed anew, what the certificate is."""

    written: tuple[Path, ...]
    request: Path | None = None
    entry_changed: bool = False
    kind: Kind | None = None
    kid: str = ""


def follow_signer(material: Material, use: KeyUse, entry: Path, plan: Plan, given: KeyPairFiles | None) -> Prepared:
    """Prepare another signing or ledger key: a new one in a file, or for signing that of a PKCS#12 file.

    Raises:
        ConfigFault: one is prepared already, a file is in the way, or the file given cannot be used.
    """
    section, current, following = (
        ("signing", material.signer, material.prepared.signer)
        if use is KeyUse.SIGN
        else ("ledger", material.ledger_signer, material.prepared.ledger_signer)
    )
    _none_prepared(section, following is not None)
    kid = _next_name(current.kid, {key.kid for key in material.member.keys})
    files: dict[Path, bytes] = {}
    rows = {"kid": kid}
    if given is not None:
        bundle = load_pkcs12(_read(material, given.pkcs12), _password(material, given.password))
        kind: Kind | None = require_fit(bundle.certificate, Use.SIGNING)
        algorithm = SigningAlgorithm.ES256 if _is_ec(bundle.key) else SigningAlgorithm.PS256
        signer = PrivateKeySigner(kid, algorithm, bundle.key)
        rows |= {"algorithm": algorithm.value, "pkcs12": given.pkcs12} | _passworded(given)
    else:
        kind, algorithm = None, current.algorithm
        signer = PrivateKeySigner(kid, algorithm, generate(algorithm))
        name = f"keys/{kid}.key"
        files[_beside(material, name)] = to_pem(signer.key, None)
        rows |= ({"algorithm": algorithm.value} if use is KeyUse.SIGN else {}) | {"key": name}
    listed = _with_key(_own_entry(material, entry), use, current, signer, plan)
    with _entry_beside(entry, listed):
        _write(files)
        _append(material.file.path, f"{section}.next", rows, files)
    return Prepared(tuple(files), entry_changed=True, kind=kind, kid=kid)


def follow_certificate(material: Material, use: Use, entry: Path, given: KeyPairFiles | None) -> Prepared:
    """Prepare another TLS certificate: a key and a request where none is given yet, else the one that came back.

    Raises:
        ConfigFault: one is prepared already, a file is in the way, or the certificate is not for that use.
    """
    is_server = use is Use.SERVER
    _none_prepared(
        f"peer.{use}", (material.prepared.server_tls if is_server else material.prepared.client_tls) is not None
    )
    if given is None:
        return _request(material, use)
    rows = {name: value for name in ("certificate", "key", "pkcs12", "password") if (value := getattr(given, name))}
    if given.pkcs12:
        certificate = load_pkcs12(_read(material, given.pkcs12), _password(material, given.password)).certificate
    else:
        certificate = load_certificates(_read(material, given.certificate))[0]
    kind = require_fit(certificate, use)
    own = _own_entry(material, entry) if material.member.tls.pins or entry.exists() else None
    pin = b64.encode(spki_sha256(certificate))
    listed: Member | None = None
    # Of the entry, not of the list in force: another pin may have been added that is not published yet.
    if own is not None and (pins := own.tls.pins or material.member.tls.pins) and pin not in pins:
        if len(pins) >= MAX_PINS:
            raise ConfigFault.of("rotate.pins", count=len(pins), limit=MAX_PINS)
        listed = replace(own, tls=replace(own.tls, pins=(*pins, pin)))
    with _entry_beside(entry, listed) if listed is not None else nullcontext():
        _append(material.file.path, f"peer.{use}.next", rows, {})
    return Prepared((), entry_changed=listed is not None, kind=kind)


def _request(material: Material, use: Use) -> Prepared:
    number = 2
    while _beside(material, f"tls/{use}-{number}.key").exists():
        number += 1
    key, name = generate(SigningAlgorithm.ES256), f"tls/{use}-{number}"
    host = material.member.endpoint.removeprefix("https://").partition(":")[0]
    request = certificate_request(
        key,
        member_id=material.member.id.value,
        organisation=material.member.name,
        common_name=host,
        server=use is Use.SERVER,
    )
    files = {_beside(material, name + ".key"): to_pem(key, None), _beside(material, name + ".csr"): request}
    _write(files)
    return Prepared(tuple(files), request=_beside(material, name + ".csr"))


def _none_prepared(section: str, is_prepared: bool) -> None:  # noqa: FBT001
    if is_prepared:
        raise ConfigFault.of("rotate.prepared", section=section)


def _next_name(kid: str, taken: set[str]) -> str:
    stem, number = re.fullmatch(r"(.*?)(\d*)", kid).groups()  # type: ignore[union-attr]  # matches every text
    count = int(number or 1)
    while (name := f"{stem}{count}" if number else f"{stem}-{count}") in taken | {kid}:
        count += 1
    return name


def _with_key(own: Member, use: KeyUse, current: OwnSigner, signer: OwnSigner, plan: Plan) -> Member:
    """List the prepared key, and let the one in use end after the overlap."""
    begins, ends = plan.begins_at, Instant(plan.now + KEY_DAYS * DAY_SECONDS)
    last = Instant(begins + plan.overlap)
    kept = tuple(
        replace(key, valid_until=min(key.valid_until, last)) if key.use is use and key.kid == current.kid else key
        for key in own.keys
    )
    fresh = MemberKey(signer.kid, use, str(signer.algorithm), public_key_to_der(signer.public_key), begins, ends)
    return replace(own, keys=(*kept, fresh))


def _own_entry(material: Material, entry: Path) -> Member:
    if not entry.exists():
        raise ConfigFault.of("rotate.no-entry", path=str(entry))
    found = [m for m in MembersFile(entry, material.environment).members() if m.id == material.member.id]
    if not found:
        raise ConfigFault.of("rotate.foreign-entry", path=str(entry), member=str(material.member.id))
    return found[0]


@contextmanager
def _entry_beside(entry: Path, own: Member) -> Iterator[None]:
    """Write the entry beside its place first, and put it there last: what fails on the way changes neither file."""
    beside = entry.with_name(entry.name + ".new")
    try:
        beside.write_text(members_text((own,), comment="Changed by keys rotate: sign it anew."))
        shutil.copymode(entry, beside)
    except OSError as error:
        raise _unwritten(beside, error) from None
    try:
        yield
        beside.replace(entry)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _append(config: Path, table: str, rows: Mapping[str, str], files: Mapping[Path, bytes]) -> None:
    """Add a table to the configuration, once the whole of it was read as the daemon would."""
    text = (
        config.read_text(encoding="utf-8").rstrip("\n") + f"\n\n# Prepared by keys rotate.\n{table_text(table, rows)}"
    )
    beside = config.with_name(config.name + ".new")
    try:
        beside.write_text(text, encoding="utf-8")
        load(beside)
        shutil.copymode(config, beside)
        beside.replace(config)
    except (OSError, ConfigFault) as error:
        for path in (beside, *files):
            with suppress(OSError):
                path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _unwritten(beside, error) from None
        raise


def _write(files: Mapping[Path, bytes]) -> None:
    for path in files:
        if path.exists():
            raise ConfigFault.of("rotate.exists", path=str(path))
    for path, content in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())  # the entry that lists it is sent away
        except OSError as error:
            for made in files:
                with suppress(OSError):
                    made.unlink(missing_ok=True)
            raise _unwritten(path, error) from None


def _unwritten(path: Path, error: OSError) -> ConfigFault:
    return ConfigFault.of("rotate.unwritten", path=str(path), reason=reason(error))


def _beside(material: Material, name: str) -> Path:
    return material.file.path.resolve().parent / name


def _read(material: Material, reference: str) -> bytes:
    return material.references.read(reference)


def _password(material: Material, reference: str) -> bytes | None:
    return password_in(_read(material, reference)) if reference else None


def _passworded(given: KeyPairFiles) -> dict[str, str]:
    return {"password": given.password} if given.password else {}


def _is_ec(key: object) -> bool:
    return hasattr(key, "curve")
