"""The daily stamp of each ledger's head by a time-stamping authority, where one is configured; it never blocks.

What is stamped is the checkpoint's note as it was signed. An answer that does not verify is not kept; whatever fails is
told to the log and tried again at the job's next turn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from connector.core.ledger import Tree, number_of
from connector.core.ports import Clock
from connector.core.units import DAY_SECONDS
from connector.crypto.timestamps import make_request, open_stamp
from connector.ledger.service import Journal
from connector.store.evidence import EvidenceStore, HeadStamp
from connector.wire.checkpoint import Checkpoint


class Authority(Protocol):
    """A time-stamping authority."""

    async def ask(self, request: bytes) -> bytes:
        """Give the answer to a request; raises PeerFault."""
        ...


@dataclass(frozen=True, slots=True)
class Stamping:
    """Stamps heads that grew, once a day. `roots` are the certificates by which an answer is believed."""

    journal: Journal
    store: EvidenceStore
    authority: Authority
    roots: Sequence[Any]
    clock: Clock

    async def stamp_if_due(self) -> int:
        """Stamp what is due; give how many heads were.

        Raises:
            PeerFault: the authority does not answer, or what it answers is not believed.
            FailedClosed: the stamp cannot be kept.
        """
        return sum([await self._stamp(tree) for tree in Tree])

    async def _stamp(self, tree: Tree) -> bool:
        last, now = await self.store.last_stamp(tree), self.clock.now()
        note = await self.journal.checkpoint(tree)
        head = Checkpoint.parse_body(note.rpartition("\n\n")[0] + "\n")
        if head.size == 0 or (last is not None and (last.note == note or now < last.at + DAY_SECONDS)):
            return False
        token = await self.authority.ask(make_request(note.encode()))
        open_stamp(token, note.encode(), self.roots)
        number = number_of(head.origin.serial, head.size)
        await self.store.keep_stamp(HeadStamp(tree, number, now, note, token))
        return True
