"""`proposals`: what takes two people waits here for the second, who calls with an API key of their own."""

from typing import Any, Final

import click

from connector.cli.options import Call, api_options, ask

URL: Final = "/api/v1/proposals"
_BY: Final = click.option("--by", required=True, help="Who does this: name and function.")


def propose(call: Call, body: dict[str, Any]) -> None:
    """Propose something, and say how it goes on."""
    proposal = ask(call, "POST", URL, body)
    if call.screen.as_json:
        call.screen.result(proposal)
        return
    _table(call, [proposal])
    click.echo(
        f"A second person, with another API key, within a day: "
        f'spsti-connector proposals confirm {proposal["id"]} --by "NAME, FUNCTION"',
        err=True,
    )


@click.group("proposals")
def command() -> None:
    """List, confirm and withdraw what takes two people."""


@command.command("list")
@api_options
def list_(call: Call, /) -> None:
    """List what waits for a second person."""
    page = ask(call, "GET", URL)
    if call.screen.as_json:
        call.screen.result(page)
    else:
        _table(call, page["items"])


@command.command("confirm")
@click.argument("proposal", metavar="ID")
@_BY
@api_options
def confirm(call: Call, /, *, proposal: str, by: str) -> None:
    """Confirm, as a second person; it is done at once."""
    done = ask(call, "POST", f"{URL}/{proposal}/confirm", {"by": by}, long=True)
    if call.screen.as_json:
        call.screen.result(done)
        return
    call.screen.facts([("done", done["proposal"]["kind"]), *done["result"].items()])


@command.command("withdraw")
@click.argument("proposal", metavar="ID")
@_BY
@api_options
def withdraw(call: Call, /, *, proposal: str, by: str) -> None:
    """Take a proposal back."""
    taken = ask(call, "POST", f"{URL}/{proposal}/withdraw", {"by": by})
    if call.screen.as_json:
        call.screen.result(taken)
    else:
        _table(call, [taken])


def _table(call: Call, proposals: list[dict[str, Any]]) -> None:
    call.screen.table(
        ["proposal", "kind", "about", "by", "reason", "until"],
        [
            (
                p["id"],
                p["kind"],
                " ".join(str(value) for value in p["subject"].values()),
                p["by"],
                p["reason"],
                p["expires_at"],
            )
            for p in proposals
        ],
    )
