"""Lock-out: failures are counted by account and by address, durably, and journalled while they still count."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.ledger import EntryDraft, EntryType
from connector.core.ports import Clock
from connector.core.ports_sign_in import FailureStore, PeopleStore
from connector.core.units import DAY_SECONDS

WINDOW_SECONDS: Final = 15 * 60
LOCK_SECONDS: Final = 15 * 60
OF_AN_ACCOUNT: Final = 5
OF_AN_ADDRESS: Final = 20
"""More than of an account: several people may sign in from one machine."""


@dataclass(slots=True)
class Attempt:
    """One attempt; `failed` marks a fault as one that counts."""

    faults: list[LocalRefused] = field(default_factory=list)

    def failed(self, fault: LocalRefused) -> LocalRefused:
        """Have this fault counted."""
        self.faults.append(fault)
        return fault


class Lockout:
    """Refuses further attempts where too many failed."""

    def __init__(self, failures: FailureStore, journal: PeopleStore, clock: Clock) -> None:
        self._failures, self._journal, self._clock = failures, journal, clock

    @asynccontextmanager
    async def attempt(
        self, address: str, account: str = "", *, kind: EntryType = EntryType.SIGN_IN_REFUSED
    ) -> AsyncIterator[Attempt]:
        """Make an attempt from an address, at an account where there is one; what it raises as failed is counted.

        `kind` is the journal's word for one that failed.

        Raises:
            LocalRefused: `sign_in.locked_out`, before anything is looked at, or for an account locked meanwhile.
            FailedClosed: it could not be counted.
        """
        # Any site can have a browser post nonsense to /launch: that must lock nobody out of signing in.
        place = f"{kind}:{address}"
        subjects = [place, account] if account else [place]
        if await self._failures.locked_until(subjects, self._clock.now()):
            raise LocalRefused("sign-in: locked after failures", code=Code.SIGN_IN_LOCKED_OUT)
        made = Attempt()
        try:
            yield made
        except LocalRefused as fault:
            if fault in made.faults:
                await self._count(place, account, fault, kind)
            raise
        else:
            if account:
                # Others that were sent at the same time may have failed meanwhile: many at once are no way around it.
                if await self._failures.locked_until([account], self._clock.now()):
                    raise LocalRefused("sign-in: locked after failures", code=Code.SIGN_IN_LOCKED_OUT)
                await self._failures.forgive(account)

    async def forged(self, address: str, fault: LocalRefused) -> None:
        """Journal a call that another site had a browser make; it locks nobody out.

        After so many from an address in a day the log alone has the others: no page may fill the journal.

        Raises:
            FailedClosed: it could not be journalled.
        """
        now, kind = self._clock.now(), EntryType.CONNECTION_REFUSED
        place = f"{kind}:{address}"
        if await self._failures.locked_until([place], now):
            return
        await self._failures.count(place, now, allowed=OF_AN_ADDRESS, window=DAY_SECONDS, lock=DAY_SECONDS)
        personal = {"address": address, "what": fault.message}
        entry = EntryDraft(type=kind, at=now, outcome="refused", reason=fault.code.value, personal=personal)
        await self._journal.note(entry)

    async def _count(self, place: str, account: str, fault: LocalRefused, kind: EntryType) -> None:
        now = self._clock.now()
        window, lock = WINDOW_SECONDS, LOCK_SECONDS
        until = await self._failures.count(place, now, allowed=OF_AN_ADDRESS, window=window, lock=lock)
        if account:
            locked = await self._failures.count(account, now, allowed=OF_AN_ACCOUNT, window=window, lock=lock)
            until = until or locked
        personal = {"address": place.partition(":")[2], "account": account.partition(":")[2]}
        outcome = "locked-out" if until else "refused"
        await self._journal.note(
            EntryDraft(type=kind, at=now, outcome=outcome, reason=fault.code.value, personal=personal)
        )
