"""Two or more members with their keys, on the clock of this machine's certificates; and what the requester stands on.

TLS goes by the machine's own clock, so the test's clock begins there: certificates are made at run time.
"""

import asyncio
import time
from dataclasses import dataclass, replace

from connector.core.coded import PHYSICIAN, PURPOSE_CARE, PURPOSE_PROBE, TYPE_DMST
from connector.core.directory import Member
from connector.core.instant import Instant
from connector.core.mandate import (
    Auth,
    AuthLevel,
    AuthMeans,
    FollowUp,
    FollowUpBasis,
    Information,
    InformationMeans,
    Kind,
    MandateDraft,
    Practitioner,
    VisitKind,
)
from connector.core.practitioner_id import PractitionerId
from tests.kit.holder_fakes import WORKER, ListedMembers, Party
from tests.kit.state import OWNER, HandClock, an_id

NOW = Instant(int(time.time()))
WE = "318751275100020"
HOLDERS = ("318751275100038", "318751275100046", "318751275100053")
PRACTITIONER = Practitioner(
    PractitionerId(OWNER), "Dr LEFEVRE Claire", PHYSICIAN, Auth(AuthMeans.OWN, AuthLevel.SUBSTANTIAL, NOW)
)


def a_party(number: str, name: str) -> Party:
    """A member whose keys are good for the years around this machine's clock."""
    party = Party(number, name)
    keys = tuple(
        replace(key, valid_from=Instant(NOW - 400_000_000), valid_until=Instant(NOW + 400_000_000))
        for key in party.member.keys
    )
    party.member = replace(party.member, keys=keys)
    return party


def a_clock() -> HandClock:
    """A clock at the beginning of the test."""
    return HandClock(NOW)


def a_demand(requester: Party, holder: Member, kind: Kind = Kind.LOOKUP, **changes) -> MandateDraft:
    """A demand about our worker."""
    values = {
        "kind": kind,
        "issuer": requester.id,
        "audience": holder.id,
        "purpose": PURPOSE_CARE,
        "document_type": TYPE_DMST,
        "fetch_requested_at": NOW,
        "practitioner": PRACTITIONER,
    }
    if kind is not Kind.READ:
        values |= {
            "lookup_id": an_id(),
            "worker": WORKER,
            "information": Information(NOW, OWNER, InformationMeans.ORAL),
            "follow_up": FollowUp(FollowUpBasis.KNOWN_LOCALLY, VisitKind.INITIAL),
        }
    if kind is Kind.HANDOVER:
        values["announcement_id"] = an_id()
    return MandateDraft(**(values | changes))


def a_probe(requester: Party, holder: Member, **changes) -> MandateDraft:
    """A demand about nobody."""
    nobody = {"purpose": PURPOSE_PROBE, "practitioner": None, "worker": None, "information": None, "follow_up": None}
    return a_demand(requester, holder, **(nobody | changes))


class Members(ListedMembers):
    """The members list, where a follower is known to be there before something changes."""

    def __init__(self, *parties: Party) -> None:
        super().__init__(*parties)
        self.followed = asyncio.Event()

    async def changes(self):
        followed = super().changes()
        first = asyncio.ensure_future(anext(followed))
        await asyncio.sleep(0)
        self.followed.set()
        yield await first
        async for change in followed:
            yield change

    def relist(self, party: Party) -> None:
        """List a member as its party has it now."""
        self._members[party.id] = party.member


@dataclass
class Pause:
    """Waiting that takes no time, and remembers how long it should have been."""

    taken: list[float]

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)
        await asyncio.sleep(0)
