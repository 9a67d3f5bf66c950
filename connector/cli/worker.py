"""The worker's identity at the keyboard or on standard input: never an argument, where other programs could read it.

Each answer is checked as it is given, by the same rules as everywhere; what was typed is not repeated.
"""

import json
import sys
from collections.abc import Callable, Iterable
from typing import Any, Final

import click

from connector.cli.faults import Exit, Fault
from connector.cli.text import clean
from connector.core.days import BirthDate, Day
from connector.core.errors import ConnectorError
from connector.core.matricule import Matricule
from connector.core.spelling import normalise
from connector.core.traits import Sex
from connector.local.words import Language, label

MAX_INPUT: Final = 16_384
_STATUS: Final = "qualified"
_NOBODY: Final = {
    "en": ": standard input is no terminal, nobody can be asked",
    "fr": " : l'entrée standard n'est pas un terminal, personne ne peut être interrogé",
}


def _place(text: str) -> str:
    bare = text.strip().upper()
    if len(bare) != 5 or not bare.isalnum() or not bare.isascii():
        raise Fault("birth place: expected the COG code of the commune or country, 5 characters")
    return bare


_ASKED: Final[dict[str, Callable[[str], object]]] = {
    "matricule": Matricule.parse,
    "birth_name": lambda text: normalise(text, field="birth name"),
    "birth_given_names": lambda text: normalise(text, field="birth given names"),
    "sex": Sex.parse,
    "birth_date": BirthDate.parse,
    "birth_place": _place,
    "verified_on": lambda text: Day.parse(text, field="verified on"),
}


def ask_worker(language: Language, *, only_ins: bool = False) -> dict[str, Any]:
    """Ask for the identity, or for its INS only.

    Raises:
        Fault: nobody is there to be asked.
    """
    need_terminal("the worker's identity", "give it as JSON on standard input: --worker -")
    worker: dict[str, Any] = {}
    for name, parse in _ASKED.items():
        worker[name] = _ask(label(name, language), parse)
        if only_ins:
            return worker
    click.confirm(label("is_qualified", language), abort=True, err=True)
    return worker | {"status": _STATUS}


def _ask(question: str, parse: Callable[[str], object]) -> str:
    while True:
        text: str = click.prompt(question, err=True)
        try:
            parse(text)
        except ConnectorError as error:
            click.echo(clean(error), err=True)
        except Fault as fault:
            fault.show()
        else:
            return text.strip()


def ask_parts(names: Iterable[str], language: Language) -> dict[str, Any]:
    """Ask for some parts of an identity, each checked as it is given."""
    return {name: _ask(label(name, language), _ASKED[name]) for name in names}


def read_worker(
    *, option: str = "--worker", example: str = '{"matricule": …, "birth_name": …}; docs/cli.md has an example'
) -> dict[str, Any]:
    """Read one JSON object from standard input; the API says what of it does not fit.

    Raises:
        Fault: it is no JSON object.
    """
    text = sys.stdin.read(MAX_INPUT)
    try:
        worker = json.loads(text)
    except (ValueError, RecursionError):
        worker = None
    if not isinstance(worker, dict):
        raise Fault(
            "standard input: holds no JSON object",
            do=f"give {example} ({option} -)",
            status=Exit.USAGE,
        )
    return worker


def need_terminal(what: str, instead: str, language: str = "en") -> None:
    """Stop where a question would have nobody to answer it.

    Raises:
        Fault: standard input is no terminal.
    """
    if not sys.stdin.isatty():
        raise Fault(f"{what}{_NOBODY[language]}", do=instead, status=Exit.USAGE)
