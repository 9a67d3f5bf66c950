"""The people of this service: who they are, what they may do here, and until when.

A login proves who somebody is; this list says whether they still may (DESIGN section 7). A person has at most one
professional role, which says their profession in a mandate; the others open pages and operations, never a record.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from connector.core.coded import INTERN, MAY_READ_WHOLE_RECORD, NURSE, PHYSICIAN, Coded
from connector.core.errors import LocalRefused
from connector.core.instant import Instant
from connector.core.mandate import AuthLevel
from connector.core.practitioner_id import PractitionerId
from connector.core.private import Private, shape_of

MAX_NAME: Final = 100
MAX_SUBJECT: Final = 255
MAX_SUBJECTS: Final = 8


class Role(StrEnum):
    """What a person may do here. Collaborating physicians are physicians; only the first three may read a record."""

    PHYSICIAN = "physician"
    NURSE = "nurse"
    INTERN = "intern"
    ASSISTANT = "assistant"
    IDENTITY_OFFICER = "identity-officer"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    DPO = "dpo"

    @property
    def is_professional(self) -> bool:
        """Whether it goes with a profession that a mandate names."""
        return self in PROFESSION_OF


PROFESSION_OF: Final[Mapping[Role, Coded]] = {
    Role.PHYSICIAN: PHYSICIAN,
    Role.NURSE: NURSE,
    Role.INTERN: INTERN,
}


class Standing(StrEnum):
    """Whether a person may do anything here now."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, repr=False)
class Subject(Private):
    """How an identity provider knows the person: the provider's name here, and its identifier of them."""

    provider: str
    id: str

    def __post_init__(self) -> None:
        if not self.provider or not 0 < len(self.id) <= MAX_SUBJECT or not self.id.isprintable():
            raise _refused("subject", f"got {shape_of(self.id)}, expected a provider and 1 to {MAX_SUBJECT} characters")


@dataclass(frozen=True, slots=True, repr=False)
class Person(Private):
    """One person of the list. `ends_on` is the last day that counts (France), `suspended_at` is None while active.

    `vouched_level` is the highest login level that is believed of a vendor's software that speaks for them.
    """

    id: str
    name: str
    roles: frozenset[Role]
    added_at: Instant
    practitioner: PractitionerId | None = None
    subjects: tuple[Subject, ...] = ()
    vouched_level: AuthLevel = AuthLevel.LOW
    ends_on: str | None = None
    suspended_at: Instant | None = None

    def __post_init__(self) -> None:
        if not 0 < len(self.name.strip()) <= MAX_NAME or not self.name.isprintable():
            raise _refused("name", f"got {shape_of(self.name)}, expected 1 to {MAX_NAME} printable characters")
        if not self.roles:
            raise _refused("roles", "got none, expected at least one")
        professional = [role for role in self.roles if role.is_professional]
        if len(professional) > 1:
            raise _refused("roles", f"got {len(professional)} professions, expected one at most")
        if bool(professional) != (self.practitioner is not None):
            raise _refused(
                "practitioner",
                "physician, nurse and intern have a PS_IdNat, and nobody else has",
                hint="give 8 and the RPPS number, or leave out the professional role",
            )
        if len(self.subjects) > MAX_SUBJECTS:
            raise _refused("subjects", f"got {len(self.subjects)}, expected {MAX_SUBJECTS} at most")

    @property
    def profession(self) -> Coded | None:
        """What a mandate says of them; None for those in whose name nothing is asked."""
        return next((PROFESSION_OF[role] for role in self.roles if role in PROFESSION_OF), None)

    def standing(self, today: str) -> Standing:
        """Whether they may do anything on that day (`YYYY-MM-DD`, France): the end day itself still counts."""
        if self.ends_on is not None and today > self.ends_on:
            return Standing.ENDED
        return Standing.SUSPENDED if self.suspended_at is not None else Standing.ACTIVE

    def may_ask(self, today: str) -> bool:
        """Whether records may be asked for in their name on that day."""
        return self.profession is not None and self.standing(today) is Standing.ACTIVE

    def may_read(self, today: str) -> bool:
        """Whether they may read a whole DMST on that day (R4624-45-5: by profession)."""
        return self.may_ask(today) and self.profession in MAY_READ_WHOLE_RECORD


def _refused(field: str, fault: str, *, hint: str = "") -> LocalRefused:
    return LocalRefused(f"person {field}: {fault}", field=field, hint=hint)
