"""The part of `spsti-connector federation` by which operators change the list: joining, leaving, import, suspension."""

from pathlib import Path
from typing import Final

import click

from connector.cli.faults import Fault
from connector.cli.federation_folder import (
    FILE,
    folder_option,
    keys_option,
    member_of,
    now,
    password_of,
    password_option,
    tell_pending,
    telling,
    workspace_of,
)
from connector.cli.screen import Screen
from connector.core.instant import Instant, rfc3339

_REASONS: Final = ("key-stolen", "enumeration", "misbehaviour", "at-its-request", "precaution")


@click.command("add-member")
@folder_option
@click.argument("request", type=FILE)
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
    tell_pending(folder)


@click.command("remove-member")
@folder_option
@click.argument("member")
@click.option("--successor", help="The member that takes over.")
@telling
def remove_member(folder: Path, member: str, successor: str | None) -> None:
    """Let a member leave. It stays in the list as left, with its keys, for evidence."""
    from connector.directory import ceremony

    heir = member_of(folder, successor) if successor else None
    ceremony.remove_member(workspace_of(folder), member_of(folder, member), heir, now())
    tell_pending(folder)


@click.command("import")
@folder_option
@click.argument("file", type=FILE)
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
    tell_pending(folder)


# ---------------------------------------------------------------- suspensions


@click.command("suspend")
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
    signer = suspending.seated(workspace, signers_in(places, password_of(password_file, "Password of the keys")))
    operator = suspending.suspend(workspace, member_of(folder, member), Reason(reason), signer, at)
    click.echo(f"Signed by {operator}. Next: federation publish, or leave it to a publisher.")
    click.echo(f"By itself it ends at {rfc3339(Instant(at + 7 * 86_400))}: federation confirm-suspension {member}")


@click.command("confirm-suspension")
@folder_option
@click.argument("member")
@telling
def confirm_suspension(folder: Path, member: str) -> None:
    """Let a suspension stay until the operators lift it."""
    from connector.directory import suspending

    suspending.confirm_suspension(workspace_of(folder), member_of(folder, member), now())
    tell_pending(folder)


@click.command("lift-suspension")
@folder_option
@click.argument("member")
@telling
def lift_suspension(folder: Path, member: str) -> None:
    """Let a suspended member take part again, whoever suspended it."""
    from connector.directory import suspending

    suspending.lift_suspension(workspace_of(folder), member_of(folder, member), now())
    tell_pending(folder)


COMMANDS: Final = (add_member, remove_member, import_list, suspend, confirm_suspension, lift_suspension)
