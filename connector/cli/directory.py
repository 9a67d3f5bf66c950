"""`directory`: the member directory of the running connector, shown or asked for anew."""

from typing import Any

import click

from connector.cli.faults import Exit
from connector.cli.options import Call, api_options, ask


@click.group("directory")
def command() -> None:
    """Show the member directory in force, or ask for a newer one."""


@command.command("show")
@api_options
def show(call: Call, /) -> None:
    """Show its version, how long it may be relied on, what is left out of it, and this service's own blocks."""
    found = ask(call, "GET", "/api/v1/directory")
    if call.screen.as_json:
        call.screen.result(found)
        return
    _tell(call, found)


@command.command("refresh")
@api_options
@click.pass_context
def refresh(context: click.Context, call: Call, /) -> None:
    """Ask the copies now, instead of within a quarter of an hour.

    The exit status is 0 when a directory is in force, else 1.
    """
    found = ask(call, "POST", "/api/v1/directory/refresh", long=True)
    if call.screen.as_json:
        call.screen.result(found)
    else:
        click.echo("A newer version is in force." if found["changed"] else "No newer version.")
        call.screen.table(
            ["copy passed over", "why", "detail"],
            [(row["source"], row["refusal"], row["detail"]) for row in found["refused"]],
        )
        _tell(call, found["directory"])
    context.exit(Exit.FAILED if found["directory"]["freshness"] == "closed" else Exit.OK)


def _tell(call: Call, directory: dict[str, Any]) -> None:
    members = ", ".join(f"{count} {status}" for status, count in directory["members"].items())
    call.screen.facts(
        [
            ("version", directory["version"]),
            ("signed", "by a federation" if directory["signed"] else "no: a local file"),
            ("state", f"{directory['freshness']}{': ' if directory['message'] else ''}{directory['message']}"),
            ("ends", directory["ends_at"] or "-"),
            ("copies answered", directory["refreshed_at"] or "-"),
            ("copies that can be asked", "-" if directory["copies"] is None else directory["copies"]),
            ("members", members or "none"),
            *(("left out", finding) for finding in directory["findings"]),
            *(("differs", difference) for difference in directory["differences"]),
        ]
    )
    call.screen.table(
        ["blocked here", "name", "reason", "since", "by"],
        [(b["member"], b["name"], b["reason"], b["since"], b["by"]) for b in directory["blocks"]],
    )
