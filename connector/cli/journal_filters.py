"""The filters that listing and exporting the journal share; what they mean, the local API says."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from connector.cli.options import choice
from connector.core.ledger import EntryType

_F = TypeVar("_F", bound=Callable[..., Any])


def of_entries(command: _F) -> _F:
    """Give a command the filters `--type`, `--peer`, `--outcome` and `--ref`, named as in the API's query."""
    for option in (
        click.option("--ref", metavar="ID", help="Only entries of this lookup, handover or fetch."),
        click.option("--outcome", help="Only entries with this outcome."),
        click.option("--peer", metavar="ID", help="Only entries about this member."),
        click.option(
            "--type", type=choice(EntryType), metavar="TYPE", help="Only entries of this type (asked, shown…)."
        ),
    ):
        command = option(command)
    return command
