"""Whom `adapter check` asks about: workers that a person names at a prompt or on standard input, never as arguments.

Beside the INS, what that person sees in the software: the day of the newest act, when it was recorded, and what is
special about the worker's records, so that the cases that are easily got wrong are compared with the real thing.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import click

from connector.cli.faults import Exit, Fault
from connector.cli.text import clean
from connector.cli.worker import MAX_INPUT, need_terminal
from connector.contract.newest import NewestCase
from connector.contract.strangers import oid_of, strangers
from connector.core.days import Day
from connector.core.errors import IdentityFault
from connector.core.fault_words import Language
from connector.core.instant import Instant
from connector.core.matricule import Ins, Matricule
from connector.core.oid import Environment, InsOid
from connector.core.private import Private

MOST_WORKERS: Final = 8
_FRANCE: Final = ZoneInfo("Europe/Paris")
_FORM: Final = '{"known": [{"matricule": …, "newest": "2025-05-13"}], "unknown": [{"matricule": …}]}'
_ASKED: Final[dict[Language, dict[str, str]]] = {
    "en": {
        "needed": "the INS of a worker or two",
        "by-json": "give them as JSON on standard input: --workers -",
        "best": "It is best to name: one with a large document, one who objects, and for each of {cases} one with such "
        "records.",
        "known": "INS of known worker {place}",
        "more": "INS of known worker {place} (empty: no more)",
        "stranger": "INS of a worker whom it does not hold (empty: one that belongs to nobody)",
        "case": "What is special about the records ({cases}, empty: nothing)",
        "newest": "Day of the newest act that you see in your software, and for two of one day when it was recorded "
        "(YYYY-MM-DD or YYYY-MM-DDTHH:MM, empty: not compared)",
        "no-day": "expected a day as 2025-05-13, or with the time as 2025-05-13T17:05",
        "no-ins": "matricule: expected 13 characters and the key",
        "unread": "standard input: a worker cannot be read",
        "none": "standard input: holds no workers",
        "give": "give ",
    },
    "fr": {
        "needed": "l'INS d'un ou deux salariés",
        "by-json": "donnez-les en JSON sur l'entrée standard : --workers -",
        "best": "Le mieux est de nommer : un salarié avec un gros document, un qui s'oppose, et pour chacun de {cases} "
        "un salarié avec de tels dossiers.",
        "known": "INS du salarié connu {place}",
        "more": "INS du salarié connu {place} (vide : c'est tout)",
        "stranger": "INS d'un salarié que le logiciel ne connaît pas (vide : un INS qui n'est à personne)",
        "case": "Ce que ses dossiers ont de particulier ({cases}, vide : rien)",
        "newest": "Jour du dernier acte que vous voyez dans votre logiciel, et pour deux d'un même jour l'heure de "
        "l'enregistrement (AAAA-MM-JJ ou AAAA-MM-JJTHH:MM, vide : pas comparé)",
        "no-day": "un jour est attendu, comme 2025-05-13, ou avec l'heure : 2025-05-13T17:05",
        "no-ins": "ce n'est pas un INS : 13 caractères et la clé sont attendus, et un OID connu",
        "unread": "entrée standard : un salarié ne peut pas être lu",
        "none": "entrée standard : elle ne contient aucun salarié",
        "give": "donnez ",
    },
}


@dataclass(frozen=True, slots=True, repr=False)
class Workers(Private):
    """Whom the kit asks about, and, by place, what a person sees of the records of each."""

    known: tuple[Ins, ...]
    unknown: tuple[Ins, ...]
    newest: dict[int, Day]
    recorded: dict[int, Instant]
    cases: dict[int, NewestCase]


def ask_workers(environment: Environment, language: Language) -> Workers:
    """Ask for them, one after the other.

    Raises:
        Fault: nobody is there to be asked.
    """
    words = _ASKED[language]
    need_terminal(words["needed"], words["by-json"], language)
    click.echo(words["best"].format(cases=", ".join(NewestCase)), err=True)
    known: list[Ins] = []
    workers = Workers((), (), {}, {}, {})
    while len(known) < MOST_WORKERS:
        place = len(known) + 1
        question = words["more" if known else "known"].format(place=place)
        ins = _prompt_ins(question, environment, language)
        if ins is None:
            if known:
                break
            continue
        known.append(ins)
        _prompt_newest(workers, place, words)
    stranger = _prompt_ins(words["stranger"], environment, language)
    return replace(workers, known=tuple(known), unknown=(stranger,) if stranger else strangers(environment))


def _prompt_ins(question: str, environment: Environment, language: Language) -> Ins | None:
    while True:
        text: str = click.prompt(question, default="", show_default=False, err=True)
        if not text.strip():
            return None
        try:
            return Ins(Matricule.parse(text), oid_of(environment))
        except IdentityFault as fault:
            click.echo(clean(fault) if language == "en" else _ASKED[language]["no-ins"], err=True)


def _prompt_newest(workers: Workers, place: int, words: Mapping[str, str]) -> None:
    """Ask what is seen of this worker's records; each answer may be left out."""
    choices = click.Choice(["", *NewestCase])
    said = click.prompt(
        f"  {words['case'].format(cases=', '.join(NewestCase))}",
        default="", show_default=False, show_choices=False, type=choices, err=True,
    )  # fmt: skip
    if said:
        workers.cases[place] = NewestCase(said)
    while True:
        text: str = click.prompt(f"  {words['newest']}", default="", show_default=False, err=True)
        if not text.strip():
            return
        try:
            _take_newest(workers, place, text.strip())
        except (IdentityFault, ValueError):
            click.echo(words["no-day"], err=True)
        else:
            return


def _take_newest(workers: Workers, place: int, text: str) -> None:
    day, _, time = text.partition("T")
    workers.newest[place] = Day.parse(day)
    if time:
        when = datetime.strptime(text, "%Y-%m-%dT%H:%M").replace(tzinfo=_FRANCE)
        workers.recorded[place] = Instant(int(when.timestamp()))


def read_workers(environment: Environment, language: Language) -> Workers:
    """Read `{"known": [{"matricule", "oid"?, "newest"?, "case"?}], "unknown": [{"matricule", "oid"?}]}`.

    Raises:
        Fault: standard input is no such JSON; nothing of it is repeated.
    """
    words = _ASKED[language]
    try:
        given = json.loads(sys.stdin.read(MAX_INPUT))
        known, unknown = list(given["known"]), list(given.get("unknown", ()))
        if not known:
            raise ValueError
        others = _many(unknown, environment) or strangers(environment)
        workers = Workers(_many(known, environment), others, {}, {}, {})
        for place, one in enumerate(known, 1):
            if one.get("newest"):
                _take_newest(workers, place, one["newest"])
            if one.get("case"):
                workers.cases[place] = NewestCase(one["case"])
        return workers
    except IdentityFault as fault:
        why = fault.message if language == "en" else words["no-ins"]
        raise Fault(words["unread"], why=why, status=Exit.USAGE) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Fault(words["none"], do=words["give"] + _FORM, status=Exit.USAGE) from None


def _many(given: Sequence[Any], environment: Environment) -> tuple[Ins, ...]:
    return tuple(
        Ins(Matricule.parse(one["matricule"]), InsOid.parse(one["oid"]) if "oid" in one else oid_of(environment))
        for one in given
    )
