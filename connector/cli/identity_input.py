"""What the commands of `identity` ask for: traits at the keyboard or on standard input, who decides, the document."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from connector.cli.options import choice
from connector.cli.worker import ask_parts, need_terminal
from connector.cli.worker import read_worker as _read_json
from connector.core.identity_rules import DocumentKind, Nationality
from connector.local.words import Language

F = TypeVar("F", bound=Callable[..., Any])

TRAITS = ("birth_name", "birth_given_names", "sex", "birth_date", "birth_place")


def decided_by(command: F) -> F:
    """Give a command the option of who asks or decides."""
    text = "Who asks: an account of your service or a PS_IdNat, never a name."
    return click.option("--by", required=True, metavar="WHO", help=text)(command)


def with_reason(command: F) -> F:
    """Give a command the option of the reason."""
    return click.option("--reason", required=True, help="Why; it is kept with the decision.")(command)


def with_document(command: F) -> F:
    """Give a command the options of the document that was seen."""
    command = click.option("--further-proof", default="", help="What was seen beside a birth record or family book.")(
        command
    )
    command = click.option("--seen-on", metavar="DAY", help="When it was seen (YYYY-MM-DD).")(command)
    command = click.option("--nationality", type=choice(Nationality), help="Of the holder.")(command)
    return click.option("--document", type=choice(DocumentKind), help="The document of high trust that was seen.")(
        command
    )


def document_of(given: dict[str, Any]) -> dict[str, Any] | None:
    """Give the document that was stated, or None.

    Raises:
        UsageError: a part of it is missing.
    """
    if given["document"] is None:
        return None
    if not given["nationality"] or not given["seen_on"]:
        raise click.UsageError("--document needs --nationality and --seen-on")
    return {
        "kind": given["document"],
        "nationality": given["nationality"],
        "seen_on": given["seen_on"],
        "further_proof": given["further_proof"],
    }


def ask_traits(language: Language) -> dict[str, Any]:
    """Ask for the five strict traits.

    Raises:
        Fault: nobody is there to be asked.
    """
    need_terminal("the traits", "give them as JSON on standard input: --traits -")
    return ask_parts(TRAITS, language)


def read_object(option: str, example: str) -> dict[str, Any]:
    """Read one JSON object from standard input; the API says what of it does not fit.

    Raises:
        Fault: it is none.
    """
    return _read_json(option=option, example=example)
