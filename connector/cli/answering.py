"""`answering`: whether this service answers other members; what it asks itself goes on."""

from typing import Any

import click

from connector.cli.options import Call, api_options, ask, choice
from connector.core.measures import PauseReason


@click.group("answering")
def command() -> None:
    """Pause and resume this service's answers to others; its own fetches go on."""


@command.command("show")
@api_options
def show(call: Call, /) -> None:
    """Show whether it answers."""
    _tell(call, ask(call, "GET", "/api/v1/answering"))


@command.command("pause")
@click.option("--reason", type=choice(PauseReason), required=True, help="Why; it stands in the journal.")
@api_options
def pause(call: Call, /, *, reason: str) -> None:
    """Answer nobody from now on, also after a restart: others are told that this service could not look.

    A document that is being sent is sent to its end.
    """
    _tell(call, ask(call, "POST", "/api/v1/answering/pause", {"reason": reason}))


@command.command("resume")
@api_options
def resume(call: Call, /) -> None:
    """Answer again."""
    _tell(call, ask(call, "POST", "/api/v1/answering/resume"))


def _tell(call: Call, found: dict[str, Any]) -> None:
    if call.screen.as_json:
        call.screen.result(found)
    elif found["paused"]:
        click.echo(f"Paused since {found['since']} ({found['reason']}, by {found['by']}): nobody is answered.")
    else:
        click.echo("This service answers.")
