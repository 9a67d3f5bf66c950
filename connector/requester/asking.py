"""Asking the services of a fetch, and choosing the most recent of what they announce (PROTOCOL section 1).

Only services whose reply is *pending* are asked, so a fetch goes on after a restart where it was. The choice is made
here when there is nothing to choose: one newest record, and a document is wanted. Else a person chooses, or the fetch
waits for holders that are to be asked again.
"""

from contextlib import aclosing
from dataclasses import replace
from typing import Final

from connector.core.errors import LocalRefused
from connector.core.fetch import Reply, ServiceReply, most_recent
from connector.core.instant import Instant
from connector.core.states import FetchState
from connector.requester import demands, entries, notes, receive
from connector.requester.errand import Errand
from connector.requester.means import Means, end
from connector.requester.new_fetch import active_member

_ASK_AGAIN: Final = frozenset(
    {Reply.UNREACHABLE, Reply.TOO_LATE, Reply.COULD_NOT_LOOK, Reply.UNAVAILABLE, Reply.LIMITED}
)

_ALERTS: Final = {Reply.MISBEHAVED: entries.misbehaved, Reply.LIMITED: entries.limited}
"""Replies at which somebody of this house should look."""


class Asking:
    """One round of lookups of a fetch; `unattended` when no practitioner waits for it."""

    def __init__(self, errand: Errand, means: Means, *, unattended: bool = False) -> None:
        self._errand, self._means, self.unattended = errand, means, unattended

    async def run(self, *, permitted: bool) -> None:
        """Ask, keep each reply as it comes, and move the fetch on. `permitted`: the rules were just looked at.

        Raises:
            LocalRefused, AdapterFault: a rule of this house stops it, nothing was asked.
            FailedClosed: nothing can be kept.
        """
        started = self._means.clock.monotonic()
        if not permitted:
            await self._means.rules.permit(self._errand.fetch)
        questions, gone = self._questions()
        if gone:
            await self._keep(tuple(gone))
        await self.put(*questions)
        steps = {**self._errand.fetch.steps_ms, "asking": self._means.since_ms(started)}
        await self._choose(steps)

    async def put(self, *questions: receive.Question) -> None:
        """Ask these services at once, and keep what each replies or that it was too late."""
        means = self._means
        rounds = receive.ask_all(
            questions,
            peers=means.peers,
            clock=means.clock,
            observer=means.observer,
            fetch_id=self._errand.fetch.id,
            deadline_seconds=means.settings.deadline_seconds,
        )
        async with aclosing(rounds):
            async for replies in rounds:
                await self._keep(replies)

    def question(self, reply: ServiceReply) -> receive.Question:
        """Make the lookup of one service.

        Raises:
            LocalRefused: `member.unknown`, `member.suspended`, it left the directory meanwhile.
        """
        fetch, settings = self._errand.fetch, self._means.settings
        member = active_member(reply.member, self._means.directory)
        demand = demands.lookup_demand(fetch, reply, settings.member, unattended=self.unattended)
        return receive.Question(reply, member, demand)

    def _questions(self) -> tuple[list[receive.Question], list[ServiceReply]]:
        questions, gone = [], []
        for reply in self._errand.fetch.replies:
            if reply.reply is Reply.PENDING:
                try:
                    questions.append(self.question(reply))
                except LocalRefused as error:
                    gone.append(replace(reply, reply=Reply.REFUSED, code=error.code, detail=str(error)))
        return questions, gone

    async def _keep(self, replies: tuple[ServiceReply, ...]) -> None:
        fetch, now = self._errand.fetch, self._means.clock.now()
        for reply in replies:
            self._means.observer.service_replied(fetch.id, reply)
        await self._errand.keep(
            *(notes.service(reply) for reply in replies),
            entries=[_ALERTS[reply.reply](fetch, reply, now) for reply in replies if reply.reply in _ALERTS],
            replies=self._errand.with_replies(*replies),
        )

    async def _choose(self, steps: dict[str, int]) -> None:
        fetch = self._errand.fetch
        found = most_recent(fetch.replies)
        if found.offered:
            newest = notes.newest(fetch.replies)
            if fetch.lookup_only or len(found.offered) > 1:
                await self._errand.keep(newest, state=FetchState.CHOOSING, steps_ms=steps)
            else:
                chosen = found.offered[0].member
                await self._errand.keep(newest, state=FetchState.DOWNLOADING, chosen=chosen, steps_ms=steps)
            return
        deferred = any(reply.reply is Reply.DEFERRED for reply in fetch.replies)
        if deferred or (fetch.unattended and any(reply.reply in _ASK_AGAIN for reply in fetch.replies)):
            await self._wait(steps, deferred=deferred)
        elif found.answered:
            await end(self._errand, self._means, FetchState.NO_RECORD_GIVEN, steps_ms=steps)
        else:
            code = notes.common_code(fetch.replies)
            detail = f"none of {found.asked} services answered"
            await end(self._errand, self._means, FetchState.FAILED, code, detail, steps_ms=steps)

    async def _wait(self, steps: dict[str, int], *, deferred: bool) -> None:
        """Leave the fetch to be asked again; where a person at a holder decides, for up to 72 hours."""
        settings, fetch, now = self._means.settings, self._errand.fetch, self._means.clock.now()
        waited = now - (fetch.started_at if fetch.started_at is not None else now)
        pause = min(max(settings.ask_again_seconds, waited), settings.ask_again_at_most_seconds)
        replies = tuple(
            replace(reply, ask_again_at=reply.ask_again_at or Instant(now + pause))
            if reply.reply is Reply.DEFERRED or (fetch.unattended and reply.reply in _ASK_AGAIN)
            else replace(reply, ask_again_at=None)
            for reply in fetch.replies
        )
        valid = settings.waiting_seconds if deferred else settings.fetch_seconds
        expires_at = max(fetch.expires_at, Instant(fetch.begun_at + valid))
        await self._errand.keep(state=FetchState.WAITING, replies=replies, steps_ms=steps, expires_at=expires_at)


def due_again(replies: tuple[ServiceReply, ...], now: Instant) -> tuple[ServiceReply, ...]:
    """Give the services of a waiting fetch whose time to be asked again has come, as pending once more."""
    return tuple(
        replace(reply, reply=Reply.PENDING)
        for reply in replies
        if reply.ask_again_at is not None and reply.ask_again_at <= now
    )
