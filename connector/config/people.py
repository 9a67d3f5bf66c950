"""The service's own list of professionals: a login proves who someone is, this list says whether they still may."""

from collections.abc import Sequence
from dataclasses import dataclass

from connector.config.model import PractitionerSection
from connector.core.coded import INTERN, MAY_READ_WHOLE_RECORD, NURSE, PHYSICIAN, Coded
from connector.core.instant import day_in_france
from connector.core.mandate import AuthLevel
from connector.core.ports import Clock
from connector.core.private import Private

PROFESSIONS = {"physician": PHYSICIAN, "nurse": NURSE, "intern": INTERN}


@dataclass(frozen=True, slots=True, repr=False)
class ListedPractitioner(Private):
    """One professional of the list. `auth_level` is what the service vouches for in their login."""

    id: str
    name: str
    profession: Coded
    auth_level: AuthLevel
    ends_on: str | None


class PractitionerList:
    """`core.ports.Practitioners` over the configuration."""

    def __init__(self, sections: Sequence[PractitionerSection], clock: Clock) -> None:
        self._clock = clock
        self._listed: dict[str, ListedPractitioner] = {}
        self.replace(sections)

    def replace(self, sections: Sequence[PractitionerSection]) -> None:
        """Take another list, at a reload: who is not on it may do nothing from now on."""
        self._listed = {
            section.id: ListedPractitioner(
                section.id,
                section.name,
                PROFESSIONS[section.profession],
                section.auth_level,
                section.ends_on.isoformat() if section.ends_on else None,
            )
            for section in sections
        }

    def get(self, practitioner_id: str) -> ListedPractitioner | None:
        """Give the professional of that PS_IdNat if their right has not ended: the end day itself still counts."""
        listed = self._listed.get(practitioner_id)
        if listed is None or (listed.ends_on is not None and day_in_france(self._clock.now()) > listed.ends_on):
            return None
        return listed

    def may_ask(self, practitioner_id: str) -> bool:
        """Whether they may ask other services now."""
        return self.get(practitioner_id) is not None

    def may_read(self, practitioner_id: str) -> bool:
        """Whether they may read a whole DMST now (R4624-45-5: by profession)."""
        listed = self.get(practitioner_id)
        return listed is not None and listed.profession in MAY_READ_WHOLE_RECORD
