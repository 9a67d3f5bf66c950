"""The synthetic workers of a sandbox federation: who they are, and which services know them.

Deterministic for a seed. All INS have the test OID (.10) and a valid key; such a number may still have the shape of a
real person's NIR. Each group of workers numbers its births within a range of its own, so that no two workers of the
federation share a matricule though every service makes only the groups that it knows.
"""

import random
from dataclasses import dataclass

from connector.core.days import Day
from connector.core.matricule import Ins, Matricule, key_of
from connector.core.oid import InsOid
from connector.core.traits import Sex, StrictTraits
from spsti_sandbox.names import (
    BIRTH_NAMES,
    COMMUNES,
    CORSICA,
    COUNTRIES,
    DIFFICULT_BIRTH_NAMES,
    FEMALE_GIVEN_NAMES,
    MALE_GIVEN_NAMES,
    OVERSEAS,
)

SERVICES = ("a", "b", "c", "d", "e")

# Order numbers of births by group: the services that know the worker.
_ORDERS = {
    "abc": range(31, 110),
    "ab": range(110, 220),
    "ac": range(220, 300),
    "bc": range(300, 380),
    "a": range(380, 520),
    "b": range(520, 660),
    "c": range(660, 800),
    "d": range(800, 900),
    "e": range(900, 1000),
}
CAST_ORDERS = range(1, 31)

# How many of a service's workers another one knows too, in thousandths.
_SHARED = {"abc": 30, "ab": 150, "ac": 80, "bc": 80}


@dataclass(frozen=True, slots=True)
class Worker:
    """One synthetic person: as INSi would know them. `index` is unique within `group`."""

    group: str
    index: int
    ins: Ins
    traits: StrictTraits
    used_name: str | None


def workers_of(service: str, count: int, *, seed: int, as_of: Day) -> list[Worker]:
    """Give that many workers of a service, those it shares with others first.

    Raises:
        ValueError: a service that is none of `SERVICES`.
    """
    if service not in SERVICES:
        msg = f"service: got {service!r}, expected one of {', '.join(SERVICES)}"
        raise ValueError(msg)
    found: list[Worker] = []
    for group, thousandths in _SHARED.items():
        if service in group:
            found.extend(_group(group, count * thousandths // 1000, seed=seed, as_of=as_of))
    found.extend(_group(service, count - len(found), seed=seed, as_of=as_of))
    return found


def _group(group: str, count: int, *, seed: int, as_of: Day) -> list[Worker]:
    rng = random.Random(f"{seed}/{group}")
    taken: set[str] = set()
    workers: list[Worker] = []
    while len(workers) < count:
        traits, month = _traits(rng, as_of)
        body = body_of(traits, month=month, order=rng.choice(_ORDERS[group]))
        if body not in taken:
            taken.add(body)
            used = rng.choice(BIRTH_NAMES) if traits.sex is Sex.FEMALE and rng.random() < 0.4 else None
            workers.append(Worker(group, len(workers), ins_of(body), traits, used))
    return workers


def body_of(traits: StrictTraits, *, month: str, order: int) -> str:
    """Give the 13 characters that such a person could bear: Corsica is 20 for births before 1976."""
    year, place = traits.birth_date.value[2:4], traits.birth_place
    if place[:2] in {"2A", "2B"} and traits.birth_date.value < "1976":
        place = "20" + place[2:]
    return f"{'1' if traits.sex is Sex.MALE else '2'}{year}{month}{place}{order:03}"


def ins_of(body: str) -> Ins:
    """Give the test INS of 13 characters."""
    return Ins(Matricule(body + key_of(body)), InsOid.TEST)


def _traits(rng: random.Random, as_of: Day) -> tuple[StrictTraits, str]:
    """Give traits and the two digits of the month that a matricule would show (ins.md 1.1)."""
    sex = Sex.MALE if rng.random() < 0.52 else Sex.FEMALE
    first_names = MALE_GIVEN_NAMES if sex is Sex.MALE else FEMALE_GIVEN_NAMES
    name = rng.choice(DIFFICULT_BIRTH_NAMES) if rng.random() < 0.12 else rng.choice(BIRTH_NAMES)
    place, is_abroad = _place(rng)
    year, number = as_of.year - rng.randint(19, 64), rng.randint(1, 12)
    born, month = f"{year}-{number:02}-{rng.randint(1, 28):02}", f"{number:02}"
    if is_abroad and rng.random() < 0.03:  # no birth record was found: year only, a fictitious month in the number
        born, month = f"{year}-00-00", f"{rng.randint(50, 99)}"
    return (
        StrictTraits.parse(
            birth_name=name,
            birth_given_names=" ".join(rng.sample(first_names, rng.choice((1, 2, 2, 3)))),
            sex=sex.value,
            birth_date=born,
            birth_place=place,
        ),
        month,
    )


def _place(rng: random.Random) -> tuple[str, bool]:
    drawn = rng.random()
    if drawn < 0.80:
        return rng.choice(COMMUNES)[0], False
    if drawn < 0.83:
        return rng.choice(CORSICA)[0], False
    if drawn < 0.86:
        return rng.choice(OVERSEAS)[0], False
    return rng.choice(COUNTRIES)[0], True
