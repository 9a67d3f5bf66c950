"""The directory as this service acts on it: a member that it has blocked itself stands as suspended, at once.

Everything that looks at a member's status (requests, open connections, running transfers, fetches) so takes a block
like a suspension by the operators. The version stays the directory's: blocks are nobody else's business.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from connector.core.directory import Member, MemberChange, MemberStatus
from connector.core.instant import Instant
from connector.core.measures import Block
from connector.core.members import MemberId
from connector.core.ports import DirectoryFiles
from connector.directory.age import Staleness
from connector.directory.ports import KeptDirectory
from connector.directory.refusal import Finding


class WithBlocks:
    """`KeptDirectory` over another one; who keeps the blocks tells each change by `replace`."""

    def __init__(self, inner: KeptDirectory, blocks: Iterable[Block] = ()) -> None:
        self._inner = inner
        self._blocks = {block.member: block for block in blocks}
        self._followers: set[asyncio.Queue[MemberChange]] = set()

    def replace(self, blocks: Iterable[Block]) -> None:
        """Take these blocks in place of those before, and tell followers of the members concerned."""
        before, self._blocks = self._blocks, {block.member: block for block in blocks}
        for member_id in before.keys() ^ self._blocks.keys():
            member = self.get(member_id)
            for queue in self._followers:
                queue.put_nowait(MemberChange(member_id, member.status if member else None))

    @property
    def kept(self) -> KeptDirectory:
        """The directory itself, without the blocks."""
        return self._inner

    def blocks(self) -> Sequence[Block]:
        """Give the blocks in force."""
        return tuple(self._blocks.values())

    # ------------------------------------------------------------ core.ports.MemberDirectory

    @property
    def version(self) -> str:
        """The version in force."""
        return self._inner.version

    def get(self, member: MemberId) -> Member | None:
        """Give the member of that id, whatever its status."""
        return self._seen(self._inner.get(member))

    def members(self) -> Sequence[Member]:
        """Give all members."""
        return tuple(member for listed in self._inner.members() if (member := self._seen(listed)) is not None)

    def by_certificate(self, spki_sha256: str, subject_ous: tuple[str, ...]) -> Member | None:
        """Give the member of a certificate that the configured CAs issued."""
        return self._seen(self._inner.by_certificate(spki_sha256, subject_ous))

    async def changes(self) -> AsyncIterator[MemberChange]:
        """Follow the members that change, in the directory or by a block, from now on."""
        queue: asyncio.Queue[MemberChange] = asyncio.Queue()
        self._followers.add(queue)
        feeding = asyncio.ensure_future(self._feed(queue))
        try:
            while True:
                yield await queue.get()
        finally:
            self._followers.discard(queue)
            feeding.cancel()
            with suppress(asyncio.CancelledError):
                await feeding

    async def _feed(self, queue: asyncio.Queue[MemberChange]) -> None:
        async for change in self._inner.changes():
            member = self.get(change.id)
            queue.put_nowait(MemberChange(change.id, member.status if member else None))

    def _seen(self, member: Member | None) -> Member | None:
        block = self._blocks.get(member.id) if member is not None else None
        if member is None or block is None or member.status is not MemberStatus.ACTIVE:
            return member
        return replace(member, status=MemberStatus.SUSPENDED, status_since=block.since)

    # ------------------------------------------------------------ directory.ports.KeptDirectory

    @property
    def refreshed_at(self) -> Instant | None:
        """When copies last answered."""
        return self._inner.refreshed_at

    @property
    def files(self) -> DirectoryFiles:
        """What other members may take from here."""
        return self._inner.files

    async def refresh(self) -> bool:
        """Look for a newer version; whether there was one.

        Raises:
            ConfigFault: the local file has faults.
            FailedClosed: a new version cannot be kept.
        """
        return await self._inner.refresh()

    def reload(self) -> bool:
        """Take anew what lies on this machine; whether anything changed.

        Raises:
            ConfigFault: it has faults.
        """
        return self._inner.reload()

    def tick(self) -> None:
        """Tell followers what time alone has changed."""
        self._inner.tick()

    def last_known(self, member: MemberId) -> Member | None:
        """Give a member as it was listed last."""
        return self._inner.last_known(member)

    def not_ready(self) -> str | None:
        """Say why this member may not answer for want of a directory."""
        return self._inner.not_ready()

    def staleness(self) -> Staleness:
        """Say how near its end the directory is."""
        return self._inner.staleness()

    def findings(self) -> tuple[Finding, ...]:
        """Give what is left out of the version in force."""
        return self._inner.findings()

    def copies(self) -> int | None:
        """Count the copies that can be asked."""
        return self._inner.copies()
