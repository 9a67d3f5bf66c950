"""`spsti-connector federation`: the tools of those who run a federation, and the file with which a service joins one.

Two people with two USB keys can do all of it: whatever needs several signatures waits in a folder that is carried from
one to the other. What is decided, and how it is checked, is in `connector.directory`; here are options and words.
"""

from pathlib import Path
from typing import Any

import click

from connector.cli import federation_list, federation_member, federation_publishing
from connector.cli.faults import Fault
from connector.cli.federation_folder import (
    ENVIRONMENT,
    FILE,
    PATH,
    folder_option,
    json_option,
    keys_option,
    member_of,
    now,
    password_of,
    password_option,
    tell_pending,
    telling,
    workspace_of,
)
from connector.cli.screen import Screen, note
from connector.core.instant import rfc3339
from connector.core.oid import Environment


@click.group("federation")
def command() -> None:
    """Found and run a federation: members, suspensions, keys, publication. Joining one: join-request."""


# ---------------------------------------------------------------- keys and founding


@command.command("key")
@click.option("--to", "folder", type=PATH, required=True, help="Folder to write to: the USB key.")
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
@click.option("--environment", type=ENVIRONMENT, required=True, help="production or test.")
@click.option("--root-key", "root_keys", type=FILE, multiple=True, required=True, help="*.pub.json; may be repeated.")
@click.option("--root-threshold", type=int, default=3, show_default=True, help="Signatures that a root needs.")
@click.option("--targets-key", "targets_keys", type=FILE, multiple=True, required=True, help="May be repeated.")
@click.option("--targets-threshold", type=int, default=2, show_default=True, help="Signatures that a list needs.")
@click.option("--publisher-key", "publisher_keys", type=FILE, multiple=True, required=True, help="May be repeated.")
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
    tell_pending(folder)


# ---------------------------------------------------------------- keys


@command.command("rotate-key")
@folder_option
@click.option("--old", help="Label of the operator's or publisher's key that goes.")
@click.option("--member", help="Member whose entry key is replaced, instead of --old.")
@click.option("--new", type=FILE, required=True, help="*.pub.json of the key that comes.")
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
    tell_pending(folder)


@command.command("renew")
@folder_option
@click.argument("role", type=click.Choice(["root", "targets"]))
@telling
def renew(folder: Path, role: str) -> None:
    """Prepare root or targets to be signed again before their end, unchanged."""
    from connector.directory import rotation

    rotation.renew(workspace_of(folder), role, now())
    tell_pending(folder)


# ---------------------------------------------------------------- signing and publishing


@command.command("diff")
@folder_option
@telling
def diff(folder: Path) -> None:
    """Show what the pending documents would change: what is read before signing."""
    from connector.directory.duty import differences

    for line in differences(workspace_of(folder), now()) or ["nothing is pending"]:
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
    lines = differences(workspace, now())
    for line in lines:
        Screen().say(line)
    if not yes:
        click.confirm("Is this what was decided?", abort=True)
    signers = signers_in(places, password_of(password_file, "Password of the keys"))
    if differences(workspace, now()) != lines:
        raise Fault("what is pending has changed since it was shown; nothing was signed", do="read it again")
    for what in workspace.sign(signers):
        click.echo(f"signed: {what}")
    for signer in signers:
        for suspension in renew_seat(workspace, signer, now()):
            until = rfc3339(suspension.until)
            click.echo(f"signed by its new key: suspension of {suspension.member} ({suspension.reason}) until {until}")
    tell_pending(folder)


@command.command("give-up")
@folder_option
@telling
def give_up(folder: Path) -> None:
    """Throw the pending documents away; what is published stays as it is."""
    workspace = workspace_of(folder)
    with workspace.changing():
        workspace.drop_pending()
    click.echo("Nothing is pending now.")


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


for _each in (*federation_list.COMMANDS, *federation_publishing.COMMANDS, *federation_member.COMMANDS):
    command.add_command(_each)
