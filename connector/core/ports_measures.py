"""The ports of what a service decides for itself alone: kept by `store`, looked at by the holder."""

from collections.abc import Sequence
from typing import Protocol

from connector.core.ledger import EntryDraft
from connector.core.measures import Block, Pause
from connector.core.members import MemberId


class Answering(Protocol):
    """Whether this service answers other members at all."""

    def is_paused(self) -> bool:
        """Say whether it has paused."""
        ...


class AlwaysAnswers:
    """A service that cannot pause."""

    def is_paused(self) -> bool:
        """Say no."""
        return False


class MeasureStore(Protocol):
    """The measures in force: each change is one transaction with its house entry. All raise FailedClosed."""

    def blocks(self) -> Sequence[Block]:
        """Give the blocks in force."""
        ...

    def pause(self) -> Pause | None:
        """Give the pause in force."""
        ...

    async def block(self, block: Block, entry: EntryDraft) -> Block:
        """Keep a block; where the member is blocked already, give that block instead, without an entry."""
        ...

    async def unblock(self, member: MemberId, entry: EntryDraft) -> Block | None:
        """Lift a block, and give it; None, and no entry, where there is none."""
        ...

    async def set_pause(self, pause: Pause | None, entry: EntryDraft) -> bool:
        """Pause or resume; False, and no entry, where it is so already."""
        ...
