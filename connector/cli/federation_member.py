"""The part of `spsti-connector federation` that a member uses: asking to join, and signing its entry anew."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from connector.cli.faults import Fault
from connector.cli.federation_folder import ENVIRONMENT, FILE, PATH, now, password_of, telling
from connector.core.directory import Contact, KeyUse, Member
from connector.core.errors import LocalRefused
from connector.core.members import MemberId
from connector.core.oid import Environment

if TYPE_CHECKING:
    from connector.core.ports import Signer
    from connector.crypto.keys import PrivateKey

_Command = TypeVar("_Command", bound=Callable[..., Any])
_OPTIONS: Final = (
    click.option("--entry", type=FILE, default=Path("my-entry.toml"), show_default=True, help="What init wrote."),
    click.option("--environment", type=ENVIRONMENT, required=True, help="production or test."),
    click.option("--signing-key", type=PATH, default=Path("keys/sign.key"), show_default=True, help="PEM or PKCS#12."),
    click.option("--signing-password-file", type=FILE, help="File with its password."),
    click.option("--ledger-key", type=PATH, default=Path("keys/ledger.key"), show_default=True, help="PEM."),
    click.option("--entry-key", type=PATH, default=Path("keys/entry.key"), show_default=True,
                 help="Key that signs the entry; join-request makes it. Keep it apart, and a copy in a safe."),
    click.option("--entry-password-file", type=FILE, help="File with its password (default: a prompt)."),
    click.option("--config", "config", type=FILE,
                 help="Take the keys from this configuration instead: prepared ones and tokens too."),
    click.option("--size-class", type=click.Choice(["S", "M", "L", "XL"]),
                 help="Workers followed: under 50,000, 150,000, 500,000, or more."),
    click.option("--mssante", help="Functional MSSanté mailbox."),
    click.option("--contact", "contacts", multiple=True,
                 help="technical|security|dpo|medical:ADDRESS of a function; may be repeated."),
    click.option("--acronym", "acronyms", multiple=True, help="May be repeated."),
    click.option("--departement", "departements", multiple=True, help="Code, such as 44; may be repeated."),
    click.option("--sector", "sectors", multiple=True, help="Sector of activity; may be repeated."),
)  # fmt: skip


def _entry_options(command: _Command) -> _Command:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command("join-request")
@_entry_options
@click.option("--output", type=PATH, default=Path("join-request.json"), show_default=True, help="Where to write it.")
@telling
def join_request(output: Path, **given: Any) -> None:  # noqa: ANN401 - the options above
    """Write the one file with which this service asks to join a federation, and the fingerprint to read out."""
    from connector.directory.joining import make_request, read_request
    from connector.directory.keyring import write_new

    environment = Environment(given["environment"])
    member, signers, key = _material(given, environment, _asking_key)
    data = make_request(member, signers, key, environment, now())
    write_new(output, data)
    click.echo(f"Send {output} to an operator of the federation; nothing in it is secret.")
    click.echo(f"Read this fingerprint out when the operator calls: {read_request(data, now()).fingerprint}")
    click.echo("You get the root file back: put it where [directory] root says.")


@click.command("sign-entry")
@_entry_options
@click.option("--own", type=PATH, required=True, help="The archive folder of the directory: publishers ask there.")
@click.option("--version", type=click.IntRange(2), help="Version to give, where the folder does not hold the last one.")
@telling
def sign_entry(own: Path, version: int | None, **given: Any) -> None:  # noqa: ANN401 - the options above
    """Sign this service's entry anew, after a change of keys, certificates or addresses, and offer it to publishers."""
    from connector.directory import joining, layout
    from connector.directory.archive import Archive
    from connector.directory.entry import read_entry
    from connector.directory.newest import newest_entry

    environment = Environment(given["environment"])
    member, signers, key = _material(given, environment, _entry_key)
    archive = Archive(own)
    before = newest_entry(archive, member.id)
    if before is None and version is None:
        raise LocalRefused("sign-entry: the last version is not in that folder", hint="directory refresh, or --version")
    kept = read_entry(before.target, environment).proofs if before is not None else {}
    last = before.version if before is not None else 0
    files = joining.sign_entry(member, signers, key, environment, version=version or last + 1, now=now(), kept=kept)
    archive.offer(layout.own_entry_file(member.id), files.target)
    archive.offer(layout.own_role_file(member.id), files.role)
    click.echo(f"Entry version {files.version} of {member.id} is offered; a publisher takes it at its next round.")


def _material(
    given: dict[str, Any],
    environment: Environment,
    entry_key: "Callable[[dict[str, Any], MemberId], PrivateKey]",
) -> "tuple[Member, dict[str, Signer], PrivateKey]":
    """Read the entry and the keys that it lists, and the key that signs it."""
    from connector.crypto.keys import PrivateKeySigner, SigningAlgorithm, load_private_key
    from connector.directory.members_file import MembersFile

    (member, *others) = MembersFile(given["entry"], environment).members()
    if others:
        raise Fault(f"{given['entry']}: lists several services", do="give the file with your own entry alone")
    if given["config"] is not None:
        return _described(member, given), _configured(member, given["config"]), entry_key(given, member.id)
    files = {KeyUse.SIGN: given["signing_key"], KeyUse.LEDGER: given["ledger_key"]}
    passwords = {KeyUse.SIGN: given["signing_password_file"], KeyUse.LEDGER: None}
    signers: dict[str, Signer] = {}
    for key in member.keys:
        password = passwords[key.use].read_bytes().rstrip(b"\r\n") if passwords[key.use] else None
        private = load_private_key(_key_file(files[key.use]), password)
        signer = PrivateKeySigner(key.kid, SigningAlgorithm(key.algorithm), private)
        if _is_of(signer, key.public_der):
            signers[key.kid] = signer
    return _described(member, given), signers, entry_key(given, member.id)


def _key_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Fault(f"{path}: cannot be read ({error.strerror})", do="name the key, or --config") from None


def _configured(member: Member, config: Path) -> "dict[str, Signer]":
    """Give the signers of a configuration for those keys of the entry that are theirs."""
    from connector.daemon.run import read

    material = read(config, checks_adapters=False)
    following = material.prepared
    ours = (material.signer, material.ledger_signer, following.signer, following.ledger_signer)
    listed = {key.kid: key.public_der for key in member.keys}
    return {s.kid: s for s in ours if s is not None and s.kid in listed and _is_of(s, listed[s.kid])}


def _is_of(signer: Any, public_der: bytes) -> bool:  # noqa: ANN401 - PrivateKeySigner
    from connector.crypto.keys import public_key_to_der

    return public_key_to_der(signer.public_key) == public_der


def _described(member: Member, given: dict[str, Any]) -> Member:
    contacts = []
    for text in given["contacts"]:
        role, _, address = text.partition(":")
        contacts.append(Contact(role, address))
    return replace(
        member,
        size_class=given["size_class"] or member.size_class,
        mssante=given["mssante"] or member.mssante,
        contacts=tuple(contacts) or member.contacts,
        acronyms=given["acronyms"] or member.acronyms,
        departements=given["departements"] or member.departements,
        sectors=given["sectors"] or member.sectors,
        status_since=None,
    )


def _asking_key(given: dict[str, Any], member: MemberId) -> "PrivateKey":
    """Give the key that signs the entry, of which the operators learn by the request; made where there is none."""
    from connector.crypto.keys import SigningAlgorithm, generate, to_pem
    from connector.directory.keyring import require_long, write_new

    path: Path = given["entry_key"]
    if path.exists():
        return _entry_key(given, member)
    password = _entry_password(given, member, confirm=True)
    require_long(password)
    key = generate(SigningAlgorithm.ED25519)
    write_new(path, to_pem(key, password))
    return key


def _entry_key(given: dict[str, Any], member: MemberId) -> "PrivateKey":
    """Give the key that signs the entry. A new one in its place would sign what no publisher takes."""
    from connector.crypto.keys import load_private_key

    path: Path = given["entry_key"]
    if not path.exists():
        raise Fault(f"{path}: is not there", do="put in the USB key that holds it, and name it with --entry-key")
    return load_private_key(path.read_bytes(), _entry_password(given, member, confirm=False))


def _entry_password(given: dict[str, Any], member: MemberId, *, confirm: bool) -> bytes:
    return password_of(given["entry_password_file"], f"Password of the entry key of {member}", confirm=confirm)


COMMANDS: Final = (join_request, sign_entry)
