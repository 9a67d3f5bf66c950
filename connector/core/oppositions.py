"""What a worker objects to, as the connector's own register keeps it (Code du travail R4624-45-6).

An entry is one objection of one kind, with the day on which it was lifted where it was. It is never deleted: that a
worker objected, and no longer does, is what the next reader must know.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from connector.core.codes import Code
from connector.core.days import Day
from connector.core.errors import LocalRefused
from connector.core.instant import Instant, day_in_france
from connector.core.mandate import InformationMeans
from connector.core.matricule import Ins
from connector.core.private import Private
from connector.core.records import Opposition


class OppositionKind(StrEnum):
    """The two rights of R4624-45-6; only the second keeps a record from going to another service."""

    CARE = "1"
    """1°: the correspondent physician, and professionals of this service, reading the record."""
    PEERS = "2"
    """2°: reading of the record that one service holds by another."""


class Notice(StrEnum):
    """What the vendor's software does not have yet, for the sink to take or a person to enter."""

    OBJECTION = "objection"
    LIFTING = "lifting"


@dataclass(frozen=True, slots=True, repr=False)
class Lifting(Private):
    """That the worker no longer objects: the day they said so, how, and who noted it."""

    on: Day
    means: InformationMeans
    by: str


@dataclass(frozen=True, slots=True, repr=False)
class Objection(Private):
    """One entry. `by` is a role or a PS_IdNat, never a name; `recorded_by` is the API key or the command that wrote."""

    id: str
    ins: Ins
    kind: OppositionKind
    on: Day
    means: InformationMeans
    by: str
    recorded_at: Instant
    recorded_by: str
    lifted: Lifting | None = None
    due: Notice | None = None

    @property
    def stands(self) -> bool:
        """Whether the worker still objects."""
        return self.lifted is None

    def lift(self, lifting: Lifting) -> "Objection":
        """Give the entry as it is once lifted.

        Raises:
            LocalRefused: `local.conflict`, it was lifted before; `local.malformed`, a day before the objection's.
        """
        if self.lifted is not None:
            raise LocalRefused(
                f"opposition: it was lifted on {self.lifted.on}",
                code=Code.LOCAL_CONFLICT,
                hint="a worker who objects again has a new entry",
            )
        if lifting.on < self.on:
            raise LocalRefused(
                f"lifted on: got a day before {self.on}, when the worker objected",
                hint="give the day on which the worker said so",
                field="on",
            )
        return replace(self, lifted=lifting)


def check_day(day: Day, now: Instant, field: str = "on") -> None:
    """Refuse a day that has not come yet, in France.

    Raises:
        LocalRefused: `local.malformed`.
    """
    if str(day) > day_in_france(now):
        raise LocalRefused(
            f"{field}: got a day in the future", hint="give the day on which the worker said so", field=field
        )


def said(standing: Iterable[bool]) -> Opposition | None:
    """Say what the entries of one worker mean: one that stands is a yes, only lifted ones a no, none nothing."""
    found = list(standing)
    if not found:
        return None
    return Opposition.YES if any(found) else Opposition.NO
