"""Those who follow a directory's members: each has a queue of its own, from the moment it asks."""

import asyncio
from collections.abc import AsyncIterator, Mapping

from connector.core.directory import Member, MemberChange
from connector.core.members import MemberId


class Followers:
    """Whoever is to learn that a member is another one than before."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[MemberChange]] = set()

    async def changes(self) -> AsyncIterator[MemberChange]:
        """Follow what is told, from now on."""
        queue: asyncio.Queue[MemberChange] = asyncio.Queue()
        self._queues.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._queues.discard(queue)

    def tell(self, before: Mapping[MemberId, Member], now: Mapping[MemberId, Member]) -> None:
        """Tell of each member in which two states of the list differ."""
        for member_id in before.keys() | now.keys():
            member = now.get(member_id)
            if member != before.get(member_id):
                for queue in self._queues:
                    queue.put_nowait(MemberChange(member_id, member.status if member else None))
