"""The service's own list of practitioners, as the local side asks it; apart, so that sign-in needs no other port."""

from typing import Protocol

from connector.core.coded import Coded
from connector.core.mandate import AuthLevel
from connector.core.ports import Practitioners


class Listed(Protocol):
    """A professional of the service's own list. `auth_level` is the highest login level the service vouches for."""

    @property
    def name(self) -> str: ...
    @property
    def profession(self) -> Coded: ...
    @property
    def auth_level(self) -> AuthLevel: ...


class PractitionerList(Practitioners, Protocol):
    """The service's own list, with what a mandate says of each of them; None once their right has ended."""

    def get(self, practitioner_id: str) -> Listed | None: ...
