"""Commands on identities that the connector keeps: `identity keep`, `qualify`, `show`, `find`, `move`."""

from typing import Any

import click

from connector.cli.faults import Exit
from connector.cli.identity_input import (
    TRAITS,
    ask_traits,
    decided_by,
    document_of,
    read_object,
    with_document,
    with_reason,
)
from connector.cli.options import Call, api_options, ask, choice
from connector.cli.worker import ask_worker
from connector.core.identity import IdentityAttribute
from connector.local.words import Language
from connector.vigilance.desk import Wish

_PATH = "/api/v1/identities"
_traits = click.option("--traits", type=click.Choice(["-"]), help="Read the traits as JSON from standard input.")
_accept = click.option(
    "--accept", multiple=True, type=click.Choice(TRAITS), help="A trait of INSi that differs and is accepted."
)


@click.command("keep")
@_traits
@click.option("--attribute", type=choice(IdentityAttribute), help="Where it is marked from the beginning.")
@decided_by
@with_reason
@api_options
def keep(call: Call, /, *, traits: str | None, **given: Any) -> None:  # noqa: ANN401 - click's options
    """Keep a provisional identity, for a software that cannot keep statuses itself."""
    _show(call, _keep(call, traits, given))


@click.command("qualify")
@click.argument("identity", metavar="[ID]", required=False)
@_traits
@_accept
@with_document
@decided_by
@with_reason
@api_options
@click.pass_context
def qualify(
    context: click.Context,
    call: Call,
    /,
    *,
    identity: str | None,
    traits: str | None,
    accept: tuple[str, ...],
    **given: Any,  # noqa: ANN401 - click's options
) -> None:
    """Qualify an identity: INSi's answer, and a document of high trust that was seen.

    Without ID a new one is kept, from traits that are typed or read. It stays as far as the evidence carries it; when
    INSi is down or knows nobody, it is told why and what to do, and the same ID goes on from there.
    """
    document = document_of(given)
    if document is None:
        raise click.UsageError("--document is needed: which document of high trust was seen")
    found = ask(call, "GET", f"{_PATH}/{identity}") if identity else _keep(call, traits, given | {"attribute": None})
    path, decision = f"{_PATH}/{found['id']}/moves", {"by": given["by"], "reason": given["reason"]}
    click.echo(f"identity {found['id']}: {found['status']}", err=True)
    if found["status"] in {"PROV", "VALI"}:
        body = decision | {"move": "recover", "accepting": list(accept)}
        found = ask(call, "POST", path, body, long=True)
    if found["status"] == "RECUP":
        found = ask(call, "POST", path, decision | {"move": "validate", "document": document})
    _show(call, found)
    context.exit(Exit.OK if found["status"] == "QUAL" else Exit.FAILED)


@click.command("show")
@click.argument("identity", metavar="ID")
@api_options
def show(call: Call, /, *, identity: str) -> None:
    """Show a kept identity, with everything that moved its status."""
    _show(call, ask(call, "GET", f"{_PATH}/{identity}"))


@click.command("find")
@click.option("--ins", type=click.Choice(["-"]), help="Read matricule and oid as JSON from standard input.")
@api_options
def find(call: Call, /, *, ins: str | None) -> None:
    """List the kept identities that bear an INS, which is asked for."""
    asked = read_object("--ins", '{"matricule": …}') if ins else ask_worker(Language(call.language), only_ins=True)
    page = ask(call, "POST", f"{_PATH}/search", asked)
    if call.screen.as_json:
        call.screen.result(page)
        return
    rows = [
        (i["id"], i["status"], ", ".join(i["attributes"]), i["verified_on"], i["created_at"]) for i in page["items"]
    ]
    call.screen.table(["identity", "status", "marks", "verified on", "since"], rows)


@click.command("move")
@click.argument("identity", metavar="ID")
@click.argument("wish", metavar="MOVE", type=choice(Wish))
@_traits
@_accept
@click.option("--attribute", type=choice(IdentityAttribute), help="To mark or unmark.")
@with_document
@decided_by
@with_reason
@api_options
def move(
    call: Call,
    /,
    *,
    identity: str,
    wish: str,
    traits: str | None,
    accept: tuple[str, ...],
    attribute: str | None,
    **given: Any,  # noqa: ANN401 - click's options
) -> None:
    """Move the status of a kept identity.

    MOVE is recover, validate, verify, refresh-matricule, change-traits, mark, unmark or withdraw; docs/insi.md has the
    statuses. Marked douteux or fictif an identity is provisional, and INSi is not called for it.
    """
    body: dict[str, Any] = {"move": wish, "by": given["by"], "reason": given["reason"], "accepting": list(accept)}
    body |= {"attribute": attribute, "document": document_of(given)}
    if wish == Wish.CHANGE_TRAITS:
        body["traits"] = _traits_of(call, traits)
    _show(call, ask(call, "POST", f"{_PATH}/{identity}/moves", body, long=True))


def _keep(call: Call, traits: str | None, given: dict[str, Any]) -> dict[str, Any]:
    body = {name: given[name] for name in ("by", "reason", "attribute")}
    return ask(call, "POST", _PATH, body | {"traits": _traits_of(call, traits)})


def _traits_of(call: Call, given: str | None) -> dict[str, Any]:
    return read_object("--traits", '{"birth_name": …}') if given else ask_traits(Language(call.language))


def _show(call: Call, found: dict[str, Any]) -> None:
    if call.screen.as_json:
        call.screen.result(found)
        return
    ins = found["ins"] or {}
    call.screen.facts(
        [
            ("identity", found["id"]),
            ("status", f"{found['status']} {', '.join(found['attributes'])}".strip()),
            ("INS", ins.get("matricule")),
            *((name.replace("_", " "), value) for name, value in found["traits"].items()),
            ("verified on", found["verified_on"]),
            ("meaning", found["text"]),
            ("next", found["next"]),
        ]
    )
    call.screen.table(
        ["at", "move", "from", "to", "by", "reason", "document"],
        [
            (m["at"], m["kind"], m["before"], m["after"], m["by"], m["reason"], (m["document"] or {}).get("kind"))
            for m in found["moves"]
        ],
    )
