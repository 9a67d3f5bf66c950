"""What no one person may do alone: proposed by one, confirmed by another within a day (four eyes).

Lifting a block, erasing an entry before its time, and beginning a new ledger. The two are told apart by the API key
they call with and by the name they give: whoever gives two people one key has taken the second pair of eyes away.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.instant import Instant
from connector.core.private import Private

PROPOSAL_SECONDS: Final = 86_400


class ProposalKind(StrEnum):
    """What is proposed."""

    LIFT_BLOCK = "lift-block"
    ERASE = "erase"
    SUCCEED = "succeed"


@dataclass(frozen=True, slots=True, repr=False)
class Proposal(Private):
    """A proposal that waits for its second person. `by` is that first person's name, `key` the API key they used.

    `subject` names what it is about: ids and places, never a worker.
    """

    id: str
    kind: ProposalKind
    at: Instant
    expires_at: Instant
    by: str
    key: str
    reason: str
    subject: Mapping[str, Any]

    def confirmed_by(self, name: str, key: str, now: Instant) -> tuple[str, str]:
        """Give the names of the two who agreed.

        Raises:
            LocalRefused: `local.forbidden`, it is the same person or the same key; `local.conflict`, its day is over.
        """
        if now >= self.expires_at:
            raise LocalRefused(
                "proposal: it was not confirmed within a day", code=Code.LOCAL_CONFLICT, hint="propose it again"
            )
        if key == self.key or _plain(name) == _plain(self.by):
            raise LocalRefused(
                "proposal: confirmed by the person or with the API key that proposed it, expected another of both",
                code=Code.LOCAL_FORBIDDEN,
                hint="a second person confirms it with a key of their own: spsti-connector api-key new",
            )
        return self.by, name


def _plain(name: str) -> str:
    return "".join(name.casefold().split())
