"""What `init` makes for a new member: keys, certificate requests, its own entry, and a commented configuration.

For a federation it also makes the key that signs the entry, and the join request; for a trial, a members file.

Everything is written under one folder, private files with mode 0600, and nothing that exists is ever overwritten.
"""

import os
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from pathlib import Path

from connector.config.given_files import signer_of
from connector.config.layout import CREDENTIAL, place_of
from connector.config.scaffold import Answers, KeyPairFiles, render
from connector.core.directory import Contact, KeyUse, Member, MemberKey, MemberStatus, TlsBinding
from connector.core.errors import ConfigFault
from connector.core.faults import reason
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.core.ports import Signer
from connector.crypto.keys import PrivateKeySigner, SigningAlgorithm, generate, public_key_to_der, to_pem
from connector.crypto.requests import certificate_request
from connector.directory.members_text import members_text
from connector.store.keys import new_master_key

KEY_YEARS = 3
ENTRY_KEY = "keys/entry.key"
JOIN_REQUEST = "join-request.json"


@dataclass(frozen=True, slots=True)
class Joining:
    """What a join request says beside keys and addresses; `password` opens the key that signs the entry."""

    environment: Environment
    password: bytes = field(repr=False)
    size_class: str = ""
    mssante: str = ""
    contacts: tuple[Contact, ...] = ()
    acronyms: tuple[str, ...] = ()
    departements: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What was made, and what is left to do; `join_request` is None for a trial."""

    config: Path
    entry: Path
    written: tuple[Path, ...]
    requests: tuple[Path, ...]
    join_request: Path | None = None


def create(
    folder: Path,
    answers: Answers,
    *,
    endpoint: str,
    towns: tuple[str, ...],
    now: Instant,
    joining: Joining | None = None,
) -> Newcomer:
    """Write the files of a new member.

    `answers.server` and `answers.client` name PKCS#12 or PEM files that exist, or are empty: then a key and a
    certificate request are made for each. `answers.signing` names a PKCS#12 file, whose key is listed, or is empty:
    then a key is made. With `joining` a join request is made, else a members file for a trial.

    Raises:
        ConfigFault: a file to be written exists already, the folder cannot be written, or the signing key not be used.
        LocalRefused: the entry breaks a rule of the directory; all faults are in the message.
    """
    files: dict[Path, bytes] = {}
    ledger = generate(SigningAlgorithm.ED25519)
    if answers.signing.pkcs12:
        given = signer_of(answers.signing, answers.signing_kid)
        signing, answers = given.key, replace(answers, signing_algorithm=given.algorithm.value)
    else:
        signing = generate(SigningAlgorithm(answers.signing_algorithm))
        files[place_of(folder, answers.signing_key)] = to_pem(signing, None)
    files[place_of(folder, answers.ledger_key)] = to_pem(ledger, None)
    files[place_of(folder, answers.master_key)] = new_master_key()
    requests: list[Path] = []
    host = endpoint.removeprefix("https://").partition(":")[0]
    for use in ("server", "client"):
        pair: KeyPairFiles = getattr(answers, use)
        if pair.pkcs12 or pair.certificate:
            continue
        own_key = f"{CREDENTIAL}{use}-key" if answers.master_key.startswith(CREDENTIAL) else f"tls/{use}.key"
        pair = KeyPairFiles(certificate=f"tls/{use}.pem", key=own_key)
        key = generate(SigningAlgorithm.ES256)
        request = folder / f"tls/{use}.csr"
        files[place_of(folder, own_key)] = to_pem(key, None)
        files[request] = certificate_request(
            key, member_id=answers.member_id, organisation=answers.name, common_name=host, server=use == "server"
        )
        requests.append(request)
        answers = replace(answers, server=pair) if use == "server" else replace(answers, client=pair)
    until = Instant(now + KEY_YEARS * 365 * 86_400)
    listed = (
        (answers.signing_kid, KeyUse.SIGN, answers.signing_algorithm, signing),
        (answers.ledger_kid, KeyUse.LEDGER, str(SigningAlgorithm.ED25519), ledger),
    )
    member = Member(
        id=MemberId.parse(answers.member_id, strict=False),
        name=answers.name,
        status=MemberStatus.ACTIVE,
        endpoint=endpoint,
        tls=TlsBinding(),
        keys=tuple(
            MemberKey(kid, use_, algorithm, public_key_to_der(key.public_key()), now, until)
            for kid, use_, algorithm, key in listed
        ),
        towns=towns,
    )
    entry = folder / "my-entry.toml"
    files[entry] = members_text((member,), comment="Send this to the services you exchange with.").encode()
    join_request = None
    if joining is None:
        comment = "The members of this trial: your own entry first, then paste the others' below."
        files[folder / answers.members_file] = members_text((member,), comment=comment).encode()
    else:
        join_request = folder / JOIN_REQUEST
        signers = {kid: PrivateKeySigner(kid, SigningAlgorithm(name), key) for kid, _, name, key in listed}
        files |= _asking(folder, member, signers, joining, now)
    config = folder / "connector.toml"
    files[config] = render(answers).encode()
    is_system = answers.master_key.startswith(CREDENTIAL)
    secret = {path for path, content in files.items() if b"PRIVATE KEY" in content}
    secret.add(place_of(folder, answers.master_key))
    _write_all(files, readable=files.keys() - secret if is_system else set())
    if is_system:
        _give_to_group(folder, files.keys() - secret)
    return Newcomer(config, entry, tuple(files), tuple(requests), join_request)


def _asking(
    folder: Path, member: Member, signers: Mapping[str, Signer], joining: Joining, now: Instant
) -> dict[Path, bytes]:
    """Make the key that signs the entry, and the join request."""
    from connector.directory.joining import make_request  # noqa: PLC0415 - brings tuf, which a trial does not need

    key = generate(SigningAlgorithm.ED25519)
    described = replace(
        member,
        size_class=joining.size_class,
        mssante=joining.mssante,
        contacts=joining.contacts,
        acronyms=joining.acronyms,
        departements=joining.departements,
        sectors=joining.sectors,
    )
    return {
        folder / ENTRY_KEY: to_pem(key, joining.password),
        folder / JOIN_REQUEST: make_request(described, signers, key, joining.environment, now),
    }


def _write_all(files: dict[Path, bytes], *, readable: AbstractSet[Path]) -> None:
    """Write all of them, or none: half of them would stand in the way of the next attempt."""
    made: list[Path] = []
    path = next(iter(files))
    try:
        existing = [str(path) for path in files if path.exists()]
        if existing:
            raise ConfigFault.of("init.exists", paths=existing)
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            mode = 0o640 if path in readable else 0o600
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            made.append(path)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
    except OSError as error:
        for one in made:
            one.unlink(missing_ok=True)
        # A full disk names no file.
        raise ConfigFault.of("init.unwritten", path=str(error.filename or path), reason=reason(error)) from None


def _give_to_group(folder: Path, files: AbstractSet[Path]) -> None:
    """Let the service's group read what is no secret, whatever the umask of the one who runs `init`."""
    group = folder.stat().st_gid
    for path in files:
        os.chown(path, -1, group)
        path.chmod(0o640)
        if path.parent != folder:
            os.chown(path.parent, -1, group)
            path.parent.chmod(0o750)
