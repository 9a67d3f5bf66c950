"""`identity`: INSi, the INS label, identities that are kept here, identity alerts.

An identity is typed at a prompt or read as JSON from standard input; an id of the connector's names a kept one.
"""

import sys
from typing import Any, Final

import click

from connector.cli.faults import Exit
from connector.cli.identity_alerts import alerts, to_qualify
from connector.cli.identity_input import ask_traits, decided_by, read_object
from connector.cli.identity_kept import find, keep, move, qualify, show
from connector.cli.options import Call, api_options, ask
from connector.cli.worker import ask_worker, need_terminal
from connector.local.words import Language

_INS = ("matricule", "oid")
_TRAITS = ("birth_name", "birth_given_names", "sex", "birth_date", "birth_place")
_FOUND = "00"
MAX_LABEL: Final = 1000


@click.group("identity")
def command() -> None:
    """Obtain, verify and qualify identities; handle identity alerts."""


@command.command("search")
@click.option("--traits", type=click.Choice(["-"]), help="Read the traits as JSON from standard input.")
@click.option("--vitale", type=click.Choice(["-"]), help="Read what a Vitale card says, as JSON from standard input.")
@decided_by
@click.option("--fresh", is_flag=True, help="Ask INSi even where a recent answer is kept.")
@api_options
@click.pass_context
def search(
    context: click.Context, call: Call, /, *, traits: str | None, vitale: str | None, by: str, fresh: bool
) -> None:
    """Search INSi by traits, or by what a Vitale card says. What is found is not qualified by that."""
    if traits and vitale:
        raise click.UsageError("--traits and --vitale exclude each other")
    body: dict[str, Any] = {"by": by, "fresh": fresh}
    if vitale:
        body["vitale"] = read_object("--vitale", '{"insured": …, "birth_date": …, "rank": 1}')
    else:
        body["traits"] = read_object("--traits", '{"birth_name": …}') if traits else ask_traits(Language(call.language))
    found = ask(call, "POST", "/api/v1/identity/search", body, long=True)
    if call.screen.as_json:
        call.screen.result(found)
    else:
        identity = found["identity"] or {}
        call.screen.facts((name.replace("_", " "), identity.get(name)) for name in (*_INS, *_TRAITS))
        call.screen.facts([("former", ", ".join(old["matricule"] for old in identity.get("former", ())))])
        call.screen.facts([("answer", f"{found['code']}: {found['text']}"), ("next", found["next"])])
    context.exit(Exit.OK if found["code"] == _FOUND else Exit.FAILED)


@command.command("verify")
@click.option("--worker", type=click.Choice(["-"]), help="Read INS and traits as JSON from standard input.")
@decided_by
@click.option("--fresh", is_flag=True, help="Ask INSi even where a recent answer is kept.")
@api_options
@click.pass_context
def verify(context: click.Context, call: Call, /, *, worker: str | None, by: str, fresh: bool) -> None:
    """Hold an identity against INSi. A difference names the traits, never their values, and opens an alert."""
    if worker:
        stated = read_object("--worker", '{"matricule": …, "birth_name": …}')
    else:
        stated = ask_worker(Language(call.language), only_ins=True) | ask_traits(Language(call.language))
    stated = {name: value for name, value in stated.items() if name in {*_INS, *_TRAITS}}
    body = {"by": by, "worker": stated, "fresh": fresh}
    found = ask(call, "POST", "/api/v1/identity/verify", body, long=True)
    if call.screen.as_json:
        call.screen.result(found)
    else:
        call.screen.facts(
            [
                ("result", f"{found['result']} (by {found['method']})"),
                ("verified on", found["verified_on"]),
                ("differing", ", ".join(name.replace("_", " ") for name in found["differing"])),
                ("meaning", found["text"]),
                ("next", found["next"]),
            ]
        )
    context.exit(Exit.OK if found["result"] == "agrees" else Exit.FAILED)


@command.group("label")
def label() -> None:
    """Read and write the payload of an INS label (datamatrix)."""


@label.command("read")
@click.option("--payload", type=click.Choice(["-"]), help="Read what the scanner typed from standard input.")
@api_options
def read(call: Call, /, *, payload: str | None) -> None:
    """Read a label as a scanner types it. What it says is not verified, and has no status."""
    if payload:
        text = sys.stdin.read(MAX_LABEL)
    else:
        need_terminal("the label", "give it on standard input: --payload -")
        text = click.prompt("INS label", err=True, hide_input=True)
    found = ask(call, "POST", "/api/v1/identity/label/read", {"payload": text.strip("\r\n")})
    if call.screen.as_json:
        call.screen.result(found)
    else:
        call.screen.facts((name.replace("_", " "), found[name]) for name in (*_INS, *_TRAITS))


@label.command("write")
@click.option("--worker", type=click.Choice(["-"]), help="Read the qualified identity as JSON from standard input.")
@api_options
def write(call: Call, /, *, worker: str | None) -> None:
    """Write the payload of the label of a qualified identity."""
    stated = read_object("--worker", '{"matricule": …}') if worker else ask_worker(Language(call.language))
    found = ask(call, "POST", "/api/v1/identity/label/write", {"worker": stated})
    if call.screen.as_json:
        call.screen.result(found)
    else:
        click.echo(found["payload"])


for part in (keep, qualify, show, find, move, alerts, to_qualify):
    command.add_command(part)
