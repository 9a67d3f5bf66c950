"""`spsti-connector federation`: the tools of those who run a federation, and the file with which a service joins one.

Two people with two USB keys can do all of it: whatever needs several signatures waits in a folder that is carried from
one to the other. What is decided, and how it is checked, is in `connector.directory`; here are options and words.
"""

import ssl
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

import click

from connector.cli.faults import Exit, Fault
from connector.cli.screen import Screen, note
from connector.core.errors import ConfigFault, ConnectorError
from connector.core.instant import Instant, rfc3339
from connector.core.members import MemberId
from connector.core.oid import Environment

if TYPE_CHECKING:
    from connector.directory.fetch import Source
    from connector.directory.publishing import Publication
    from connector.directory.workspace import Workspace

P = ParamSpec("P")
T = TypeVar("T")
_PATH: Final = click.Path(path_type=Path)
_FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False)
_ENVIRONMENT: Final = click.Choice([each.value for each in Environment])
_REASONS: Final = ("key-stolen", "enumeration", "misbehaviour", "at-its-request", "precaution")
_OLDEST_TLS: Final = ssl.TLSVersion.TLSv1_3


def telling(function: Callable[P, T]) -> Callable[P, T]:
    """Turn what a command raises on purpose into words on standard error."""

    @wraps(function)
    def told(*arguments: P.args, **options: P.kwargs) -> T:
        try:
            return function(*arguments, **options)
        except ConnectorError as error:
            status = Exit.CONFIG if isinstance(error, ConfigFault) else Exit.FAILED
            raise Fault(error.message, do=error.hint, status=status) from None

    return told


def now() -> Instant:
    """Give the time."""
    return Instant(int(time.time()))


def password_of(file: Path | None, prompt: str, *, confirm: bool = False) -> bytes:
    """Read a password from its file, or ask for it."""
    if file is not None:
        return file.read_bytes().rstrip(b"\r\n")
    text: str = click.prompt(prompt, hide_input=True, confirmation_prompt=confirm, err=True)
    return text.encode()


folder_option: Final = click.option(
    "-F", "--folder", type=_PATH, default=Path("federation"), show_default=True, envvar="SPSTI_FEDERATION",
    help="The federation's folder, carried between operators.",
)  # fmt: skip
keys_option: Final = click.option(
    "--keys", "places", type=click.Path(path_type=Path, exists=True), multiple=True, required=True,
    help="A key file, or the folder of a USB key with *.key files; may be repeated.",
)  # fmt: skip
password_option: Final = click.option(
    "--password-file", type=_FILE, help="File with the password of the keys, instead of a prompt."
)
json_option: Final = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def workspace_of(folder: Path) -> "Workspace":
    """Open the federation's folder."""
    from connector.directory.workspace import Workspace

    return Workspace(folder)


def member_of(folder: Path, text: str) -> MemberId:
    """Read a member id as the federation's environment wants it."""
    list_ = workspace_of(folder).needs_published().list_
    return MemberId.parse(text, strict=list_.environment is Environment.PRODUCTION)


@click.group("federation")
def command() -> None:
    """Found and run a federation: members, suspensions, keys, publication. Joining one: join-request."""


# ---------------------------------------------------------------- keys and founding


@command.command("key")
@click.option("--to", "folder", type=_PATH, required=True, help="Folder to write to: the USB key.")
@click.option("--label", required=True, help="Organisation or function that holds it, such as presanse-2.")
@password_option
@telling
def make_key(folder: Path, label: str, password_file: Path | None) -> None:
    """Make the key of an operator or a publisher: LABEL.key, encrypted, and LABEL.pub.json to hand over."""
    from connector.directory.keyring import make_key as make
    from connector.directory.keyring import read_public

    public = make(folder, label, password_of(password_file, "Password of the new key", confirm=True))
    click.echo(f"Hand over {public}; keep {label}.key, and a copy of it in a safe.")
    click.echo(f"Key id: {read_public(public).keyid}")


@command.command("init")
@folder_option
@click.option("--environment", type=_ENVIRONMENT, required=True, help="production or test.")
@click.option("--root-key", "root_keys", type=_FILE, multiple=True, required=True, help="*.pub.json; may be repeated.")
@click.option("--root-threshold", type=int, default=3, show_default=True, help="Signatures that a root needs.")
@click.option("--targets-key", "targets_keys", type=_FILE, multiple=True, required=True, help="May be repeated.")
@click.option("--targets-threshold", type=int, default=2, show_default=True, help="Signatures that a list needs.")
@click.option("--publisher-key", "publisher_keys", type=_FILE, multiple=True, required=True, help="May be repeated.")
@click.option("--url", "urls", multiple=True, help="Address where the copy will be published; may be repeated.")
@telling
def found(
    folder: Path,
    environment: str,
    root_keys: tuple[Path, ...],
    root_threshold: int,
    targets_keys: tuple[Path, ...],
    targets_threshold: int,
    publisher_keys: tuple[Path, ...],
    urls: tuple[str, ...],
) -> None:
    """Found a federation: the first root and an empty list, to be signed by its operators."""
    from connector.directory import ceremony
    from connector.directory.keyring import read_public

    founding = ceremony.Founding(
        Environment(environment),
        [read_public(path) for path in root_keys],
        root_threshold,
        [read_public(path) for path in targets_keys],
        targets_threshold,
        [read_public(path) for path in publisher_keys],
        urls,
    )
    ceremony.found(workspace_of(folder), founding, now())
    _tell_pending(folder)


# ---------------------------------------------------------------- members


@command.command("add-member")
@folder_option
@click.argument("request", type=_FILE)
@click.option("--yes", is_flag=True, help="The fingerprint was compared: do not ask.")
@telling
def add_member(folder: Path, request: Path, yes: bool) -> None:
    """Let the service of a join request in, once its fingerprint was compared by telephone."""
    from connector.directory import ceremony
    from connector.directory.joining import read_request

    asked = read_request(request.read_bytes(), now())
    member = asked.entry.member
    for line in (
        f"Service:     {member.id} {member.name}",
        f"Endpoint:    {member.endpoint}",
        f"Size class:  {member.size_class or '-'}",
        f"Towns:       {', '.join(member.towns) or '-'}",
        f"Fingerprint: {asked.fingerprint}",
        *(f"Warning:     {warning}" for warning in asked.entry.warnings),
    ):
        Screen().say(line)
    if not yes:
        click.confirm("Did that service read you this fingerprint, on a number that you found yourself?", abort=True)
    ceremony.add_member(workspace_of(folder), asked, now())
    _tell_pending(folder)


@command.command("remove-member")
@folder_option
@click.argument("member")
@click.option("--successor", help="The member that takes over.")
@telling
def remove_member(folder: Path, member: str, successor: str | None) -> None:
    """Let a member leave. It stays in the list as left, with its keys, for evidence."""
    from connector.directory import ceremony

    heir = member_of(folder, successor) if successor else None
    ceremony.remove_member(workspace_of(folder), member_of(folder, member), heir, now())
    _tell_pending(folder)


@command.command("import")
@folder_option
@click.argument("file", type=_FILE)
@click.option("--skip-faulty", is_flag=True, help="Take the right lines though others are faulty.")
@telling
def import_list(folder: Path, file: Path, skip_faulty: bool) -> None:
    """Import a first list of services from CSV, as mail-only; every line is checked and reported."""
    from connector.directory import ceremony
    from connector.directory.csv_list import read_csv

    workspace = workspace_of(folder)
    list_ = workspace.pending_list() or workspace.needs_published().list_
    lines = read_csv(file.read_bytes(), list_.environment, now(), list_.members)
    for line in lines:
        for word, texts in (("refused", line.faults), ("warning", line.warnings)):
            for text in texts:
                Screen().say(f"line {line.number}: {word}: {text}")
    faulty = [line for line in lines if line.row is None]
    if faulty and not skip_faulty:
        raise Fault(f"{len(faulty)} of {len(lines)} lines are faulty; nothing was imported", do="correct them")
    added = ceremony.import_members(workspace, (line.row for line in lines if line.row is not None), now())
    click.echo(f"{added} services of {len(lines)} lines.")
    _tell_pending(folder)


# ---------------------------------------------------------------- suspensions


@command.command("suspend")
@folder_option
@click.argument("member")
@click.option("--reason", type=click.Choice(_REASONS), required=True, help="Why; published.")
@keys_option
@password_option
@telling
def suspend(folder: Path, member: str, reason: str, places: tuple[Path, ...], password_file: Path | None) -> None:
    """Suspend a member at once, with one operator's key; it ends after 7 days unless two confirm it."""
    from connector.directory import suspending
    from connector.directory.keyring import signers_in
    from connector.directory.suspensions import Reason

    workspace, at = workspace_of(folder), now()
    signer = signers_in(places, password_of(password_file, "Password of the keys"))[0]
    operator = suspending.suspend(workspace, member_of(folder, member), Reason(reason), signer, at)
    click.echo(f"Signed by {operator}. Next: federation publish, or leave it to a publisher.")
    click.echo(f"By itself it ends at {rfc3339(Instant(at + 7 * 86_400))}: federation confirm-suspension {member}")


@command.command("confirm-suspension")
@folder_option
@click.argument("member")
@telling
def confirm_suspension(folder: Path, member: str) -> None:
    """Let a suspension stay until the operators lift it."""
    from connector.directory import suspending

    suspending.confirm_suspension(workspace_of(folder), member_of(folder, member), now())
    _tell_pending(folder)


@command.command("lift-suspension")
@folder_option
@click.argument("member")
@telling
def lift_suspension(folder: Path, member: str) -> None:
    """Let a suspended member take part again, whoever suspended it."""
    from connector.directory import suspending

    suspending.lift_suspension(workspace_of(folder), member_of(folder, member), now())
    _tell_pending(folder)


# ---------------------------------------------------------------- keys


@command.command("rotate-key")
@folder_option
@click.option("--old", help="Label of the operator's or publisher's key that goes.")
@click.option("--member", help="Member whose entry key is replaced, instead of --old.")
@click.option("--new", type=_FILE, required=True, help="*.pub.json of the key that comes.")
@telling
def rotate_key(folder: Path, old: str | None, member: str | None, new: Path) -> None:
    """Replace a key that ends, or was lost or stolen: an operator's, a publisher's, or a member's entry key."""
    from connector.directory import rotation
    from connector.directory.keyring import read_public

    if (old is None) == (member is None):
        raise click.UsageError("give either --old LABEL or --member ID")
    workspace, key = workspace_of(folder), read_public(new)
    if member is not None:
        rotation.rotate_member_key(workspace, member_of(folder, member), key, now())
    else:
        click.echo(f"Roles: {', '.join(rotation.rotate_operator_key(workspace, str(old), key, now()))}")
    _tell_pending(folder)


@command.command("renew")
@folder_option
@click.argument("role", type=click.Choice(["root", "targets"]))
@telling
def renew(folder: Path, role: str) -> None:
    """Prepare root or targets to be signed again before their end, unchanged."""
    from connector.directory import rotation

    rotation.renew(workspace_of(folder), role, now())
    _tell_pending(folder)


# ---------------------------------------------------------------- signing and publishing


@command.command("diff")
@folder_option
@telling
def diff(folder: Path) -> None:
    """Show what the pending documents would change: what is read before signing."""
    from connector.directory.duty import differences

    for line in differences(workspace_of(folder)) or ["nothing is pending"]:
        Screen().say(line)


@command.command("sign")
@folder_option
@keys_option
@password_option
@click.option("--yes", is_flag=True, help="The changes were read: do not ask.")
@telling
def sign(folder: Path, places: tuple[Path, ...], password_file: Path | None, yes: bool) -> None:
    """Read what is pending, and sign it with the keys of a USB key."""
    from connector.directory.duty import differences
    from connector.directory.keyring import signers_in
    from connector.directory.suspending import renew_seat

    workspace = workspace_of(folder)
    for line in differences(workspace):
        Screen().say(line)
    if not yes:
        click.confirm("Is this what was decided?", abort=True)
    signers = signers_in(places, password_of(password_file, "Password of the keys"))
    for what in workspace.sign(signers):
        click.echo(f"signed: {what}")
    for signer in signers:
        if renew_seat(workspace, signer, now()):
            click.echo("signed: this operator's suspensions, by its new key")
    _tell_pending(folder)


@command.command("give-up")
@folder_option
@telling
def give_up(folder: Path) -> None:
    """Throw the pending documents away; what is published stays as it is."""
    workspace_of(folder).drop_pending()
    click.echo("Nothing is pending now.")


@command.command("publish")
@folder_option
@keys_option
@password_option
@telling
def publish(folder: Path, places: tuple[Path, ...], password_file: Path | None) -> None:
    """Publish all that is completely signed, with a publisher's key; the copy is FOLDER/repository."""
    from connector.directory.keyring import signers_in
    from connector.directory.publishing import publish as put_in_force
    from connector.directory.publishing import root_fingerprint

    workspace = workspace_of(folder)
    publication = put_in_force(workspace, signers_in(places, password_of(password_file, "Password of the key")), now())
    _tell_publication(publication)
    click.echo(f"Copy to serve: {workspace.repository}")
    click.echo(f"Root file for members: {workspace.folder / 'root.json'}")
    click.echo(f"Its fingerprint: {root_fingerprint(workspace.needs_published().roots[-1])}")


@command.command("publisher")
@folder_option
@keys_option
@password_option
@click.option("--copy", "copies", multiple=True, help="Address of another publisher's copy; may be repeated.")
@click.option("--every", type=click.IntRange(10), default=300, show_default=True, help="Seconds between two rounds.")
@click.option("--once", is_flag=True, help="One round, then end.")
@click.option("--tls-ca", type=_FILE, help="CAs of the members' endpoints (PEM), to ask members for their entries.")
@click.option("--tls-certificate", type=_FILE, help="Our client certificate for members' endpoints (PEM).")
@click.option("--tls-key", type=_FILE, help="Its key (PEM).")
@telling
def publisher(
    folder: Path,
    places: tuple[Path, ...],
    password_file: Path | None,
    copies: tuple[str, ...],
    every: int,
    once: bool,
    tls_ca: Path | None,
    tls_certificate: Path | None,
    tls_key: Path | None,
) -> None:
    """Publish by itself, for years: members' renewed entries, suspensions, and a timestamp every day."""
    import threading

    from connector.directory.keyring import signers_in
    from connector.directory.publishing import publisher_round

    workspace = workspace_of(folder)
    environment = workspace.needs_published().list_.environment
    signers = signers_in(places, password_of(password_file, "Password of the key"))
    sources = [copy_source(url, environment) for url in copies]
    members = _members_sources(tls_ca, tls_certificate, tls_key)
    while True:
        try:
            _tell_publication(publisher_round(workspace, signers, now(), sources, members))
        except ConnectorError as error:
            if once:
                raise
            note(f"{rfc3339(now())}: {error}")
        if once:
            return
        threading.Event().wait(every)


def copy_source(url: str, environment: Environment) -> "Source":
    """Give how an operators' copy is reached: TLS 1.3 with the system's authorities, plain HTTP only in a test."""
    from connector.directory.fetch import Source

    if url.startswith("http://") and environment is Environment.TEST:
        return Source(url, url)
    context = ssl.create_default_context()
    context.minimum_version = _OLDEST_TLS
    return Source(url, url, context)


def _members_sources(
    ca: Path | None, certificate: Path | None, key: Path | None
) -> "Callable[[MemberId, str], Source | None]":
    if ca is None or certificate is None or key is None:
        return lambda _member, _endpoint: None
    from connector.directory.fetch import Source

    context = ssl.create_default_context(cafile=str(ca))
    context.minimum_version = _OLDEST_TLS
    context.load_cert_chain(certificate, key)
    return lambda member, endpoint: Source(member.value, endpoint + "/directory/", context)


def _tell_publication(publication: "Publication") -> None:
    if publication.version is not None:
        taken = f": {', '.join(publication.taken)}" if publication.taken else ""
        click.echo(f"{rfc3339(now())} published {publication.version}{taken}")
    for text in publication.refused:
        note(f"refused: {text}")
    for mirror in publication.mirrors:
        note(f"{mirror.source}: {mirror.refusal}: {mirror.detail}")
    for missing in publication.waiting:
        note(f"{missing.role} {missing.version} still needs {missing.needed} of {', '.join(missing.could_sign)}")


# ---------------------------------------------------------------- looking


@command.command("show")
@folder_option
@json_option
@telling
def show(folder: Path, as_json: bool) -> None:
    """Show members, keys and ends as published."""
    from connector.directory.keyring import label_of
    from connector.directory.publishing import root_fingerprint
    from connector.directory.roster import roster

    published = workspace_of(folder).needs_published()
    verified, root = published.verified(now(), check_expiry=False), published.root
    listed = roster(verified, now(), grace_seconds=10**9)
    members = [
        {"id": m.id.value, "name": m.name, "status": m.status.value, "endpoint": m.endpoint, "size_class": m.size_class}
        for m in listed.members.values()
    ]
    keys = [
        {"role": name, "threshold": role.threshold, "keys": [label_of(root.keys[keyid]) for keyid in role.keyids]}
        for name, role in root.roles.items()
    ]
    ends = {role: rfc3339(at) for role, at in verified.ends.items()}
    findings = [str(finding) for finding in (*verified.findings, *listed.findings)]
    screen = Screen(as_json=as_json)
    fingerprint = root_fingerprint(published.roots[-1])
    if as_json:
        screen.result(
            {"version": verified.version, "root_fingerprint": fingerprint, "ends": ends, "keys": keys}
            | {"members": members, "findings": findings}
        )
        return
    screen.facts((("version", verified.version), ("root fingerprint", fingerprint)))
    rows: list[dict[str, Any]] = keys
    screen.table(
        ("role", "needs", "keys", "ends"),
        [(row["role"], row["threshold"], ", ".join(row["keys"]), ends.get(row["role"])) for row in rows],
    )
    screen.table(("member", "name", "status", "endpoint", "size"), [tuple(member.values()) for member in members])
    for finding in findings:
        note(finding)


@command.command("duty")
@folder_option
@json_option
@telling
def duty(folder: Path, as_json: bool) -> None:
    """Say what ends when, what waits, and who must sign."""
    from connector.directory.duty import duties

    found_ = duties(workspace_of(folder), now())
    screen = Screen(as_json=as_json)
    rows = [(rfc3339(d.until) if d.until is not None else "now", d.what, d.who, d.how) for d in found_]
    if as_json:
        screen.result([dict(zip(("until", "what", "who", "how"), row, strict=True)) for row in rows])
        return
    screen.table(("until", "what", "who", "how"), rows)


def _tell_pending(folder: Path) -> None:
    for missing in workspace_of(folder).missing():
        signed = f", signed by {', '.join(missing.signed)}" if missing.signed else ""
        if missing.needed:
            what = f"needs {missing.needed} more of {', '.join(missing.could_sign)}"
        else:
            what = "has its signatures: federation publish"
        click.echo(f"pending: {missing.role} {missing.version} {what}{signed}")


def _add_member_commands() -> None:
    from connector.cli import federation_member

    for each in federation_member.COMMANDS:
        command.add_command(each)


_add_member_commands()
