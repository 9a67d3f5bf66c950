"""`keys`: which keys and certificates are in use and what follows them; prepare a change; say what a file is.

Everything is read from this machine; the connector need not run. A daemon that runs takes what was prepared by a
reload, and uses it once the directory lists it.
"""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from connector.cli.faults import Exit, Fault
from connector.core.errors import ConfigFault, ConnectorError
from connector.core.instant import Instant, rfc3339
from connector.core.units import DAY_SECONDS, HOUR_SECONDS

if TYPE_CHECKING:
    from connector.config.material import Material
    from connector.config.successors import Prepared
    from connector.core.directory import KeyUse
    from connector.crypto.keys import OwnSigner

_FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False)
_CONFIG = click.option(
    "--config", "config", type=click.Path(path_type=Path), default=Path("connector.toml"), show_default=True,
    envvar="SPSTI_CONFIG", help="The configuration file.",
)  # fmt: skip


@click.group("keys")
def command() -> None:
    """Show keys and certificates, prepare that they are followed by others, say what a file is."""


@command.command("show")
@_CONFIG
def show(config: Path) -> None:
    """Show what is in use, what follows it, and from when on."""
    from connector.config.own_certificates import described
    from connector.core.directory import KeyUse

    material = _material(config)
    for line in described(material):
        click.echo(line)
    following = material.prepared
    _tell_key(material, "signing", KeyUse.SIGN, material.signer, following.signer)
    _tell_key(material, "ledger", KeyUse.LEDGER, material.ledger_signer, following.ledger_signer)


@command.command("identify")
@click.argument("file", type=_FILE)
@click.option("--password-file", type=_FILE, help="File with the password of a PKCS#12 file.")
def identify(file: Path, password_file: Path | None) -> None:
    """Say which of SERV_SSL, ORG_AUTH_CLI and ORG_SIGN a certificate file is (PEM, DER or PKCS#12)."""
    from connector.crypto.certificates import PeerCertificate
    from connector.crypto.keys import load_certificates, load_pkcs12, password_in
    from connector.crypto.kinds import kind_of
    from connector.crypto.pem import der_of

    data = file.read_bytes()
    password = password_in(password_file.read_bytes()) if password_file else None
    try:
        try:
            certificates = load_certificates(data)
        except ConfigFault:
            certificates = (load_pkcs12(data, password).certificate,)
        kind, own = kind_of(certificates[0]), PeerCertificate.from_der(der_of(certificates[0]))
    except ConnectorError as error:
        raise Fault(f"{file}: {error.message}", do=error.hint, status=Exit.CONFIG) from None
    click.echo(f"{file}: {kind}")
    click.echo(f"subject OU: {', '.join(kind.units) or 'none'}; until {rfc3339(own.not_after)}")


@command.command("rotate")
@click.argument("which", type=click.Choice(["server", "client", "signing", "ledger"]))
@_CONFIG
@click.option("--pkcs12", default="", help="The new PKCS#12 file (not for ledger): a path, or credential:NAME.")
@click.option("--password", default="", help="Reference of its password: a file, or credential:NAME.")
@click.option("--certificate", default="", help="The new certificate in PEM, for the key made before.")
@click.option("--key", default="", help="That key.")
@click.option("--entry", type=click.Path(path_type=Path), help="Your entry (default: my-entry.toml beside the file).")
@click.option(
    "--begin-hours",
    type=click.IntRange(0, 720),
    default=24,
    show_default=True,
    help="A new signing or ledger key begins then: until then every member has the list.",
)
@click.option(
    "--overlap-days",
    type=click.IntRange(1, 90),
    default=7,
    show_default=True,
    help="The key before stays listed so long after that.",
)
def rotate(which: str, config: Path, entry: Path | None, begin_hours: int, overlap_days: int, **given: str) -> None:
    """Prepare that a key or certificate is followed by another. Nothing that is in use changes.

    Without a file a key is made here, and for server and client a request for your authority; come back with
    --certificate and --key. The configuration gets a table that the daemon takes by a reload; it uses the new one from
    when the directory lists it, and what was begun on the old one goes on to its end.
    """
    from connector.config.scaffold import KeyPairFiles
    from connector.config.successors import Plan, follow_certificate, follow_signer
    from connector.core.directory import KeyUse
    from connector.crypto.kinds import Use

    files = KeyPairFiles(**{name: _absolute(value) for name, value in given.items()})
    named = files if any(given.values()) else None
    if which == "ledger" and named is not None:
        raise click.UsageError("ledger: its key is always made here")
    if which == "signing" and (files.certificate or files.key):
        raise click.UsageError("signing: give --pkcs12, or nothing for a new key")
    material, now = _material(config), Instant(int(time.time()))
    place = entry or config.parent / "my-entry.toml"
    try:
        if which in {"server", "client"}:
            done = follow_certificate(material, Use(which), place, named)
        else:
            use = KeyUse.SIGN if which == "signing" else KeyUse.LEDGER
            plan = Plan(now, begin_hours * HOUR_SECONDS, overlap_days * DAY_SECONDS)
            done = follow_signer(material, use, place, plan, named)
    except ConfigFault as error:
        raise _fault_of(error) from None
    except ConnectorError as error:
        raise Fault(error.message, do=error.hint, status=Exit.CONFIG) from None
    _tell_steps(which, config, place, done)


def _absolute(reference: str) -> str:
    """A path given on the command line starts where it was typed, one of the file where the file is."""
    return reference if not reference or reference.startswith("credential:") else str(Path(reference).resolve())


def _tell_steps(which: str, config: Path, entry: Path, done: "Prepared") -> None:
    for path in done.written:
        click.echo(f"Made: {path}")
    if done.kind is not None:
        click.echo(f"It is {done.kind}.")
    steps = []
    if done.request is not None:
        certificate, key = done.request.with_suffix(".pem"), done.request.with_suffix(".key")
        steps.append(f"send {done.request} to your certificate authority, save its answer as {certificate}")
        again = f"spsti-connector keys rotate {which} --config {config} --certificate {certificate} --key {key}"
        steps.append(again)
    else:
        if done.entry_changed:
            steps.append(
                f"in a federation: spsti-connector federation sign-entry --entry {entry} --config {config}; "
                "in a trial: give the entry to the other services, and put it into your own members file"
            )
        steps.append("reload the daemon: systemctl reload spsti-connector, or SIGHUP")
        steps.append("spsti-connector keys show says from when on it is used")
    click.echo("Next:")
    for number, step in enumerate(steps, 1):
        click.echo(f"  {number}. {step}")


def _tell_key(
    material: "Material", section: str, use: "KeyUse", current: "OwnSigner", following: "OwnSigner | None"
) -> None:
    now = Instant(int(time.time()))
    listed = {key.kid: key for key in material.member.keys if key.use is use}
    for signer, role in ((current, ""), (following, ", prepared")):
        if signer is None:
            continue
        key = listed.get(signer.kid)
        if key is None:
            state = "the directory does not list it yet"
        elif now < key.valid_from:
            state = f"listed, used from {rfc3339(key.valid_from)} on"
        else:
            state = f"listed until {rfc3339(key.valid_until)}"
        click.echo(f"{section}{role}: {signer.kid} ({signer.algorithm}), {state}")
    if following is not None and (key := listed.get(following.kid)) is not None and key.is_valid_at(now):
        click.echo(
            f"  it is in use: once the key before has ended, write it into [{section}] and drop [{section}.next]"
        )


def _material(config: Path) -> "Material":
    from connector.daemon.run import read

    try:
        return read(config, checks_adapters=False)
    except ConfigFault as error:
        raise _fault_of(error) from None


def _fault_of(error: ConfigFault) -> Fault:
    from connector.cli.house import fault_of

    return fault_of(error)
