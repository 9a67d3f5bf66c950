"""The holder's side of one passage of a document: the announcement it issued, the handover that followed.

Both survive a restart; what is personal in them is kept encrypted (`store`). An announcement lives 30 minutes and
binds requester, worker and record version; the handover serves one spooled copy to that requester for 30 minutes
(PROTOCOL section 1).
"""

from dataclasses import dataclass

from connector.core.evidence import DocumentDigest
from connector.core.instant import Instant
from connector.core.matricule import Ins
from connector.core.members import MemberId
from connector.core.private import Private
from connector.core.records import Announcement
from connector.core.slots import set_by_slot
from connector.core.states import IncomingState

ANNOUNCEMENT_SECONDS = 1800
HANDOVER_SECONDS = 1800


@set_by_slot
@dataclass(frozen=True, slots=True, repr=False)
class IssuedAnnouncement(Private):
    """What one requester was told it may fetch. `ins` and `announcement` are None for a probe's fixed document."""

    id: str
    requester: MemberId
    lookup_id: str
    ins: Ins | None
    announcement: Announcement | None
    issued_at: Instant
    expires_at: Instant

    @property
    def is_probe(self) -> bool:
        """Whether it stands for the fixed test document."""
        return self.announcement is None


@dataclass(frozen=True, slots=True, repr=False)
class Handover(Private):
    """One document on its way to one requester. `document` is None until it is spooled and hashed.

    `earlier` are those of copies that were lost and rendered again: a receipt may have granted one of them.
    """

    id: str
    announcement_id: str
    requester: MemberId
    lookup_id: str
    ins: Ins | None
    state: IncomingState
    created_at: Instant
    expires_at: Instant
    document: DocumentDigest | None = None
    content_type: str = "application/pdf"
    earlier: tuple[DocumentDigest, ...] = ()
