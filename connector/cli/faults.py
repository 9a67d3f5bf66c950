"""How commands fail: exit statuses that scripts can rely on, and what is told on standard error."""

from enum import IntEnum
from typing import IO, Any

import click

from connector.cli.text import clean


class Exit(IntEnum):
    """The exit statuses; `docs/cli.md` describes each."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NO_RECORD = 3
    REFUSED = 4
    UNREACHABLE = 5
    PARTIAL = 6
    CHOICE = 7
    UNAVAILABLE = 69
    TRY_AGAIN = 75
    CONFIG = 78
    INTERRUPTED = 130


class Fault(click.ClickException):
    """What went wrong, why, and what to do."""

    def __init__(self, what: str, *, why: str = "", do: str = "", status: Exit = Exit.FAILED) -> None:
        super().__init__(what)
        self.what, self.why, self.do = what, why, do
        self.exit_code = int(status)  # type: ignore[misc]  # click reads it from the instance

    def show(self, file: IO[Any] | None = None) -> None:  # noqa: ARG002 - always to standard error
        """Tell it on standard error."""
        for head, text in (("error", self.what), ("why", self.why), ("do", self.do)):
            if text:
                click.echo(f"{head}: {clean(text)}", err=True)


def exit_of_status(status: int) -> Exit:
    """Give the exit status for an HTTP status of the local API."""
    if status in {429, 503, 504}:
        return Exit.TRY_AGAIN
    return Exit.REFUSED if 400 <= status < 500 else Exit.FAILED
