"""`people`: who may sign in at this connector, as what, and until when; with a yearly review to sign."""

from pathlib import Path
from typing import Any, Final

import click

from connector.cli.faults import Exit
from connector.cli.options import Call, api_options, ask, choice
from connector.cli.people_import import import_people, read_subject
from connector.core.mandate import AuthLevel
from connector.core.people import Role, Standing

URL: Final = "/api/v1/people"
_BY: Final = click.option("--by", required=True, help="Who does this: name and function.")
_PERSON: Final = click.argument("person", metavar="ID")
_HINT: Final = "How a provider knows them: PROVIDER=IDENTIFIER, as often as needed."


@click.group("people")
def command() -> None:
    """Keep the list of people who may sign in."""


@command.command("list")
@click.option("--standing", type=choice(Standing), help="Only people of this standing.")
@api_options
def list_(call: Call, /, *, standing: str | None) -> None:
    """List the people of this service."""
    page = ask(call, "GET", URL)
    items = [person for person in page["items"] if standing in {None, person["standing"]}]
    if call.screen.as_json:
        call.screen.result({"items": items})
        return
    call.screen.table(
        ["person", "name", "roles", "practitioner", "standing", "last day"],
        [(p["id"], p["name"], " ".join(p["roles"]), p["practitioner"], p["standing"], p["ends_on"]) for p in items],
    )


@command.command("show")
@_PERSON
@api_options
def show(call: Call, /, *, person: str) -> None:
    """Show one person."""
    _show(call, ask(call, "GET", f"{URL}/{person}"))


@command.command("add")
@click.option("--name", required=True, help="Name, as mandates and pages show it.")
@click.option("--role", "roles", type=choice(Role), multiple=True, required=True, help="What they may do; repeatable.")
@click.option("--practitioner", metavar="PS_IDNAT", help="8 and the RPPS number, for physician, nurse and intern.")
@click.option("--subject", "subjects", metavar="PROVIDER=ID", multiple=True, help=_HINT)
@click.option(
    "--vouched-level",
    type=choice(AuthLevel),
    default="low",
    show_default=True,
    help="Login level believed of a vendor's software that speaks for them.",
)
@click.option("--ends-on", metavar="DAY", help="Last day that counts (YYYY-MM-DD).")
@_BY
@api_options
def add(call: Call, /, *, subjects: tuple[str, ...], roles: tuple[str, ...], **given: Any) -> None:  # noqa: ANN401
    """Add a person."""
    body = given | {"roles": list(roles), "subjects": [read_subject(text) for text in subjects]}
    _show(call, ask(call, "POST", URL, {name: value for name, value in body.items() if value is not None}))


@command.command("change")
@_PERSON
@click.option("--name", help="Another name.")
@click.option("--role", "roles", type=choice(Role), multiple=True, help="All their roles from now on; repeatable.")
@click.option("--practitioner", metavar="PS_IDNAT", help="Another practitioner id; empty takes it away.")
@click.option("--subject", "subjects", metavar="PROVIDER=ID", multiple=True, help=f"All of them. {_HINT}")
@click.option("--vouched-level", type=choice(AuthLevel), help="Login level believed of a vendor's software.")
@_BY
@api_options
def change(call: Call, /, *, person: str, subjects: tuple[str, ...], roles: tuple[str, ...], **given: Any) -> None:  # noqa: ANN401
    """Change what is given; the rest stays."""
    body = given | {
        "roles": list(roles) or None,
        "subjects": [read_subject(text) for text in subjects] or None,
    }
    stated = {name: value for name, value in body.items() if value is not None}
    _show(call, ask(call, "POST", f"{URL}/{person}/change", stated))


@command.command("suspend")
@_PERSON
@_BY
@api_options
def suspend(call: Call, /, *, person: str, by: str) -> None:
    """Let a person do nothing from now on, in open sessions and running fetches too."""
    _show(call, ask(call, "POST", f"{URL}/{person}/suspend", {"by": by}))


@command.command("resume")
@_PERSON
@_BY
@api_options
def resume(call: Call, /, *, person: str, by: str) -> None:
    """Let a suspended person go on."""
    _show(call, ask(call, "POST", f"{URL}/{person}/resume", {"by": by}))


@command.command("end")
@_PERSON
@click.option("--on", "ends_on", metavar="DAY", help="Last day that counts (YYYY-MM-DD); without it, no end.")
@_BY
@api_options
def end(call: Call, /, *, person: str, ends_on: str | None, by: str) -> None:
    """Set the last day of a person, or take it away."""
    _show(call, ask(call, "POST", f"{URL}/{person}/end", {"by": by, "ends_on": ends_on}))


@command.command("enrol")
@_PERSON
@_BY
@api_options
def enrol(call: Call, /, *, person: str, by: str) -> None:
    """Make a one-time code by which a person makes a local account; it also replaces one whose factor is lost."""
    made = ask(call, "POST", f"{URL}/{person}/enrol", {"by": by})
    if call.screen.as_json:
        call.screen.result(made)
        return
    call.screen.say(made["code"])
    click.echo(
        f"Hand it over in person: good once, until {made['ends_at']}, on the page {call.target.url}/enrol", err=True
    )


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Only say what would be kept.")
@_BY
@api_options
@click.pass_context
def import_(ctx: click.Context, call: Call, /, *, file: Path, dry_run: bool, by: str) -> None:
    """Add people from a CSV, all right lines of it, and tell line by line.

    The first line names the columns: name and roles, and of practitioner, subject, ends_on those that are needed.
    """
    report = import_people(call, file, by=by, dry_run=dry_run)
    if call.screen.as_json:
        call.screen.result(report.to_json())
    else:
        call.screen.table(["line", "result", "what"], [(line.line, line.result, line.what) for line in report.results])
        call.screen.say(report.summary())
    if not report.is_right:
        ctx.exit(Exit.REFUSED)


@command.command("review")
@click.option("--note", default="", help="A word that is kept with the signature.")
@click.option("--yes", is_flag=True, help="Sign for everybody listed without asking one by one.")
@_BY
@api_options
def review(call: Call, /, *, note: str, yes: bool, by: str) -> None:
    """Go through everybody who may do something here, suspend who should not, and sign; once a year at least."""
    people = [person for person in ask(call, "GET", URL)["items"] if person["standing"] == Standing.ACTIVE]
    confirmed: list[str] = []
    for person in people:
        line = f"{person['name']} ({', '.join(person['roles'])}), until {person['ends_on'] or 'further notice'}"
        if yes or click.confirm(f"{line}: may they go on?", default=None, err=True):
            confirmed.append(person["id"])
        else:
            ask(call, "POST", f"{URL}/{person['id']}/suspend", {"by": by})
    signed = ask(call, "POST", f"{URL}/review", {"by": by, "confirmed": confirmed, "note": note})
    if call.screen.as_json:
        call.screen.result(signed | {"suspended": len(people) - len(confirmed)})
    else:
        call.screen.say(f"Signed: {signed['confirmed']} confirmed, {len(people) - len(confirmed)} suspended.")


def _show(call: Call, person: dict[str, Any]) -> None:
    if call.screen.as_json:
        call.screen.result(person)
        return
    call.screen.facts(
        [
            ("person", person["id"]),
            ("name", person["name"]),
            ("roles", ", ".join(person["roles"])),
            ("practitioner", person["practitioner"]),
            ("subjects", ", ".join(f"{one['provider']}={one['id']}" for one in person["subjects"])),
            ("vouched level", person["vouched_level"]),
            ("standing", person["standing"]),
            ("last day", person["ends_on"]),
            ("suspended", person["suspended_at"]),
            ("local account", "yes" if person["local_account"] else "no"),
        ]
    )
